import ImflowIR
import ImflowJSON
import ImflowPlan
import Testing

@Suite struct QuantityTests {
    @Test(
        arguments: [
            ("30s", 30_000), ("500ms", 500), ("2m", 120_000), ("1h30m", 5_400_000), ("1.5s", 1500), ("1d", 86_400_000),
            ("1m30s", 90_000), ("0s", 0),
        ] as [(String, Int64)])
    func readsTimes(_ text: String, _ milliseconds: Int64) throws {
        #expect(try TimeSpan.parse(text).milliseconds == milliseconds)
        #expect(try TimeSpan.parse(TimeSpan(milliseconds: milliseconds).text).milliseconds == milliseconds)
    }

    @Test(arguments: ["30", "s", "30 s", "30sec", "30s1m", "1.s", ".5s", "1..5s", "-1s", "9999999d", "１s", "1e3s"])
    func refusesOtherTimes(_ text: String) {
        #expect(throws: QuantityError.self) { try TimeSpan.parse(text) }
    }

    @Test func plainNumbersAreSeconds() throws {
        #expect(try TimeSpan.parse(seconds: 1.25).milliseconds == 1250)
        for number in [-1, Double.nan, .infinity, 1e300] {
            #expect(throws: QuantityError.self) { try TimeSpan.parse(seconds: number) }
        }
    }

    @Test(
        arguments: [
            ("4Gi", 4_294_967_296), ("512Mi", 536_870_912), ("4G", 4_000_000_000), ("1.5k", 1500), ("1000", 1000),
        ] as [(String, Int64)])
    func readsAmounts(_ text: String, _ bytes: Int64) throws {
        #expect(try ByteCount.parse(text).bytes == bytes)
    }

    @Test func refusesOtherAmountsWithAWayOut() {
        for (text, help) in [
            ("4GB", "write `4Gi`"), ("512mb", "write `512Mi`"), ("4gib", "write `4Gi`"), ("lots", "write it as"),
        ] {
            do {
                _ = try ByteCount.parse(text)
                Issue.record("\(text) was taken")
            } catch { #expect(error.help?.hasPrefix(help) == true, "\(text): \(error.help ?? "")") }
        }
        #expect(throws: QuantityError.self) { try ByteCount.parse("99999999Pi") }
    }
}

@Suite struct ConditionTests {
    @Test(
        arguments: [
            ("transcript", Condition.truthy(path: ["transcript"])),
            ("!a.b", .not(.truthy(path: ["a", "b"]))),
            ("a && b || c", .or(.and(.truthy(path: ["a"]), .truthy(path: ["b"])), .truthy(path: ["c"]))),
            ("a && (b || c)", .and(.truthy(path: ["a"]), .or(.truthy(path: ["b"]), .truthy(path: ["c"])))),
            ("score>=0.5", .compare(path: ["score"], .greaterOrEqual, 0.5)),
            ("kind == 'it''s'", nil),
            ("kind == 'it\\'s'", .compare(path: ["kind"], .equal, "it's")),
            ("kind != \"a b\"", .compare(path: ["kind"], .notEqual, "a b")),
            ("n < -1", .compare(path: ["n"], .less, -1)),
            ("flag == true", .compare(path: ["flag"], .equal, true)),
            ("x == null", .compare(path: ["x"], .equal, nil)),
            ("items.0.name", .truthy(path: ["items", "0", "name"])),
            ("!a == 1", .not(.compare(path: ["a"], .equal, 1))),
        ] as [(String, Condition?)])
    func reads(_ text: String, _ expected: Condition?) throws {
        guard let expected else {
            #expect(throws: ConditionError.self) { try ConditionParser.parse(text) }
            return
        }
        #expect(try ConditionParser.parse(text) == expected)
    }

