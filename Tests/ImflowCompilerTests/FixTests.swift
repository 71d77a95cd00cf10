import Foundation
import ImflowCompiler
import ImflowDiagnostics
import ImflowIR
import Testing

/// What `check --fix` makes of one file.
private func fixed(_ text: String, name: String = "tool/model.yaml", unsafe: Bool = false) -> String {
    let outcome = FixSession(MemoryFiles([name: text]), includesReview: unsafe).run([name])
    return outcome.changes.first.map { String(decoding: $0.new, as: UTF8.self) } ?? text
}

@Suite struct FixItTests {
    static let head = "name: tool\nentrypoint: [./run]\n"

    @Test(arguments: [
        ("timeout: 30 seconds", "timeout: 30s"), ("timeout: \"30\"", "timeout: \"30s\""), ("timeout: 5min", "timeout: 5m"),
        ("timeout: 2 Hours # long", "timeout: 2h # long"), ("timeout: '100 msec'", "timeout: '100ms'"),
        ("timeout: 5M", "timeout: 5M"), ("timeout: 3 parsecs", "timeout: 3 parsecs"),
        ("resources: {memory: 4GiB}", "resources: {memory: 4Gi}"), ("resources: {memory: 512 Mi}", "resources: {memory: 512Mi}"),
        ("resources: {memory: 4gi, disk: 1.5tib}", "resources: {memory: 4Gi, disk: 1.5Ti}"),
        ("resources: {memory: 4GB}", "resources: {memory: 4Gi}"), ("resources: {memory: 4Gx}", "resources: {memory: 4Gx}"),
        ("cache: Yes", "cache: true"), ("cache: off", "cache: false"), ("cache: 'true'", "cache: true"),
        ("cache: maybe", "cache: maybe"), ("cache: !!str yes", "cache: !!str yes"),
        ("port: '9000'", "port: 9000"), ("port: \"0x10\"", "port: \"0x10\""), ("port: \"007\"", "port: \"007\""),
        ("port: \"9e3\"", "port: \"9e3\""), ("port: !!str 9000", "port: !!str 9000"),
        ("min_success_ratio: '0.5'", "min_success_ratio: 0.5"), ("min_success_ratio: '.5'", "min_success_ratio: '.5'"),
        ("resources: {gpu: '2'}", "resources: {gpu: 2}"), ("resources: {gpu: 'true'}", "resources: {gpu: true}"),
        ("multi_node: {tile_size: '512', split_mode: tile}", "multi_node: {tile_size: 512, split_mode: tile}"),
        ("multi_node: {split_mode: Tile}", "multi_node: {split_mode: tile}"),
        ("on_failure: 'FAIL'", "on_failure: 'fail'"), ("on_failure: fial", "on_failure: fial"),
        ("path: infer", "path: /infer"), ("path: http://x", "path: http://x"), ("path: ../x", "path: ../x"),
        ("env: {A: 1, B: 0x1F, C: true, D: .5}", "env: {A: \"1\", B: \"0x1F\", C: \"true\", D: \".5\"}"),
        ("env: {A: null}", "env: {A: null}"), ("protocol: 5", "protocol: 5"),
        ("minSuccessRatio: 1", "min_success_ratio: 1"), ("On-Failure: fail", "on_failure: fail"),
        ("Timeout: 1s\nTIMEOUT: 2s", "Timeout: 1s\nTIMEOUT: 2s"), ("cache: true\nCache: false", "cache: true\nCache: false"),
        ("timeout: 1s\ntimeout: 1s", "timeout: 1s"), ("timeout: 1s\ntimeout: 2s", "timeout: 1s\ntimeout: 2s"),
        ("timeout: 1s\ntimeout: 1s # why", "timeout: 1s\ntimeout: 1s # why"),
        ("labels:\n  a: \"1\"\n  a: \"1\"\n  b: c", "labels:\n  a: \"1\"\n  b: c"),
        ("labels: {a: b, a: b, c: d}", "labels: {a: b, c: d}"), ("labels: {a: b, &x a: b}", "labels: {a: b, &x a: b}"),
        ("x-p: &p '9000'\nport: *p", "x-p: &p '9000'\nport: *p"),
        ("cache: false # imflow: ignore[IMF0101] x", "cache: false"),
        ("# imflow: ignore[IMF0101, IMF0103] x\ncache: false", "cache: false"),
    ])
    func safeFixesMend(_ line: String, _ expected: String) {
        #expect(fixed(Self.head + line + "\n") == Self.head + expected + "\n")
        let windows = (Self.head + line + "\n").replacingOccurrences(of: "\n", with: "\r\n")
        #expect(fixed(windows) == (Self.head + expected + "\n").replacingOccurrences(of: "\n", with: "\r\n"))
    }

