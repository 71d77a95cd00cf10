import ImflowDiagnostics
import ImflowSyntax

/// Everything that must hold whatever the input: what a fuzzer asks of the compiler.
package enum Soundness {
    /// Lines of a file that are also read as single values, and their longest.
    private static let maximumLines = 40
    private static let maximumLine = 300

    /// What does not hold for these bytes; nothing when all is well. Bounded in their size.
    package static func faults(_ bytes: [UInt8]) -> [String] {
        let bundle = FileBundle(bytes: bytes)
        var faults = CheckSoundness(bundle).faults
        for file in bundle.files {
            let source = Source(name: "input", bytes: file.bytes)
            faults += TreeSoundness(source).faults
            for line in file.bytes.split(separator: 0x0A).prefix(maximumLines) where line.count <= maximumLine {
                faults += PartSoundness(text: String(decoding: line, as: UTF8.self)).faults
            }
            if let value = parseYAML(source).tree.root?.jsonValue(limit: 10_000) {
                faults += PartSoundness(schema: value).faults
            }
        }
        return faults
    }
}
