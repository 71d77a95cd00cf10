import Glibc
import ImflowExecution

extension Exit {
    /// What happened, as the end of a sentence.
    package var sentence: String {
        switch interruption {
        case .commanded:
            return "was ended from outside (`docker kill`, `docker stop`, or its engine was stopped) and \(bareSentence)"
        case .removed: return "was removed by somebody else"
        case .unseen: return "ended while its engine was away, and nobody knows how"
        case nil: return outOfMemory ? "was killed because memory ran out" : bareSentence
        }
    }

    private var bareSentence: String {
        if let code { return "exited with code \(code)\(Self.meanings[code].map { " (\($0))" } ?? "")" }
        if let signal { return "was ended by signal \(signal)\(Self.names[signal].map { " (\($0))" } ?? "")" }
        return "ended, and nobody knows how"
    }

    /// The failure of a model that ended when it should not have.
    /// - Parameters:
    ///   - remark: what was expected of it, such as “before it was ready”; may be empty.
    ///   - log: the last lines that it wrote to its log; may be empty.
    func failure(of model: String, _ remark: String = "", log: String) -> Failure {
        let when = remark.isEmpty ? "" : " " + remark
        let lines = log.isEmpty ? "; it wrote nothing to its log" : "; the end of its log:\n" + log
        let cause = interruption?.cause ?? (outOfMemory ? .oom : .app)
        return Failure(cause, "model \(model) \(sentence)\(when)\(lines)")
    }

    /// What shells mean by them.
    private static let meanings: [Int32: String] = [
        126: "a command cannot be executed", 127: "a command was not found",
    ]

    private static let names: [Int32: String] = [
        SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL", SIGTRAP: "SIGTRAP",
        SIGABRT: "SIGABRT",
        SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL", SIGUSR1: "SIGUSR1", SIGSEGV: "SIGSEGV",
        SIGUSR2: "SIGUSR2",
        SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM", SIGXCPU: "SIGXCPU", SIGXFSZ: "SIGXFSZ",
        SIGSYS: "SIGSYS",
    ]
}
