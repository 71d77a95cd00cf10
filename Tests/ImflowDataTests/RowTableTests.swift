import ImflowExecution
import ImflowJSON
import ImflowPlan
import Testing

@testable import ImflowData

/// Tables by rows: what is read is what RFC 4180 and JSON Lines say, wherever pieces of the file end.
@Suite struct RowTableTests {
    private let room: DataRoom

    init() throws { room = try DataRoom() }

    /// The rows of all units, as models get them.
    private func rows(
        _ text: String, _ name: String = "t.csv", _ plan: SplitPlan = SplitPlan(mode: .rows)
    ) async throws -> [JSONValue] {
        try await units(text, name, plan).flatMap(\.rows)
    }

    private func units(
        _ text: String, _ name: String, _ plan: SplitPlan
    ) async throws -> [(unit: Unit, rows: [JSONValue])] {
        let file = try room.stored(text, as: name)
        let (_, shards) = try await room.split(["data_url": .string(file)], plan)
        return try shards.joined().map { unit in
            let cut = try #require(unit.cut)
            guard case .rows(let rows) = cut.form else { throw Failure(.app, "a table has rows") }
            return (unit, try RowReader(content: room.content).rows(of: unit, cut, rows))
        }
    }

    // MARK: CSV

    @Test(arguments: [
        ("a,b,c\n1,2,3\n", [["1", "2", "3"]]),
        ("a,b,c\n1,2,3", [["1", "2", "3"]]),
        ("a,b,c\r\n1,2,3\r\n4,5,6\r\n", [["1", "2", "3"], ["4", "5", "6"]]),
        ("\u{FEFF}a,b,c\n1,2,3\n", [["1", "2", "3"]]),
        ("a,b,c\n1,\"x, y\",3\n", [["1", "x, y", "3"]]),
        ("a,b,c\n1,\"ha \"\"ha\"\" ha\",3\n", [["1", "ha \"ha\" ha", "3"]]),
        ("a,b,c\n1,\"\",\n,,\"\"\n", [["1", "", ""], ["", "", ""]]),
        ("a,b,c\n\"Once upon\na time\",5,6\n7,8,9\n", [["Once upon\na time", "5", "6"], ["7", "8", "9"]]),
        ("a,b,c\r\n\"Once\r\nupon\",5,6\r\n", [["Once\r\nupon", "5", "6"]]),
        ("a,b,c\n1,\"{\"\"type\"\": \"\"Point\"\"}\",3\n", [["1", "{\"type\": \"Point\"}", "3"]]),
        ("a,b,c\n1,2,ʤ\n4,5,🦊\n", [["1", "2", "ʤ"], ["4", "5", "🦊"]]),
        ("a,b,c\n 1 , 2,3 \n", [[" 1 ", " 2", "3 "]]),
        ("a,b,c\n5\" pipe,2,3\n", [["5\" pipe", "2", "3"]]),
        ("a,b,c\n\n1,2,3\n\r\n\n4,5,6\n\n", [["1", "2", "3"], ["4", "5", "6"]]),
        ("a,b,c\n\"1\",\"2\",\"3\"", [["1", "2", "3"]]),
        ("a,b,c\n\"\"\"\",\"\"\"\"\"\",x\n", [["\"", "\"\"", "x"]]),
        ("a,b,c\n1,2,\u{0}\n", [["1", "2", "\u{0}"]]),
        ("a,b,c\n", []), ("a,b,c", []), ("", []), ("\u{FEFF}", []), ("\n\n", []),
    ])
    func conforms(text: String, fields: [[String]]) async throws {
        let found = try await rows(text)
        let expected = fields.map { row -> JSONValue in
            ["a": .string(row[0]), "b": .string(row[1]), "c": .string(row[2])]
        }
        #expect(found == expected)
    }

    @Test func oneColumnMayBeEmptyInQuotes() async throws {
        #expect(try await rows("a\n1\n\"\"\n\n2") == [["a": "1"], ["a": ""], ["a": "2"]])
    }

    @Test func aTableWithoutAHeaderHasLists() async throws {
        let plan = SplitPlan(mode: .rows, rowHeader: false)
        #expect(try await rows("x,x\n1,2\n", "t.csv", plan) == [["x", "x"], ["1", "2"]])
    }

