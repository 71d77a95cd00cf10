import ImflowCompiler
import ImflowDiagnostics
import Testing

@Suite struct BadInputTests {
    private static let texts: [(String, [UInt8])] = [
        ("empty", []),
        ("space", Array(" \n\t\n".utf8)),
        ("comment", Array("# nothing\n".utf8)),
        ("NUL", [0x6E, 0x61, 0x6D, 0x65, 0x3A, 0x20, 0x00]),
        ("not UTF-8", [0xFF, 0xFE, 0x00, 0xD8]),
        ("a list", Array("[1, 2]".utf8)),
        ("a word", Array("hello".utf8)),
        ("null", Array("null".utf8)),
        ("truncated JSON", Array("{\"job_id\": \"a".utf8)),
        ("bad YAML", Array("a: b: c\n - d".utf8)),
        ("flow bomb", Array(String(repeating: "[", count: 100_000).utf8)),
        ("two documents", Array("name: a\n---\nname: b\n".utf8)),
        ("binary", (0..<2000).map { UInt8(truncatingIfNeeded: $0 &* 37) }),
        ("many unknown keys", Array((0..<50_000).map { "k\($0): 1\n" }.joined().utf8)),
        ("numbers beyond 64 bits", Array("port: 99999999999999999999\ntimeout: 1e400\nmin_success_ratio: .nan\n".utf8)),
        ("alias bomb", Array(bomb.utf8)),
        (
            "aliases as stages",
            Array(
                "x-s: &s {model_id: a}\nchained_models: [\((0..<3000).map { _ in "*s" }.joined(separator: ","))]".utf8)
        ),
        ("hostile names", Array("name: \"../../etc/passwd\"\nentrypoint: \"\\0\"\n".utf8)),
        ("keys that are lists", Array("? [a, b]\n: 1\n".utf8)),
    ]

    private static let bomb = {
        var text = "x-0: &a0 [1,1,1,1,1,1,1,1,1,1]\n"
        for level in 1...9 {
            let items = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ",")
            text += "x-\(level): &a\(level) [\(items)]\n"
        }
        return text + "input_schema: {a: *a9}\n"
    }()

    @Test(arguments: texts.map(\.0), ["model.yaml", "job.json", "job.yaml"])
    func endsInFindings(_ name: String, _ file: String) throws {
        let bytes = try #require(Self.texts.first { $0.0 == name }).1
        var files = MemoryFiles(bytes: [file: bytes])
        let report = Compiler(files).check([file])
        #expect(report.diagnostics.contains { $0.severity == .error }, "\(name) in \(file) passes")
        #expect(report.diagnostics.count <= 520)
        #expect(Compiler(files).compileJob(file).plan == nil)
        for format in DiagnosticRenderer.Format.allCases {
            #expect(!DiagnosticRenderer(format).render(report.diagnostics).isEmpty)
        }
        files.standardInput = bytes
        #expect(Compiler(files).check(["-"]).diagnostics.contains { $0.severity == .error })
    }

    /// A real job with one byte of each place changed, dropped or doubled never does worse than a finding.
    @Test(arguments: 1...40 as ClosedRange<UInt64>) func survivesDamage(_ seed: UInt64) throws {
        var generator = SeededGenerator(state: seed)
        let source = try #require(Corpus.cases("ok").first { $0.name == "every-key" }).files.files["/repo/model.yaml"]
        var bytes = try #require(source)
        for _ in 0..<Int.random(in: 1...20, using: &generator) {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: bytes.remove(at: place)
            case 1: bytes.insert(bytes[place], at: place)
            case 2: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            default: bytes.swapAt(place, Int.random(in: 0..<bytes.count, using: &generator))
            }
        }
        let files = MemoryFiles(bytes: ["model.yaml": bytes])
        let compilation = files.compile("model.yaml")
        #expect((compilation.plan == nil) == compilation.hasErrors)
        #expect(!DiagnosticRenderer(.json).render(compilation.diagnostics).isEmpty)
    }

    @Test func unreadableFilesAreOneFinding() {
        let files = MemoryFiles(["folder/file.txt": ""])
        for path in ["missing.json", "folder"] {
            let compilation = files.compile(path)
            #expect(compilation.isUnreadable)
            #expect(compilation.diagnostics.count == 1)
        }
        #expect(Compiler(files).check(["missing"]).isUnreadable)
        #expect(Compiler(files).check(["folder"]).files.isEmpty)
    }

    @Test func oneMistakeIsOneFinding() {
        let files = MemoryFiles([
            "job.json": "{\"input\": {}, \"job_graph\": {\"stages\": [{\"model\": 5}, {\"model\": \"tool\"}]}}",
            "other.job.json": "{\"input\": {}, \"job_graph\": 7}",
            "third.job.json": "{\"input\": {}, \"model\": \"NO\"}",
            "tool/model.yaml": "name: tool\nentrypoint: [./run]\n",
        ])
        for path in ["job.json", "other.job.json", "third.job.json"] {
            #expect(
                Compiler(files).check([path]).diagnostics.count == 1,
                "\(path): \(Compiler(files).check([path]).diagnostics)")
        }
    }
}
