import ImflowExecution

/// A machine that OpenSSH's `ssh` reaches, and the engine's socket there.
package struct SSHDestination: Sendable, Hashable, CustomStringConvertible {
    /// Nil: what ssh's own configuration says.
    package var user: String?
    /// A name, an address, or an alias of ssh's configuration.
    package var host: String
    package var port: Int?
    /// Absolute, on that machine.
    package var socket: String
    /// OpenSSH's client, or a script that stands for it.
    package var program = "ssh"

    package var description: String {
        let user = user.map { "\($0)@" } ?? ""
        let port = port.map { ":\($0)" } ?? ""
        let path = socket == EngineAddress.standardSocket ? "" : socket
        return "ssh://\(user)\(EngineAddress.bracketed(host))\(port)\(path)"
    }

    /// - Parameter rest: what stands behind `ssh://`.
    init(_ rest: String, of text: String) throws(Failure) {
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let path = String(rest[slash...])
        var authority = String(rest[..<slash])
        if let at = authority.lastIndex(of: "@") {
            let user = String(authority[..<at])
            guard !user.contains(":") else {
                throw EngineAddress.wrong("ssh://…", "it holds a password: ssh takes keys, from its agent or files")
            }
            guard !user.isEmpty, !user.hasPrefix("-"), user.utf8.allSatisfy(EngineAddress.isNameByte) else {
                throw EngineAddress.wrong(text, "its user is not a name")
            }
            self.user = user
            authority = String(authority[authority.index(after: at)...])
        }
        // What begins with a dash would be an option of ssh.
        guard !authority.isEmpty, !authority.hasPrefix("-"), !authority.hasPrefix(":"),
            let (host, port) = EngineAddress.parts(of: authority, port: 0)
        else { throw EngineAddress.wrong(text, "it is not ssh://USER@HOST:PORT") }
        self.host = host
        self.port = port == 0 ? nil : port
        socket = path.isEmpty || path == "/" ? EngineAddress.standardSocket : path
        // ssh divides the two sockets of a forwarding by a colon.
        guard socket.utf8.allSatisfy({ EngineAddress.isNameByte($0) || $0 == UInt8(ascii: "/") }) else {
            throw EngineAddress.wrong(text, "the socket's path has a character that ssh gives a meaning")
        }
    }
}
