import ImflowInvocation

/// One start of a model's program: what is started, and where goes what it prints.
struct ProgramOrder: Sendable {
    /// Names the start among all of its state folder, for good.
    let key: String
    let program: Program
    let logPath: String
    /// For what goes to the log.
    let redactor: SecretRedactor
    /// The file in which a keeper records its end when no engine took it.
    let recordPath: String
    /// `NAME=value`: by these of its variables it is found, whatever became of it.
    let marks: [String]
    /// Of a program that stays: for so long it may be without an engine, in milliseconds. 0: it ends with its engine.
    var outlives: UInt32 = 0

    static func key(token: String, unit: Int?) -> String { token + "/" + (unit.map(String.init) ?? "") }

    static func recordPath(of launch: Launch) -> String { launch.workFolder + ".exit" }
}
