package import ImflowDiagnostics

/// The codes of mistakes in the shape of one file. 0102 is ``ImflowDiagnostics/DiagnosticCode/duplicateKey``.
extension DiagnosticCode {
    /// A key that its place does not know.
    package static let unknownKey = DiagnosticCode(101, "unknown-key")
    /// A value of another type than its key takes.
    package static let wrongType = DiagnosticCode(103, "wrong-type")
    /// A number outside what its key takes.
    package static let outOfRange = DiagnosticCode(104, "out-of-range")
    /// A text that does not mean what its key takes: a length of time, an amount, a choice, a command.
    package static let badValue = DiagnosticCode(105, "bad-value")
    /// A name, id or reference of another form than names have.
    package static let badID = DiagnosticCode(106, "bad-id")
    /// A key without which its block means nothing.
    package static let missingKey = DiagnosticCode(107, "missing-key")
    /// A model without `name`: it takes its folder's.
    package static let missingName = DiagnosticCode(108, "missing-name", .note)
    /// A `when` that is no condition.
    package static let badCondition = DiagnosticCode(109, "bad-condition")
    /// A list or map with more members than imflow takes.
    package static let tooMany = DiagnosticCode(110, "too-many")
    /// A plain value that other readers of YAML take for another.
    package static let yamlTrap = DiagnosticCode(111, "yaml-trap", .warning)
    /// A `split_strategy` that names no split.
    package static let badSplitStrategy = DiagnosticCode(306, "bad-split-strategy")

    /// Every code that binding can give.
    package static let shapeCodes = [
        unknownKey, wrongType, outOfRange, badValue, badID, missingKey, missingName, badCondition, tooMany,
        yamlTrap, badSplitStrategy,
    ]
}
