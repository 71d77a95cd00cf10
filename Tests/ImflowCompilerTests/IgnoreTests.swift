import ImflowCompiler
import ImflowDiagnostics
import Testing

/// Comments that silence findings.
@Suite struct IgnoreTests {
    private func slugs(_ text: String, _ name: String = "model.yaml") -> [String] {
        Compiler(MemoryFiles([name: text])).check([name]).diagnostics.map(\.code.slug)
    }

    private let head = "name: a\nentrypoint: [./run]\n"

    /// A warning: the retry never happens.
    private let once = "retry: {initial_interval: 5s}"

    @Test func silencesItsLineAndTheNext() {
        #expect(slugs(head + once + "\n") == ["retry-never"])
        for comment in ["[retry-never]", "[IMF0409] why", " [ wrong-type,IMF0409 ] why"] {
            let unused = comment.contains("wrong") ? ["unused-ignore"] : []
            #expect(slugs(head + once + " # imflow: ignore\(comment)\n") == unused)
            #expect(slugs(head + "  # imflow: ignore\(comment)\n# and more\n" + once + "\n") == unused)
        }
    }

    @Test func silencesNoOtherLineAndNoOtherCode() {
        let ports = "protocol: rest\nport: 80"
        #expect(slugs(head + once + " # imflow: ignore[retry-never]\n" + ports + "\n") == ["privileged-port"])
        #expect(slugs(head + "# imflow: ignore[retry-never]\n\n" + once + "\n") == ["unused-ignore", "retry-never"])
        #expect(slugs(head + once + " # imflow: ignore[wrong-type]\n") == ["retry-never", "unused-ignore"])
        #expect(slugs(head + "description: \"# imflow: ignore[retry-never]\"\n" + once + "\n") == ["retry-never"])
        #expect(slugs(head + "# imflow: ignorance[unknown-key]\n") == [])
    }

    @Test func errorsAreNeverSilenced() throws {
        let text = head + "# imflow: ignore[unknown-key]\nprot: 1\n"
        let found = Compiler(MemoryFiles(["model.yaml": text])).check(["model.yaml"]).diagnostics
        #expect(found.map(\.code.slug) == ["unused-ignore", "unknown-key"])
        #expect(found[0].headline == "`unknown-key` on line 4 is an error, and errors cannot be ignored")
        // One comment, an error and a warning: what it silences counts.
        let both = "# imflow: ignore[IMF0409, IMF0105]\nretry: {initial_interval: 5s, retry_on: [never]}\n"
        #expect(slugs(head + both) == ["unused-ignore", "bad-value"])
    }

    @Test func unreadableTextIsNeverSilenced() {
        #expect(slugs(head + "# imflow: ignore[IMF0001, invalid-syntax]\nx-a: b: c\n") == ["invalid-syntax"])
        let merge = head + "x-a: &a {port: 1}\nx-b:\n  <<: *a # imflow: ignore[merge-key]\n"
        #expect(slugs(merge) == ["merge-key", "unused-ignore"])
        #expect(slugs(head + "# imflow: ignore[unused-ignore]\n# imflow: ignore[bad-id]\nport: 1024\n").count == 2)
    }

    @Test func aPlanNeedsTheErrorsGone() {
        let files = MemoryFiles(["model.yaml": head + "prot: 1 # imflow: ignore[unknown-key]\n"])
        let compilation = files.compile("model.yaml")
        #expect(compilation.plan == nil)
        #expect(compilation.diagnostics.map(\.code.slug) == ["unknown-key"])
        let warned = head + "multi_node: {split_mode: batch, batch_size: 2, seed: 1} # imflow: ignore[IMF0303]\n"
        let clean = MemoryFiles(["model.yaml": warned]).compile("model.yaml")
        #expect(!clean.diagnostics.contains { $0.code.number == 303 })
        #expect(clean.plan != nil)
    }

    @Test func itsFixLeavesTheRestAsItWas() throws {
        for (text, mended) in [
            ("name: a  # imflow: ignore[bad-id] why\nport: 1\n", "name: a\nport: 1\n"),
            ("name: a\n  # imflow: ignore\r\nport: 1\n", "name: a\nport: 1\n"),
        ] {
            let found = Compiler(MemoryFiles(["model.yaml": text])).check(["model.yaml"]).diagnostics
            let fix = try #require(found.first { $0.code == .unusedIgnore }?.fixes.first)
            var bytes = Array(text.utf8)
            for edit in fix.edits { bytes.replaceSubrange(edit.span.range, with: edit.replacement.utf8) }
            #expect(String(decoding: bytes, as: UTF8.self) == mended)
        }
    }

    @Test func manyCommentsTakeLittleTime() {
        let many = String(repeating: "# imflow: ignore[a]\n", count: 100_000)
        let list = "# imflow: ignore[" + String(repeating: "a,", count: 100_000) + "]\n"
        let items = "x-a:\n" + String(repeating: "- 1 # imflow: ignore[a]\n", count: 50_000)
        for text in [many + head, head + list, head + items] {
            let clock = ContinuousClock()
            let start = clock.now
            let found = Compiler(MemoryFiles(["model.yaml": text])).check(["model.yaml"]).diagnostics
            #expect(found.count == 500)
            #expect(clock.now - start < .seconds(20))
        }
    }
}
