import ImflowCompiler
import ImflowDiagnostics
import Testing

/// Plain values that are not what they seem.
@Suite struct YAMLTrapTests {
    private func findings(_ line: String, _ name: String = "model.yaml") -> [Diagnostic] {
        let text = "name: a\nentrypoint: [./a]\n\(line)\n"
        return Compiler(MemoryFiles([name: text])).check([name]).diagnostics.filter { $0.code.number < 400 }
    }

    @Test(
        arguments: [
            "version: 1.10", "version: 0777", "version: 1e3", "version: 0x1F", "version: -1.50", "version: 010.5e1",
            "runtime: 3.10", "concurrency: 010", "port: 09000", "timeout: 0030", "resources: {memory: 01024}",
        ])
    func warns(_ line: String) { #expect(findings(line).map(\.severity) == [.warning], "\(line)") }

    @Test(
        arguments: [
            "concurrency: 1e1", "concurrency: 0o17", "port: 9e3", "timeout: 1.0e2", "labels: {a: no}", "env: {A: Off}",
            "env: {A: y}", "description: yes", "labels: {a: 2024-01-31}", "labels: {a: 12:30:45}", "env: {A: 1_000}",
            "version: 2024-01-31",
        ])
    func notes(_ line: String) { #expect(findings(line).map(\.severity) == [.note], "\(line)") }

    @Test(
        arguments: [
            "version: 1.0", "version: 1.2", "version: 10", "version: 1.0.10", "version: v1.10", "version: \"1.10\"",
            "version: '0777'", "version: !!str 1.10", "concurrency: 10", "timeout: 1.50", "timeout: 1.0e+2",
            "timeout: 0.5", "timeout: 0", "labels: {a: nope, b: one, c: 1-2, d: 99:99, e: 2024-1-1, f: \"no\"}",
            "labels: {a: 12:30pm, b: a:b, c: 1__}", "env: {A: null-ish, B: ~x, C: NOTE, D: oN}", "x-own: 1.10",
            "input_schema: {enum: [no, 0777, 1.10, 12:30]}", "image: \"010\"", "cache: true", "resources: {gpu: 0}",
        ])
    func isSilent(_ line: String) {
        let codes = findings(line).map(\.code.slug).filter { $0 == "yaml-trap" }
        #expect(codes.isEmpty, "\(line)")
    }

    @Test func jsonHasNoTraps() {
        let files = MemoryFiles(["job.json": "{\"model\": \"a\", \"shard_count\": 1e1, \"input\": {}}"])
        #expect(!Compiler(files).check(["job.json"]).diagnostics.contains { $0.code.slug == "yaml-trap" })
        var stdin = MemoryFiles([:])
        stdin.standardInput = Array("{\"model\": \"a\", \"shard_count\": 1e1, \"input\": {}}".utf8)
        #expect(!Compiler(stdin).check(["-"]).diagnostics.contains { $0.code.slug == "yaml-trap" })
        let yaml = MemoryFiles(["job.yaml": "{model: a, shard_count: 1e1, input: {}}"])
        #expect(Compiler(yaml).check(["job.yaml"]).diagnostics.contains { $0.code.slug == "yaml-trap" })
    }

    /// What the safe fixes leave has neither the finding nor another meaning.
    @Test(
        arguments: [
            ("version: 1.10", "version: \"1.10\""), ("labels: {a: no}", "labels: {a: \"no\"}"),
            ("concurrency: 1e1", "concurrency: 10"), ("cache: yes", "cache: true"), ("cache: OFF", "cache: false"),
            ("resources: {gpu: on}", "resources: {gpu: true}"), ("timeout: 30 sec", "timeout: 30s"),
            ("timeout: \"2 Hours\"", "timeout: \"2h\""), ("resources: {memory: 4GB}", "resources: {memory: 4Gi}"),
            ("resources: {memory: '1.5 gb'}", "resources: {memory: '1.5Gi'}"), ("port: \"9000\"", "port: 9000"),
        ])
    func fixesAreSafe(_ line: String, _ mended: String) throws {
        let found = findings(line)
        let fix = try #require(found.first?.fixes.first)
        #expect(found.count == 1 && fix.applicability == .safe)
        var bytes = fix.edits[0].span.source.bytes
        for edit in fix.edits { bytes.replaceSubrange(edit.span.range, with: edit.replacement.utf8) }
        #expect(String(decoding: bytes, as: UTF8.self) == "name: a\nentrypoint: [./a]\n\(mended)\n")
        #expect(findings(mended).isEmpty)
    }

    @Test(arguments: ["timeout: 12:30", "resources: {memory: 512m}", "resources: {memory: 4g}", "timeout: 1:2:3"])
    func whatIsNotCertainIsNotFixed(_ line: String) { #expect(findings(line).allSatisfy { $0.fixes.isEmpty }) }
}
