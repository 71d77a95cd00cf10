import Glibc
import ImflowContent
import ImflowExecution
import ImflowInvocation
import ImflowJSON

/// Whose a container is, in its name and labels, so that any later engine with the same state folder finds it again.
package struct ContainerIdentity: Sendable {
    enum Label {
        static let job = "imflow.job"
        static let task = "imflow.task"
        static let attempt = "imflow.attempt"
        static let token = "imflow.token"
        static let unit = "imflow.unit"
        static let state = "imflow.state"
        /// `whole`: the request was wholly on its way before the program started, so that what runs has its input even
        /// when the engine that started it has died since.
        static let input = "imflow.input"
        /// Of a network that was made to see where it is; with the state folder.
        static let probe = "imflow.probe"
    }

    /// Names longer than this are cut and told apart by a hash.
    package static let nameLimit = 120

    /// 32 hexadecimal digits that stand for the state folder.
    package let state: String

    package init(stateRoot: String) {
        var path = stateRoot
        if let resolved = realpath(stateRoot, nil) {
            path = String(cString: resolved)
            free(resolved)
        }
        state = String(ContentHash(of: Array(path.utf8)).hex.prefix(32))
    }

    func name(of launch: Launch) -> String {
        Self.sanitised("imflow-\(state.prefix(8))-\(launch.job)-\(launch.task)-\(launch.attempt)-\(place(of: launch))")
    }

    func networkName(job: String, outbound: Bool) -> String {
        Self.sanitised("imflow-\(state.prefix(8))-\(job)" + (outbound ? "-outbound" : ""))
    }

    func labels(of launch: Launch) -> [String: String] {
        var labels = [
            Label.job: launch.job, Label.task: launch.task, Label.attempt: String(launch.attempt),
            Label.token: launch.token, Label.state: state,
        ]
        labels[Label.unit] = launch.unit.map(String.init)
        return labels
    }

    func labels(job: String) -> [String: String] { [Label.job: job, Label.state: state] }

    /// The engine's `filters` parameter for what carries the labels of a job.
    func filters(job: String) -> String {
        let wanted = labels(job: job).map { JSONValue.string("\($0)=\($1)") }
        return JSONValue.object(["label": .array(wanted)]).text
    }

    /// As ``filters(job:)``, of what carries an attempt's token.
    func filters(token: String) -> String {
        JSONValue.object(["label": [.string("\(Label.token)=\(token)"), .string("\(Label.state)=\(state)")]]).text
    }

    /// An instance has no unit: its token is its own.
    private func place(of launch: Launch) -> String { launch.unit.map(String.init) ?? "warm-\(launch.token)" }

    /// What the engine takes as a name: `[a-zA-Z0-9][a-zA-Z0-9_.-]*`. A changed name ends in a hash of the original.
    package static func sanitised(_ name: String) -> String {
        let kept = name.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                byte
            default: UInt8(ascii: "_")
            }
        }
        let text = String(decoding: kept, as: UTF8.self)
        if text == name, kept.count <= nameLimit { return name }
        let hash = ContentHash(of: Array(name.utf8)).hex.prefix(12)
        return String(text.prefix(nameLimit - 13)) + "-" + hash
    }
}
