import ImflowIR
package import ImflowJSON
import ImflowPlan
import ImflowSchema
import ImflowSyntax

/// What must hold of the readers of single values: conditions, amounts, lengths of time, split strategies, command
/// lines, names, patterns and schemas.
package struct PartSoundness {
    package private(set) var faults: [String] = []

    package init(text: String) {
        checkCondition(text)
        if let time = try? TimeSpan.parse(text), (try? TimeSpan.parse(time.text)) != time {
            faults.append("the time \(text) is written as \(time.text)")
        }
        if let amount = try? ByteCount.parse(text), (try? ByteCount.parse(amount.text)) != amount {
            faults.append("the amount \(text) is written as \(amount.text)")
        }
        if let near = NameForm.nearestName(to: text), !NameForm.isName(near) {
            faults.append("the nearest name to \(text) is no name: \(near)")
        }
        if let reference = ModelReference(text), reference.description != text {
            faults.append("the reference \(text) is written as \(reference)")
        }
        _ = try? SplitStrategy(parsing: text)
        _ = ShellWords.split(text)
        checkNumber(text)
        if let schema = try? SchemaValidator(.object(["pattern": .string(text)])) {
            _ = schema.validate(.string(text))
            _ = schema.validate(.string(String(repeating: "a", count: 200) + text))
        }
    }

    /// A schema, or anything else, as a schema of itself.
    package init(schema: JSONValue) {
        if let validator = try? SchemaValidator(schema) { _ = validator.validate(schema) }
    }

    private mutating func checkCondition(_ text: String) {
        do throws(ConditionError) {
            _ = try ConditionParser.parse(text)
        } catch {
            let bytes = Array(text.utf8)
            let range = error.range
            let isInside = range.lowerBound >= 0 && range.upperBound <= bytes.count
            let ends = [range.lowerBound, range.upperBound]
            if !isInside || ends.contains(where: { $0 < bytes.count && bytes[$0] & 0xC0 == 0x80 }) {
                faults.append("the condition \(text.debugDescription) is wrong at \(range): \(error.message)")
            }
        }
    }

    /// JSON's numbers mean in YAML what they mean in JSON.
    private mutating func checkNumber(_ text: String) {
        guard !text.utf8.contains(where: { $0 <= 0x20 }), let value = try? JSONValue.parse(text) else { return }
        switch (value, CoreScalar(plain: text)) {
        case (.int(let one), .int(let other)) where one == other: break
        case (.number(let one), .float(let other)) where one == other: break
        case (.number(let one), .int(let other)) where one == Double(other): break
        case (.int, _), (.number, _): faults.append("the number \(text) is \(CoreScalar(plain: text)) in YAML")
        default: break
        }
    }
}
