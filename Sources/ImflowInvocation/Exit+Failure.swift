import Glibc
import ImflowExecution

extension Exit {
    /// What happened, as the end of a sentence.
    package var sentence: String {
        if outOfMemory { return "was killed because memory ran out" }
        if let code { return "exited with code \(code)" }
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
        return Failure(outOfMemory ? .oom : .app, "model \(model) \(sentence)\(when)\(lines)")
    }

    private static let names: [Int32: String] = [
        SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL", SIGTRAP: "SIGTRAP",
        SIGABRT: "SIGABRT",
        SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL", SIGUSR1: "SIGUSR1", SIGSEGV: "SIGSEGV",
        SIGUSR2: "SIGUSR2",
        SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM", SIGXCPU: "SIGXCPU", SIGXFSZ: "SIGXFSZ",
        SIGSYS: "SIGSYS",
    ]
}
