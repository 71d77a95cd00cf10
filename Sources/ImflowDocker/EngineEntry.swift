import Glibc
package import ImflowExecution

/// One engine of several, as the user names it: `ADDRESS[,slots=N][,files=bind|archive][,certs=FOLDER]`.
package struct EngineEntry: Sendable, Equatable {
    /// More attempts at once than this are no machine's.
    package static let mostSlots = 4096

    /// `unix:///path`, `tcp://HOST[:PORT]` or `ssh://[USER@]HOST`.
    package var address: String
    /// Attempts that run there at once; nil: by its cores.
    package var slots: Int?
    /// Nil: by the address.
    package var files: ContainerFiles?
    /// The folder of ca.pem, cert.pem and key.pem for this engine alone, absolute; nil: `DOCKER_CERT_PATH`.
    package var certificates: String?
    /// Where it is, when that is known already.
    private(set) var known: EngineAddress?

    package init(_ known: EngineAddress) {
        address = known.description
        self.known = known
    }

    /// - Throws: ``Failure`` with cause `app`, a sentence that says what is wrong.
    package init(_ text: String) throws(Failure) {
        var parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        address = parts.removeFirst()
        guard !address.isEmpty else { throw Failure(.app, "'\(text.prefix(200))' names no engine: \(Self.form)") }
        for part in parts {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard pair.count == 2 else { throw Failure(.app, "'\(part.prefix(200))' is no option of an engine: \(Self.form)") }
            switch pair[0] {
            case "slots":
                guard let slots = Int(pair[1]), (1...Self.mostSlots).contains(slots) else {
                    throw Failure(.app, "slots takes a number from 1 to \(Self.mostSlots), not '\(pair[1].prefix(200))'")
                }
                self.slots = slots
            case "files":
                guard let files = ContainerFiles(rawValue: pair[1]) else {
                    throw Failure(.app, "files takes bind or archive, not '\(pair[1].prefix(200))'")
                }
                self.files = files
            case "certs":
                guard pair[1].hasPrefix("/") else {
                    throw Failure(.app, "certs takes the absolute path of a folder, not '\(pair[1].prefix(200))'")
                }
                certificates = pair[1]
            default: throw Failure(.app, "'\(pair[0].prefix(200))' is no option of an engine: \(Self.form)")
            }
        }
    }

    private static let form = "ADDRESS[,slots=N][,files=bind|archive][,certs=FOLDER]"
}
