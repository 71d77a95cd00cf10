import ImflowCompiler
import ImflowDiagnostics
import ImflowFuzzKit
import ImflowSyntax
import Testing

/// Drawn graphs that are right draw nothing, whatever their layout.
@Suite struct DrawnWorkspaceTests {
    /// Notes that right files may draw.
    static let notes: Set<String> = ["missing-name", "merge-key", "gang-head", "yaml-trap"]

    static func bundle(_ written: [(path: String, text: Emitted)]) -> FileBundle {
        FileBundle(written.map { FileBundle.File(path: $0.path, bytes: $0.text.bytes) })
    }

    /// Fifty at a time, so that two cores share them.
    @Test(arguments: 0..<10) func drawNothing(_ part: UInt64) throws {
        for seed in part * 50..<part * 50 + 50 {
            let workspace = DrawnWorkspace.drawn(seed)
            let bundle = Self.bundle(workspace.written(seed))
            let compiler = Compiler(BundleReader(bundle))
            let report = compiler.check(["."])
            let odd = report.diagnostics.filter { $0.severity > .note || !Self.notes.contains($0.code.slug) }
            #expect(odd.isEmpty, "seed \(seed):\n\(DiagnosticRenderer(.full).render(odd))")
            for file in workspace.files where file.isJob {
                let compilation = compiler.compileJob(file.path)
                let errors = compilation.diagnostics.filter { $0.severity > .note }
                #expect(compilation.plan != nil, "seed \(seed), \(file.path)")
                #expect(errors.isEmpty, "seed \(seed), \(file.path):\n\(DiagnosticRenderer(.full).render(errors))")
            }
        }
    }

    /// Another layout of the same files gives the same plan, and every key and value stands where it was written.
    @Test(arguments: 0..<4) func layoutMeansNothing(_ part: UInt64) throws {
        for seed in part * 25..<part * 25 + 25 {
            let workspace = DrawnWorkspace.drawn(seed)
            let (one, other) = (workspace.written(seed), workspace.written(seed + 1000))
            for file in one + other { expectPlaces(file.path, file.text, seed) }
            for file in workspace.files where file.isJob {
                let plans = [one, other].map {
                    Compiler(BundleReader(Self.bundle($0))).compileJob(file.path).plan
                }
                #expect(plans[0] != nil && plans[0] == plans[1], "seed \(seed), \(file.path)")
            }
        }
    }

    private func expectPlaces(_ path: String, _ text: Emitted, _ seed: UInt64) {
        let tree = parse(Source(name: path, bytes: text.bytes)).tree
        for (place, written) in text.places {
            guard let found = tree.root.flatMap({ Self.node(at: place[...], in: $0) }) else {
                Issue.record("seed \(seed), \(path): nothing at \(place)")
                continue
            }
            // Without the macro: these are a million.
            if written.key.map({ $0 != found.key }) ?? false { Issue.record("seed \(seed), \(path), key \(place)") }
            if written.value.map({ $0 != found.value }) ?? false { Issue.record("seed \(seed), \(path), \(place)") }
        }
    }

    private static func node(
        at path: ArraySlice<String>, in node: SyntaxNode, key: Range<Int>? = nil
    ) -> (key: Range<Int>?, value: Range<Int>)? {
        guard let first = path.first else { return (key, node.span.range) }
        if let index = Int(first), node.items.indices.contains(index) {
            return self.node(at: path.dropFirst(), in: node.items[index])
        }
        guard let member = node.members.first(where: { $0.key.scalarText == first }) else { return nil }
        return self.node(at: path.dropFirst(), in: member.value, key: member.key.span.range)
    }
}
