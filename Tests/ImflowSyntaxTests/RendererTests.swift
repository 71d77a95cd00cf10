import ImflowDiagnostics
import ImflowJSON
import ImflowSyntax
import Testing

/// What findings look like.
@Suite struct RendererTests {
    private static let unknownKey = DiagnosticCode(101, "unknown-key")
    private static let odd = DiagnosticCode(901, "odd", .warning)

    private func source(_ text: String, name: String = "model.yaml") -> Source {
        Source(name: name, bytes: Array(text.utf8))
    }

    /// The span of the first `part` in a source.
    private func span(_ source: Source, _ part: String) -> Span {
        let bytes = Array(part.utf8)
        let start = source.bytes.indices.first { source.bytes[$0...].starts(with: bytes) } ?? 0
        return Span(source, start..<start + bytes.count)
    }

    private func full(_ diagnostics: Diagnostic...) -> String { DiagnosticRenderer().render(diagnostics) }

    @Test func everythingInFull() {
        let text = source("name: a\nmulti_node:\n  tile_size: 512\n  tile_sise: 256\n  x: 1\n  y: 2\n")
        let primary = span(text, "tile_sise")
        let diagnostic = Diagnostic(
            Self.unknownKey, "unknown key \"tile_sise\" in multi_node", at: primary, label: "not a key of multi_node",
            secondary: [Label(span(text, "multi_node"), "in this block"), Label(span(text, "y: 2"))],
            notes: ["keys that start with `x-` are the author's own\nand are never flagged"],
            help: "did you mean \"tile_size\"?",
            fixes: [
                FixIt(
                    "replace \"tile_sise\" by \"tile_size\"", .safe,
                    edits: [FixIt.Edit(primary, replacement: "tile_size")]),
                FixIt("remove the key", .needsReview, edits: []),
            ])
        #expect(
            full(diagnostic) == """
                error: unknown key "tile_sise" in multi_node unknown-key [IMF0101]
                 --> model.yaml:4:3
                  |
                2 | multi_node:
                  | ---------- in this block
                ...
                4 |   tile_sise: 256
                  |   ^^^^^^^^^ not a key of multi_node
                ...
                6 |   y: 2
                  |   ----
                  = note: keys that start with `x-` are the author's own
                          and are never flagged
                  = help: did you mean "tile_size"?
                  = fix: replace "tile_sise" by "tile_size"
                4 -   tile_sise: 256
                4 +   tile_size: 256
                  = fix (needs review): remove the key

                1 error

                """)
    }

    @Test func severalFindingsAndFiles() {
        let model = source("a: 1\na: 2\n")
        let job = source("{\"x\": 1}\n", name: "job.json")
        let first = duplicateKeys(in: parseYAML(model).tree)[0]
        let second = Diagnostic(
            Self.odd, "odd", at: span(job, "\"x\""), secondary: [Label(span(model, "a"), "declared here")])
        #expect(
            full(first, second) == """
                error: duplicate key "a" duplicate-key [IMF0102]
                 --> model.yaml:2:1
                  |
                1 | a: 1
                  | - first defined here
                2 | a: 2
                  | ^

                warning: odd odd [IMF0901]
                 --> job.json:1:2
                  |
                1 | {"x": 1}
                  |  ^^^
                 ::: model.yaml:1:1
                  |
                1 | a: 1
                  | - declared here

                1 error, 1 warning

                """)
    }

    @Test func marksOfOneLineShareIt() {
        let text = source("a: {b: 1, b: 2}\n")
        #expect(
            full(duplicateKeys(in: parseYAML(text).tree)[0]) == """
                error: duplicate key "b" duplicate-key [IMF0102]
                 --> model.yaml:1:11
                  |
                1 | a: {b: 1, b: 2}
                  |     - first defined here
                  |           ^

                1 error

                """)
    }

    /// Line 2 of the text, and what is under it, for a span of `part`.
    private func marked(_ line: String, _ part: String) -> [String] {
        let text = source("# 1\n\(line)\n")
        let rendered = full(Diagnostic(Self.odd, "odd", at: span(text, part)))
        let lines = rendered.split(separator: "\n", omittingEmptySubsequences: false)
        return lines[3...4].map { String($0.dropFirst(4)) }
    }

    @Test func columns() {
        #expect(marked("\ta:\tb", "b") == ["    a:  b", "        ^"])
        #expect(marked("é: ü€", "ü€") == ["é: ü€", "   ^^"])
        #expect(marked("e\u{301}x: y", "y") == ["e\u{301}x: y", "    ^"])
        #expect(marked("中文: 字 x", "x") == ["中文: 字 x", "         ^"])
        #expect(marked("中文: 字 x", "文") == ["中文: 字 x", "  ^^"])
        #expect(marked("😀👍🏽: x", "x") == ["😀👍🏽: x", "      ^"])
        #expect(marked("👩\u{200D}👩: x", "x") == ["👩\u{200D}👩: x", "    ^"])
        #expect(marked("a: ", "a: ") == ["a: ", "^^^"])
        #expect(marked("a", "") == ["# 1", "^"])
    }

    @Test func placesAtTheEdges() {
        let empty = source("")
        #expect(
            full(Diagnostic(Self.odd, "odd", at: Span(empty, 0..<0))) == """
                warning: odd odd [IMF0901]
                 --> model.yaml:1:1
                  |
                1 |
                  | ^

                1 warning

                """)
        let text = source("a: [1,\n  2]\nb: 1\n")
        let spread = full(Diagnostic(Self.odd, "odd", at: span(text, "[1,\n  2]")))
        #expect(spread.contains("1 | a: [1,\n  |    ^^^\n"))
        let end = full(Diagnostic(Self.odd, "odd", at: Span(text, text.bytes.count..<text.bytes.count)))
        #expect(end.contains("--> model.yaml:4:1\n  |\n4 |\n  | ^\n"))
        let crlf = source("\u{FEFF}a: 1\r\nb: 2\r\n")
        #expect(full(Diagnostic(Self.odd, "odd", at: span(crlf, "a: 1\r\n"))).contains("1 | a: 1\n  | ^^^^\n"))
        let beyond = Diagnostic(Self.odd, "odd", at: Span(text, 900..<950))
        #expect(full(beyond).contains("--> model.yaml:4:1"))
    }

    @Test func gutterFitsTheLargestLine() {
        let text = source(String(repeating: "x: 1\n", count: 99) + "last: 1\n")
        let diagnostic = Diagnostic(
            Self.odd, "odd", at: span(text, "last"), secondary: [Label(Span(text, 0..<1), "first")])
        #expect(
            full(diagnostic).contains(
                """
                   --> model.yaml:100:1
                    |
                  1 | x: 1
                    | - first
                ...
                100 | last: 1
                    | ^^^^
                """))
    }

    // MARK: Hostile files

    @Test func longLinesAreCut() {
        let filler = String(repeating: "é", count: 100_000)
        let text = source("a: {\(filler): 1, here: 2, \(filler): 3}")
        let key = span(text, "here")
        let rendered = full(Diagnostic(Self.odd, "odd", at: key, secondary: [Label(Span(text, 0..<1), "start")]))
        let lines = rendered.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count < 200 })
        #expect(lines[3].hasPrefix("1 | a: {ééé") && lines[3].hasSuffix("é…"))
        #expect(lines[4] == "  | - start")
        #expect(lines[5].hasPrefix("1 | …é") && lines[5].contains(": 1, here: 2, é") && lines[5].hasSuffix("é…"))
        let marks = lines[6]
        #expect(marks.hasSuffix("^^^^"))
        let under = lines[5].dropFirst(marks.count - 4).prefix(4)
        #expect(under == "here")
        let whole = full(Diagnostic(Self.odd, "odd", at: Span(text, 0..<text.bytes.count)))
        #expect(whole.split(separator: "\n").allSatisfy { $0.count < 200 })
    }

    @Test func nothingDrivesTheTerminal() {
        let hostile = "\u{1B}[31mred\u{7}\u{9B}2J\u{202E}evil\u{200B}\u{7F}\u{E0041}\u{FFF9}"
        let text = source("k: \"\(hostile)\"\n", name: "mo\u{1B}del\n.yaml")
        let diagnostic = Diagnostic(
            Self.odd, "head \(hostile)\nline", at: span(text, "\u{202E}evil"), label: hostile, notes: [hostile],
            help: hostile,
            fixes: [FixIt(hostile, .safe, edits: [])])
        for format in [DiagnosticRenderer.Format.full, .concise] {
            let rendered = DiagnosticRenderer(format).render([diagnostic])
            for scalar in rendered.unicodeScalars where scalar != "\n" {
                #expect(![.control, .format, .privateUse].contains(scalar.properties.generalCategory))
            }
            #expect(rendered.contains(#"mo\u{1B}del\n.yaml:1:"#))
            #expect(
                rendered.contains(#"head \u{1B}[31mred\u{7}\u{9B}2J\u{202E}evil\u{200B}\u{7F}\u{E0041}\u{FFF9}\nline"#))
        }
        let lines = full(diagnostic).split(separator: "\n")
        #expect(lines[3] == #"1 | k: "\u{1B}[31mred\u{7}\u{9B}2J\u{202E}evil\u{200B}\u{7F}\u{E0041}\u{FFF9}""#)
        #expect(lines[4].hasPrefix("  |" + String(repeating: " ", count: 31) + "^^^^^^^^^^^^ "))
    }

    @Test func brokenBytesAreShown() throws {
        let text = Source(name: "a.yaml", bytes: Array("a: x".utf8) + [0xFF, 0xC3, 0x28, 0x0A])
        let diagnostic = try #require(parse(text).diagnostics.first)
        let rendered = full(diagnostic)
        #expect(rendered.contains("1 | a: x\\xFF\\xC3(\n  |     ^^^^\n"))
    }

    @Test func longMessagesAreCut() {
        let text = source("a: 1\n")
        let line = full(Diagnostic(Self.odd, String(repeating: "x", count: 100_000), at: span(text, "a")))
        #expect(line.utf8.count < 1000)
        #expect(line.contains("xxx…"))
    }

    // MARK: Other formats

    @Test func concise() {
        let text = source("a: 1\nü: {b: 1, b: 2}\n")
        let rendered = DiagnosticRenderer(.concise).render(duplicateKeys(in: parseYAML(text).tree))
        #expect(rendered == "model.yaml:2:11: error: duplicate key \"b\" [IMF0102]\n")
        #expect(DiagnosticRenderer(.concise).render([]) == "")
        #expect(DiagnosticRenderer(.full).render([]) == "")
    }

    @Test func jsonDocument() throws {
        let text = source("é: 1\na: 2\na: 3\n")
        var found = duplicateKeys(in: parseYAML(text).tree)
        let key = found[0].primary.span
        found[0].notes = ["a note"]
        found[0].fixes = [FixIt("remove it", .needsReview, edits: [FixIt.Edit(key, replacement: "")])]
        let document = try JSONValue.parse(DiagnosticRenderer(.json).render(found))
        #expect(
            document == [
                "schema": "imflow.diagnostics/v1", "errors": 1, "warnings": 0,
                "diagnostics": [
                    [
                        "code": "IMF0102", "slug": "duplicate-key", "severity": "error",
                        "message": "duplicate key \"a\"",
                        "file": "model.yaml", "line": 3, "column": 1, "end_line": 3, "end_column": 2,
                        "start_byte": 11, "end_byte": 12, "label": "", "help": nil, "notes": ["a note"],
                        "secondary": [
                            [
                                "file": "model.yaml", "line": 2, "column": 1, "end_line": 2, "end_column": 2,
                                "start_byte": 6, "end_byte": 7, "label": "first defined here",
                            ]
                        ],
                        "fixes": [
                            [
                                "title": "remove it", "applicability": "needs-review",
                                "edits": [
                                    [
                                        "file": "model.yaml", "line": 3, "column": 1, "end_line": 3, "end_column": 2,
                                        "start_byte": 11, "end_byte": 12, "replacement": "",
                                    ]
                                ],
                            ]
                        ],
                    ]
                ],
            ])
        let none = try JSONValue.parse(DiagnosticRenderer(.json).render([]))
        #expect(none == ["schema": "imflow.diagnostics/v1", "errors": 0, "warnings": 0, "diagnostics": []])
    }

    @Test func colourOnlyWhenAsked() {
        let text = source("a: 1\n")
        let diagnostic = Diagnostic(Self.odd, "odd", at: span(text, "a"), help: "mend it")
        let coloured = DiagnosticRenderer(.full, colour: true).render([diagnostic])
        #expect(coloured.contains("\u{1B}[1;33mwarning\u{1B}[0m"))
        #expect(!full(diagnostic).contains("\u{1B}"))
        let stripped = coloured.replacing(/\u{1B}\[[0-9;]*m/, with: "")
        #expect(stripped == full(diagnostic))
    }

    // MARK: Order and counts

    @Test func orderAndRepetition() {
        let a = source("x: 1\ny: 2\n", name: "a.yaml")
        let b = source("x: 1\n", name: "b.yaml")
        let late = Diagnostic(Self.odd, "late", at: span(a, "y"))
        let early = Diagnostic(Self.odd, "early", at: span(a, "x"))
        let graver = Diagnostic(Self.unknownKey, "graver", at: span(a, "x"))
        let other = Diagnostic(Self.odd, "other", at: span(b, "x"))
        let twin = Diagnostic(Self.odd, "early, in other words", at: span(a, "x"))
        let sorted = [other, late, early, twin, graver, early, late].sortedForReport()
        #expect(sorted == [graver, early, twin, late, other])
    }

    @Test func summary() {
        let text = source("a: 1\n")
        let error = Diagnostic(Self.unknownKey, "e", at: span(text, "a"))
        let warning = Diagnostic(Self.odd, "w", at: span(text, "a"))
        #expect(DiagnosticRenderer.summary(of: [error, warning, error]) == "2 errors, 1 warning")
        #expect(DiagnosticRenderer.summary(of: [warning, warning]) == "2 warnings")
        #expect(DiagnosticRenderer.summary(of: []) == nil)
    }

    @Test(
        arguments: [
            ("tile_sise", "tile_size"), ("tilesize", "tile_size"), ("tile-size", "tile_size"),
            ("TILE_SIZE", "tile_size"),
            ("tiel_size", "tile_size"), ("tile_sizes", "tile_size"), ("nam", "name"), ("nmae", "name"), ("gpus", "gpu"),
            ("colour", nil), ("x", nil), ("", nil), ("completely_different", nil), ("name", nil),
        ] as [(String, String?)]) func nearestNames(_ word: String, _ expected: String?)
    {
        #expect(
            nearest(word, in: ["name", "tile_size", "tile_overlap", "gpu", "seed"].filter { $0 != word }) == expected)
    }

    @Test func nearestIsDeterministic() {
        let names = ["cat", "bat", "hat"]
        #expect(nearest("rat", in: names) == "bat")
        #expect(nearest("rat", in: names.reversed()) == "bat")
        #expect(nearest(String(repeating: "a", count: 1_000_000), in: [String(repeating: "a", count: 999_999)]) == nil)
    }

    @Test func positions() {
        let text = Source(name: "t", bytes: Array("\u{FEFF}aé\r\nb\rc\n".utf8))
        func place(_ offset: Int) -> [Int] { [text.position(of: offset).line, text.position(of: offset).column] }
        #expect(place(0) == [1, 1] && place(3) == [1, 1] && place(4) == [1, 2] && place(6) == [1, 3])
        #expect(place(8) == [2, 1] && place(10) == [3, 1] && place(12) == [4, 1] && place(99) == [4, 1])
        #expect((1...5).map { text.lineRange($0) } == [3..<6, 8..<9, 10..<11, 12..<12, 12..<12])
    }
}