    @Test(arguments: [
        ("resources: {memory: 4GB, disk: '10 g'}", "resources: {memory: 4Gi, disk: '10Gi'}"),
        ("timeoutt: 1s", "timeout: 1s"), ("on_failure: fial", "on_failure: fail"), ("env: {A: 1}", "env: {A: \"1\"}"),
        // The repaired key would be there twice.
        ("timeout: 1s\ntimeoutt: 1s", "timeout: 1s\ntimeoutt: 1s"),
    ])
    func reviewedFixesMendMore(_ line: String, _ expected: String) {
        #expect(fixed(Self.head + line + "\n", unsafe: true) == Self.head + expected + "\n")
    }

    @Test(arguments: [
        ("entrypoint: [./run]\n", "name: tool\nentrypoint: [./run]\n"),
        ("# About it.\r\n\r\nentrypoint: [./run]\r\n", "# About it.\r\n\r\nname: tool\r\nentrypoint: [./run]\r\n"),
        ("# imflow: ignore[IMF0101] mine\n# yes\ncolour: 1\n", "name: tool\n# imflow: ignore[IMF0101] mine\n# yes\ncolour: 1\n"),
        ("{entrypoint: [./run]}\n", "{name: tool, entrypoint: [./run]}\n"), ("{}\n", "{name: tool}\n"),
        ("\u{FEFF}entrypoint: [./run]", "\u{FEFF}name: tool\nentrypoint: [./run]"),
        ("---\n  entrypoint: [./run]\n", "---\n  name: tool\n  entrypoint: [./run]\n"),
        ("entrypoint: [./run]\nx: [\n", "entrypoint: [./run]\nx: [\n"),
    ])
    func theFoldersNameIsWritten(_ text: String, _ expected: String) { #expect(fixed(text) == expected) }

    @Test func aNameThatIsNoWordIsQuoted() {
        #expect(fixed("entrypoint: [./run]\n", name: "007/model.yaml") == "name: \"007\"\nentrypoint: [./run]\n")
    }

    @Test func jobsInJSONStayJSON() {
        let job = "{\"job_id\": 5, \"shardCount\": \"4\", \"model\": \"m\",\n \"priority\": 1,\n \"priority\": 1, \"input\": {}}\n"
        let expected = "{\"job_id\": \"5\", \"shard_count\": 4, \"model\": \"m\",\n \"priority\": 1, \"input\": {}}\n"
        #expect(fixed(job, name: "job.json") == expected)
    }

    @Test func versionsStayWithCorrectedModels() {
        let files = MemoryFiles(["job.json": "{\"model\": \"asr-v2@1\"}", "asr-v1/model.yaml": "name: asr-v1\nversion: \"1\"\n"])
        let fixes = Compiler(files).check(["job.json"]).diagnostics.flatMap(\.fixes)
        #expect(fixes.flatMap(\.edits).map(\.replacement) == ["\"asr-v1@1\""])
    }
}

@Suite struct FixApplicationTests {
    private static let code = DiagnosticCode(9999, "test")