    @Test(arguments: [
        ("t.tsv", "a\tb\n1,5\t\"2\t3\"\n", nil), ("t.csv", "a;b\n1,5;\"2\t3\"\n", RowDelimiter.semicolon),
        ("t.txt", "a|b\n1,5|2\t3\n", .pipe), ("t.csv", "a\tb\n1,5\t\"2\t3\"\n", .tab),
    ])
    func delimiters(name: String, text: String, delimiter: RowDelimiter?) async throws {
        let plan = SplitPlan(mode: .rows, rowFormat: name == "t.txt" ? .csv : nil, rowDelimiter: delimiter)
        #expect(try await rows(text, name, plan) == [["a": "1,5", "b": "2\t3"]])
    }

    @Test(arguments: [
        ("a,b\n1,2\n\n\"x\ny\",2\n3\n", "line 6: the row has 1 field, and the header in line 1 has 2"),
        ("\n\na,b\n1,2,3\n", "line 4: the row has 3 fields, and the header in line 3 has 2"),
        ("a,b,a\n", "line 1: the columns 1 and 3 have the same name, `a`"),
        ("a,b\n1,\"2\n3\n", "line 2: a row begins here whose last quote is never closed"),
        ("a,b\n1,\"2\"3\n", "line 2: text follows the closing quote"),
        ("a,b\r1,2\r", "line 1: a carriage return stands here without a line feed"),
        ("a,b\n1,2\r", "line 2: a carriage return stands here without a line feed"),
    ])
    func mistakesAreNamedByLine(text: String, words: String) async throws {
        let found = await failure { _ = try await rows(text) }
        #expect(found?.cause == .app)
        #expect(found?.message.contains("t.csv, " + words) == true, "\(found?.message ?? "")")
    }

    @Test func bytesThatAreNoTextAreNamedByLine() async throws {
        for (bytes, line) in [([0x61, 0x0A, 0x62, 0x0A, 0xFF, 0x0A], 3), ([0xFF, 0xFE, 0x61, 0], 1)] as [([UInt8], Int)] {
            let reference = ContentReference(hash: try room.content.put(bytes), name: "t.csv")
            let found = await failure {
                _ = try await room.split(["data_url": .string(reference.text)], SplitPlan(mode: .rows))
            }
            #expect(found?.message.hasPrefix("t.csv, line \(line): this is not UTF-8 text") == true, "\(found?.message ?? "")")
        }
    }

    @Test(arguments: [("t.csv", "a,b\n1,2\n3,\""), ("t.jsonl", "{}\n[]\n\"")])
    func aQuoteThatStaysOpenIsFoundBeforeTheFileIsRead(name: String, head: String) async throws {
        let path = try room.write(head + String(repeating: name == "t.csv" ? "x\n" : "xy", count: 40_000), to: name)
        let found = await failure {
            _ = try RowTable(
                path: path, name: name, plan: SplitPlan(mode: .rows), limit: 9, pieceSize: 1000, maximumBytes: 2 << 10)
        }
        #expect(found?.message.contains("\(name), line 3: the ") == true && found?.message.contains(" more than 2 KiB") == true)
    }

    @Test func rowsThatAreTooManyForMemoryAreNamed() async throws {
        let path = try room.write("a\n" + String(repeating: "value\n", count: 500), to: "t.csv")
        let found = await failure {
            _ = try RowTable(
                path: path, name: "t.csv", plan: SplitPlan(mode: .rows, batchSize: 400), limit: 9, maximumBytes: 1 << 10)
        }
        #expect(found?.message.contains("line 2: the 400 rows of a unit that begin here have more than 1 KiB") == true)
    }

    // MARK: JSON Lines

    @Test func linesHoldValues() async throws {
        let text = "\u{FEFF}{\"a\": 1}\r\n\n [1, 2] \n\"x\"\n  \nnull\n{\"b\": \"\\n\"}"
        #expect(try await rows(text, "t.jsonl") == [["a": 1], [1, 2], "x", .null, ["b": "\n"]])
        #expect(try await rows("", "t.ndjson") == [])
    }

    @Test func aBadLineIsNamed() async throws {
        let found = await failure { _ = try await rows("{}\n\n{\"a\": 1,}\n", "t.jsonl") }
        #expect(found?.message.hasPrefix("t.jsonl, line 3: this is not one JSON value: ") == true)
        let two = await failure { _ = try await rows("1\n2 3\n", "t.jsonl") }
        #expect(two?.message.contains("line 2") == true)
    }

    // MARK: Units