    @Test(
        arguments: [
            ("", 0..<0), ("a &&", 4..<4), ("a & b", 2..<3), ("a = 1", 2..<3), ("(a", 0..<1), ("a b", 2..<3),
            ("1 < a", 0..<1),
            ("a == b", 5..<6), ("a == 'x", 5..<7), ("a..b", 2..<4), ("true", 0..<4), ("ä ==", 5..<5),
            ("a == 01", 5..<7),
        ] as [(String, Range<Int>)])
    func pointsAtTheMistake(_ text: String, _ range: Range<Int>) {
        do {
            _ = try ConditionParser.parse(text)
            Issue.record("\(text) was taken")
        } catch { #expect(error.range == range, "\(text): \(error)") }
    }

    @Test func isBounded() {
        #expect(throws: ConditionError.self) {
            try ConditionParser.parse(String(repeating: "(", count: 5000) + "a" + String(repeating: ")", count: 5000))
        }
        #expect(throws: ConditionError.self) { try ConditionParser.parse(String(repeating: "!", count: 5000) + "a") }
        #expect(throws: ConditionError.self) {
            try ConditionParser.parse(Array(repeating: "a", count: 5000).joined(separator: " && "))
        }
    }
}

@Suite struct SplitStrategyTests {
    @Test(
        arguments: [
            ("tile_512", SplitMode.tile, 512, nil), ("batch_8", .batch, 8, nil),
            ("sequence_2048_overlap_128", .sequence, 2048, 128), ("lines", .lines, nil, nil),
            ("candidates_3", .candidates, 3, nil),
        ] as [(String, SplitMode, Int?, Int?)])
    func reads(_ text: String, _ mode: SplitMode, _ size: Int?, _ overlap: Int?) throws {
        let strategy = try SplitStrategy(parsing: text)
        #expect(strategy.mode == mode)
        #expect(strategy.size == size)
        #expect(strategy.overlap == overlap)
    }

    @Test func noneIsNoSplit() throws { #expect(try SplitStrategy(parsing: "none").mode == nil) }

    @Test(arguments: [
        "", "tile", "tile_", "tile_-5", "tile_0", "tile_9999999", "tile_512_over_4", "tile_512_overlap", "Tile_5",
        "tile_5_overlap_x",
        "batch_4_overlap_2", "tile_１", "sequence_4_overlap_2_x",
    ])
    func refuses(_ text: String) { #expect(throws: QuantityError.self) { try SplitStrategy(parsing: text) } }
}

@Suite struct WordsAndNamesTests {
    @Test func wordsAreAShells() {
        #expect(ShellWords.split("a  'b c' \"d\\\"e\" f\\ g '' ") == ["a", "b c", "d\"e", "f g", ""])
        #expect(ShellWords.split("a 'b") == nil)
        #expect(ShellWords.split("a\\") == nil)
        #expect(ShellWords.split("   ") == [])
        #expect(ShellWords.split("\"a\\b\"") == ["a\\b"])
    }

    @Test func interpretersRunLines() {
        #expect(Interpreter.argv(.line(["serve.py"]), runtime: "python3.10") == ["python3.10", "serve.py"])
        #expect(Interpreter.argv(.line(["python3", "serve.py"]), runtime: "python3.10") == ["python3", "serve.py"])
        #expect(Interpreter.argv(.line(["./serve", "-v"]), runtime: "onnx") == ["./serve", "-v"])
        #expect(Interpreter.argv(.argv(["./serve.py"]), runtime: "python3") == ["./serve.py"])
        #expect(Interpreter.argv(.line(["run.js"]), runtime: "node20") == ["node20", "run.js"])
    }

    @Test func namesHaveOneForm() {
        for name in ["a", "asr-v1", "9.x_y", String(repeating: "a", count: 63)] { #expect(NameForm.isName(name)) }
        for name in ["", "A", "-a", ".a", "a b", "ä", "a/b", String(repeating: "a", count: 64)] {
            #expect(!NameForm.isName(name))
        }
        #expect(NameForm.isJobID("bd92-e3f1") && NameForm.isJobID("Job_1") && !NameForm.isJobID("../x"))
        #expect(NameForm.nearestName(to: "My Model (v2)") == "my-model-v2")
        #expect(NameForm.nearestName(to: "***") == nil)
        #expect(ModelReference("a@1.0")?.version == "1.0")
        #expect(ModelReference("a@") == nil)
    }
}