    private func finding(_ source: Source, _ fixes: [(Range<Int>, String)]..., safe: Bool = true) -> Diagnostic {
        Diagnostic(
            Self.code, "x", at: Span(source, 0..<0),
            fixes: fixes.map { edits in
                FixIt("t", safe ? .safe : .needsReview, edits: edits.map { FixIt.Edit(Span(source, $0.0), replacement: $0.1) })
            })
    }

    private func apply(_ findings: [Diagnostic], _ source: Source, unsafe: Bool = false) -> String {
        String(decoding: FixApplication(findings, to: source, includesReview: unsafe).bytes, as: UTF8.self)
    }

    @Test func theFirstOfOverlappingFixesWins() {
        let source = Source(name: "a", bytes: Array("abcdef".utf8))
        #expect(apply([finding(source, [(1..<3, "X")]), finding(source, [(2..<4, "Y")])], source) == "aXdef")
        #expect(apply([finding(source, [(1..<3, "X")]), finding(source, [(3..<4, "Y")])], source) == "aXYef")
        #expect(apply([finding(source, [(3..<3, "X")]), finding(source, [(3..<3, "Y")])], source) == "abcXdef")
        #expect(apply([finding(source, [(1..<3, "X")]), finding(source, [(3..<3, "Y")])], source) == "aXdef")
        #expect(apply([finding(source, [(4..<5, "X"), (0..<1, "Y")]), finding(source, [(2..<2, "Z")])], source) == "YbZcdXf")
        // All edits of a fix or none.
        #expect(apply([finding(source, [(0..<1, "X")]), finding(source, [(0..<1, "Y"), (4..<5, "Z")])], source) == "Xbcdef")
        #expect(apply([finding(source, [(0..<2, "X"), (1..<3, "Y")])], source) == "abcdef")
    }

    @Test func onlyOneClearFixIsApplied() {
        let source = Source(name: "a", bytes: Array("abc".utf8))
        let other = Source(name: "b", bytes: Array("abc".utf8))
        #expect(apply([finding(source, [(0..<1, "X")], [(1..<2, "Y")])], source) == "abc")
        #expect(apply([finding(source, [(0..<1, "X")], safe: false)], source) == "abc")
        #expect(apply([finding(source, [(0..<1, "X")], safe: false)], source, unsafe: true) == "Xbc")
        #expect(apply([finding(other, [(0..<1, "X")])], source) == "abc")
        #expect(FixApplication([finding(source, [(0..<1, "a")])], to: source).applied.isEmpty)
        #expect(apply([finding(source, [(2..<9, "X")])], source) == "abc")
    }
}

@Suite struct FixSessionTests {
    @Test func aFixThatDoesHarmIsDroppedAndTheOthersAreNot() {
        // Under the key that is meant there would be three errors in place of one.
        let text =
            "name: tool\nentrypoint: [./run]\nport: '9000'\nmulti_nod:\n  split_mode: 1\n  batch_size: x\n  seed: y\n  k: 1\n"
            + "cache: yes\n"
        let outcome = FixSession(MemoryFiles(["model.yaml": text]), includesReview: true).run(["model.yaml"])
        #expect(Compiler(MemoryFiles(["model.yaml": text])).check(["model.yaml"]).diagnostics.count == 3)
        let new = String(decoding: outcome.changes.first?.new ?? [], as: UTF8.self)
        #expect(new == text.replacingOccurrences(of: "'9000'", with: "9000").replacingOccurrences(of: "yes", with: "true"))
        #expect(outcome.dropped.map(\.headline) == ["unknown key `multi_nod` in `model.yaml`"])
        #expect(outcome.fixedCount == 2)
        #expect(!outcome.isCutShort)
    }