    @Test func unitsNameRunsOfRows() async throws {
        let plan = SplitPlan(mode: .rows, batchSize: 2, shardLimit: 2)
        let found = try await units("n\n0\n1\n\"2\n2\"\n3\n4\n", "t.csv", plan)
        #expect(found.map { $0.unit.geometry["start"]?.intValue } == [0, 2, 4])
        #expect(found.map { $0.unit.geometry["end"]?.intValue } == [2, 4, 5])
        #expect(found.map { $0.unit.geometry["line"]?.intValue } == [2, 4, 7])
        #expect(found.map { $0.rows.map { $0["n"] ?? .null } } == [["0", "1"], ["2\n2", "3"], ["4"]])
        #expect(found.allSatisfy { $0.unit.set.isEmpty && Unit($0.unit.json) == $0.unit })
    }

    @Test func aTableMayBeGivenAsItsText() async throws {
        let plan = SplitPlan(mode: .rows, key: "table", rowFormat: .csv)
        let (shared, shards) = try await room.split(["table": "a\n1\n", "model": "m"], plan)
        #expect(shared == ["model": "m"] && shards.joined().count == 1)
        let path = try room.write("a\n1\n2\n", to: "data.csv")
        let (_, files) = try await room.split(["table": .string("file://" + path)], plan)
        #expect(files.joined().count == 2)
    }

    @Test func aTextNeedsItsFormat() async throws {
        let found = await failure { _ = try await room.split(["table": "data.csv"], SplitPlan(mode: .rows)) }
        #expect(found?.cause == .app && found?.message.contains("`table` is no URL") == true)
    }

    @Test func aNameThatTellsNothingIsAskedAbout() async throws {
        let found = await failure { _ = try await rows("a\n1\n", "table.xls") }
        #expect(found?.message.contains("say row_format: csv, tsv or jsonl") == true)
    }

    /// Fields of everything that CSV treats apart, cut at every place, in pieces of every length.
    @Test func whatIsWrittenIsRead() async throws {
        var random = SplitMix(state: 41)
        let alphabet = ["a", "é", "🦊", ",", "\"", "\n", "\r\n", " ", "\u{FEFF}", ""]
        for round in 0..<120 {
            let width = Int.random(in: 1...4, using: &random)
            let table = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                (0..<width).map { _ in
                    (0..<Int.random(in: 0...5, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "" }
                        .joined()
                }
            }
            let end = Bool.random(using: &random) ? "\r\n" : "\n"
            var text = table.map { row in
                row.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }.joined(separator: ",") + end
            }.joined()
            if Bool.random(using: &random), text.hasSuffix(end) { text = String(text.unicodeScalars.dropLast(end.unicodeScalars.count)) }
            let path = try room.write(text, to: "drawn-\(round).csv")
            let size = Int.random(in: 1...5, using: &random)
            let plan = SplitPlan(mode: .rows, batchSize: size, rowHeader: false)
            let whole = try #require(try RowTable(path: path, name: "t.csv", plan: plan, limit: 100))
            let pieces = try RowTable(
                path: path, name: "t.csv", plan: plan, limit: 100, pieceSize: Int.random(in: 4...9, using: &random))
            #expect(pieces?.runs == whole.runs)
            #expect(whole.runs.map(\.rows.count).dropLast().allSatisfy { $0 == size })
            let bytes = Array(text.utf8)
            let found = try whole.runs.flatMap { run in
                let part = Array(bytes[Int(run.bytes.lowerBound)..<Int(run.bytes.upperBound)])
                return try RowReader.records(part, delimiter: UInt8(ascii: ","), line: run.line)
            }
            #expect(found.map { $0.map { Array($0.utf8) } } == table.map { $0.map { Array($0.utf8) } })
        }
    }

    @Test func garbageNeverTraps() async throws {
        var random = SplitMix(state: 99)
        let bytes: [UInt8] = [0, 0x0A, 0x0D, 0x22, 0x2C, 0x61, 0x7B, 0x7D, 0x5B, 0x31, 0xC3, 0xA9, 0xF0, 0x80, 0xFF]
        for _ in 0..<400 {
            let count = Int.random(in: 0...40, using: &random)
            let text = (0..<count).map { _ in bytes.randomElement(using: &random) ?? 0 }
            for name in ["t.csv", "t.tsv", "t.jsonl"] {
                let file = ContentReference(hash: try room.content.put(text), name: name)
                let path = room.content.path(of: file.hash)
                let table = try? RowTable(path: path, name: name, plan: SplitPlan(mode: .rows), limit: 9, pieceSize: 5)
                for unit in table?.units(of: file, key: "k") ?? [] {
                    guard let cut = unit.cut, case .rows(let rows) = cut.form else { continue }
                    _ = try RowReader(content: room.content).rows(of: unit, cut, rows)
                }
            }
        }
    }
}