    @Test func brokenTextsAndOtherFilesStay() {
        let files = MemoryFiles([
            "a/model.yaml": "name: a\ncache: yes\nx: [\n", "b/model.yaml": "name: b\nentrypoint: [./run]\ncache: yes\n",
            "job.json": "{\"model\": \"b\"}",
        ])
        #expect(FixSession(files).run(["."]).changes.map(\.name) == ["b/model.yaml"])
        // What a checked job calls is read, and not written.
        #expect(FixSession(files).run(["job.json"]).changes.isEmpty)
    }

    @Test func standardInputIsMended() {
        var files = MemoryFiles([:])
        files.standardInput = Array("name: a\nentrypoint: [./run]\ncache: yes\n".utf8)
        let outcome = FixSession(files).run(["-"])
        #expect(outcome.changes.map(\.new) == [Array("name: a\nentrypoint: [./run]\ncache: true\n".utf8)])
        #expect(outcome.changes.first?.path == nil)
        #expect(outcome.standardInput == files.standardInput)
        #expect(outcome.report.diagnostics.isEmpty)
    }

    @Test func onlySelectedFindingsAreMended() {
        let files = MemoryFiles(["model.yaml": "name: a\nentrypoint: [./run]\ncache: yes\nport: '8001'\n"])
        let session = FixSession(files) { report in report.diagnostics.filter { $0.headline.contains("port") } }
        let outcome = session.run(["model.yaml"])
        #expect(outcome.changes.first?.new == Array("name: a\nentrypoint: [./run]\ncache: yes\nport: 8001\n".utf8))
        #expect(outcome.report.diagnostics.isEmpty)
    }

    @Test func anOverlayIsAFileOfItsFolder() throws {
        var files = OverlaidFiles(MemoryFiles(["tool/model.yaml": "name: tool\n", "job.json": "{\"model\": \"other\", \"input\": {}}"]))
        files["/repo/new/model.yaml"] = Array("name: other\nentrypoint: [./run]\n".utf8)
        #expect(files.kind(of: "/repo/new/model.yaml") == .file)
        #expect(try files.entries(of: "/repo/new").map(\.name) == ["model.yaml"])
        files["/repo/tool/imflow.yaml"] = Array("name: other\nentrypoint: [./run]\n".utf8)
        #expect(try files.entries(of: "/repo/tool").map(\.name) == ["imflow.yaml", "model.yaml"])
        #expect(Compiler(files).check(["job.json"]).diagnostics.isEmpty)
        files["/repo/tool/imflow.yaml"] = nil
        #expect(try files.entries(of: "/repo/tool").map(\.name) == ["model.yaml"])
        #expect(Compiler(files).check(["job.json"]).diagnostics.map(\.code.slug) == ["unknown-model"])
    }

    /// Whatever the file: fixing never adds an error, and a second time changes nothing.
    @Test(arguments: 1...20 as ClosedRange<UInt64>) func mutatedFilesGetNoWorse(_ seed: UInt64) {
        var generator = SeededGenerator(state: seed)
        for _ in 0..<15 {
            let file = FormatterPropertyTests.files[Int.random(in: 0..<FormatterPropertyTests.files.count, using: &generator)]
            var mutation = TextMutation(text: file.bytes)
            for _ in 0..<Int.random(in: 0...4, using: &generator) { mutation.mutate(using: &generator) }
            let name = file.name.hasSuffix(".json") ? "job.json" : "model.yaml"
            let files = MemoryFiles(bytes: [name: mutation.text])
            let before = Compiler(files).check([name]).diagnostics.count { $0.severity == .error }
            let outcome = FixSession(files, includesReview: seed % 2 == 0).run([name])
            #expect(outcome.report.diagnostics.count { $0.severity == .error } <= before)
            #expect(!outcome.isCutShort)
            guard let new = outcome.changes.first?.new else { continue }
            let again = FixSession(MemoryFiles(bytes: [name: new]), includesReview: seed % 2 == 0).run([name])
            #expect(again.changes.isEmpty, "\(String(decoding: mutation.text, as: UTF8.self))")
        }
    }
}
