import ImflowDiagnostics
import ImflowSyntax
import Testing

/// What is wrong is named with its place, and the tree keeps all before it.
@Suite struct SyntaxErrorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var text: String
        var place: String
        var headline: String
        /// The tree as JSON-like text, `?` for a hole.
        var kept: String
        var testDescription: String { text.debugDescription }

        init(_ text: String, _ place: String, _ headline: String, kept: String) {
            (self.text, self.place, self.headline, self.kept) = (text, place, headline, kept)
        }
    }

    static let yamlCases: [Case] = [
        Case("a: 1\nb: \"open\nc: 2\n", "2:4", "the quoted text never ends", kept: "{a: 1, b: ?}"),
        Case("a: 1\nb: [1, 2\nc: 3\n", "3:2", "the list needs a `,` or a `]` here", kept: "{a: 1, b: [1, ?]}"),
        Case("a: {b: 1", "1:9", "the mapping needs a `,` or a `}` here", kept: "{a: {b: ?}}"),
        Case("a: 1\n\tb: 2\n", "2:1", "a tab cannot indent YAML", kept: "{a: ?}"),
        Case("a: 1\nb: @c\n", "2:4", "a plain value cannot start with `@`", kept: "{a: 1, b: ?}"),
        Case("a: 1\nb: [x : y : z]\n", "2:11", "the list needs a `,` or a `]` here", kept: "{a: 1, b: [{x: ?}]}"),
        Case("a: b: c\n", "1:5", "a `:` that no key can take stands here", kept: "{a: ?}"),
        Case("a: 1\nb: 2\n c: 3\n", "3:3", "a `:` that no key can take stands here", kept: "{a: 1, b: ?}"),
        Case("a:\n    b: 1\n  c: 2\n", "3:3", "this is neither a key of the mapping nor its end", kept: "{a: {b: 1}}"),
        Case("a: 1\njust words\nb: 2\n", "3:1", "a key without `:`", kept: "{a: 1}"),
        Case("- 1\n- 2\nb: 3\n", "3:1", "this is neither an item of the list nor its end", kept: "[1, 2, ?]"),
        Case("a: 1\nb: - 2\n", "2:4", "a list cannot start here", kept: "{a: 1, b: ?}"),
        Case("a: \"\\q\"\n", "1:5", "unknown escape in double quotes", kept: "{a: ?}"),
        Case("a: \"\\ud83d\\ude00\"\n", "1:7", "this escape is no character", kept: "{a: ?}"),
        Case("a: & b\n", "1:4", "a name must follow `&` and `*`", kept: "{a: ?}"),
        Case("a: !x!y b\n", "1:4", "this tag has a handle that no `%TAG` line defines", kept: "{a: ?}"),
        Case("[1]\nb: 1\n", "2:1", "text that belongs to no key", kept: "[1]"),
        Case("%YAML 3.0\n---\na: 1\n", "1:1", "this version of YAML is not supported", kept: "?"),
        Case(
            "a: 1\nb: é\u{1B}[2J\nc: 1\n", "2:5", "the control character U+001B is not allowed in YAML",
            kept: "{a: 1, b: ?}"),
        Case("a: ]\n", "1:4", "a value is expected here", kept: "{a: ?}"),
    ]

    @Test(arguments: yamlCases) func yamlError(_ test: Case) throws { try check(test, yaml(test.text)) }

    static let jsonCases: [Case] = [
        Case(#"{"a": 1, "b": }"#, "1:15", "invalid JSON: not a JSON value", kept: "{a: 1, b: ?}"),
        Case(#"{"a": [1, 2"#, "1:12", "invalid JSON: expected ',' or ']'", kept: "{a: [1, ?]}"),
        Case("{\"a\": 1,\n}", "2:1", "invalid JSON: expected a member name in quotes", kept: "{a: 1}"),
        Case("{\"a\": 1}\n{}", "2:1", "invalid JSON: unexpected text after the value", kept: "{a: 1}"),
        Case("{'a': 1}", "1:2", "invalid JSON: expected a member name in quotes", kept: "{}"),
        Case("nope", "1:1", "invalid JSON: not a JSON value", kept: "?"),
        Case(#"["a", "b"#, "1:9", "invalid JSON: the string does not end", kept: "[a, ?]"),
        Case(#"{"a" 1}"#, "1:6", "invalid JSON: expected ':' after the member name", kept: "{a: ?}"),
        Case(#"{"a": "\ud83d"}"#, "1:14", "invalid JSON: a high surrogate without its low one", kept: "{a: ?}"),
    ]

    @Test(arguments: jsonCases) func jsonError(_ test: Case) throws { try check(test, json(test.text)) }

    private func check(_ test: Case, _ result: SyntaxResult) throws {
        #expect(result.diagnostics.count == 1)
        let diagnostic = try #require(result.diagnostics.first)
        let place = diagnostic.primary.span.start
        #expect("\(place.line):\(place.column)" == test.place)
        #expect(diagnostic.headline == test.headline)
        #expect(diagnostic.code == .invalidSyntax)
        #expect(shapeFault(result.tree) == nil)
        #expect(try outline(rootOf(result)) == test.kept)
        let isWhole = test.headline.contains("after the value")
        #expect(result.tree.isComplete == isWhole)
    }

    private func outline(_ node: SyntaxNode) -> String {
        switch node.kind {
        case .scalar: node.scalarText ?? ""
        case .sequence: "[" + node.items.map(outline).joined(separator: ", ") + "]"
        case .mapping:
            "{" + node.members.map { "\(outline($0.key)): \(outline($0.value))" }.joined(separator: ", ") + "}"
        case .alias: "*"
        case .hole: "?"
        }
    }

    @Test func contextIsShown() throws {
        let diagnostic = try #require(yaml("a:\n  b: [1,\n    2\nc: 3\n").diagnostics.first)
        #expect(diagnostic.secondary.map(\.text) == ["in the list that this opens"])
        #expect(diagnostic.secondary.first?.span.start.line == 2)
        let json = try #require(json("{\"a\": [1, {\"b\": 2").diagnostics.first)
        #expect(json.secondary.map(\.text) == ["opened here and never closed"])
        #expect(json.secondary.first?.span.start.column == 11)
    }

    @Test func severalDocuments() throws {
        let result = yaml("a: 1\n---\nb: 2\n")
        #expect(result.diagnostics.map(\.code) == [.severalDocuments])
        #expect(result.diagnostics.first?.primary.span.text == "---")
        #expect(try rootOf(result).at("a")?.coreValue == .int(1))
        #expect(result.tree.isComplete)
        #expect(yaml("---\na: 1\n...\n").diagnostics.isEmpty)
        #expect(yaml("a: 1\n...\n# the end\n").diagnostics.isEmpty)
    }

    @Test(arguments: ["", "\u{FEFF}", "\n\n", "# only a note\n", "---\n", "---\n...\n", "   "])
    func nothing(_ text: String) {
        let result = yaml(text)
        #expect(result.diagnostics.map(\.code) == [.emptyDocument])
        #expect(result.tree.root == nil)
        let isBare = text.isEmpty || text == "\u{FEFF}"
        #expect(result.diagnostics.first?.headline.contains("nothing but") == !isBare)
    }

    @Test(arguments: ["\u{1}", "\u{1F}", "\u{7F}", "\u{80}", "\u{9F}", "\u{FFFE}", "\u{FFFF}"])
    func charactersOutsideYAML(_ character: String) throws {
        let result = yaml("a: 1\nb: x\(character)\n")
        #expect(result.diagnostics.map(\.code) == [.invalidSyntax])
        #expect(result.diagnostics.first?.headline.hasPrefix("the control character U+") == true)
        #expect(result.diagnostics.first?.primary.span.text == character)
        #expect(try rootOf(result).at("a")?.coreValue == .int(1))
        #expect(try rootOf(result).at("b")?.kind == .hole)
    }

    @Test(arguments: ["\u{85}", "\u{A0}", "\u{2028}", "\u{E000}", "\u{FFFD}", "\u{10FFFF}", "\t"])
    func charactersOfYAML(_ character: String) throws {
        #expect(try rootOf(yaml("a: 'x\(character)y'\nb: 1\n")).at("b")?.coreValue == .int(1))
        #expect(yaml("a: 'x\(character)y'\n").diagnostics.isEmpty)
    }

    @Test func nothingInJSON() {
        #expect(json("").diagnostics.map(\.code) == [.emptyDocument])
        #expect(json("  \n").diagnostics.map(\.code) == [.invalidSyntax])
    }

    @Test func theNameChoosesTheReader() throws {
        let text = Array(#"{"a": "\ud83d\ude00"}"#.utf8)
        let asJSON = parse(Source(name: "some/Job.JSON", bytes: text))
        #expect(asJSON.diagnostics.isEmpty)
        #expect(try rootOf(asJSON).at("a")?.scalarText == "😀")
        #expect(parse(Source(name: "job.yaml", bytes: text)).diagnostics.map(\.code) == [.invalidSyntax])
    }

    // MARK: Bytes that are no text

    private func both(_ bytes: [UInt8]) -> [SyntaxResult] {
        [parse(Source(name: "a.yaml", bytes: bytes)), parse(Source(name: "a.json", bytes: bytes))]
    }

    @Test func nulByte() throws {
        let head = #"{"a": "x", "b": "#
        for result in both(Array((head + "12\0 }").utf8)) {
            #expect(result.diagnostics.map(\.code) == [.nulByte])
            #expect(result.diagnostics.first?.primary.span.range == 18..<19)
            #expect(!result.tree.isComplete)
            #expect(shapeFault(result.tree) == nil)
        }
        let block = parse(Source(name: "a.yaml", bytes: Array("a: x\nb: 12\0\nc: 1\n".utf8)))
        #expect(block.tree.root?.at("a")?.scalarText == "x")
        #expect(block.tree.root?.at("b")?.kind == .hole)
        let object = try #require(both(Array((head + "12\0 }").utf8)).last?.tree.root)
        #expect(object.at("a")?.scalarText == "x")
        #expect(object.at("b")?.kind == .hole)
    }

    @Test(
        arguments: [
            [0xFF], [0xC3, 0x28], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82],
            [0xF0, 0x9F, 0x98],
        ] as [[UInt8]]) func invalidUTF8(_ bad: [UInt8])
    {
        let head = "{\"a\": 1, \n\"é\": \""
        for result in both(Array(head.utf8) + bad + Array("\"}".utf8)) {
            #expect(result.diagnostics.map(\.code) == [.notUTF8])
            #expect(result.diagnostics.first?.primary.span.range.lowerBound == head.utf8.count)
            #expect(result.diagnostics.first?.primary.span.start.line == 2)
            #expect(shapeFault(result.tree) == nil)
        }
        for result in both(bad) {
            #expect(result.diagnostics.map(\.code) == [.notUTF8])
            #expect(result.tree.root?.kind == .hole)
        }
    }

    @Test func wideEncodings() {
        let text = Array("{\"a\": 1}".utf8)
        let little = text.flatMap { byte -> [UInt8] in [byte, 0] }
        let big = text.flatMap { byte -> [UInt8] in [0, byte] }
        let marked: [[UInt8]] = [[0xFF, 0xFE] + little, [0xFE, 0xFF] + big]
        for bytes in marked + [little, big] {
            for result in both(bytes) {
                #expect(result.diagnostics.map(\.code) == [.notUTF8])
                #expect(result.diagnostics.first?.headline.contains("UTF-16") == true)
                #expect(result.tree.root?.kind == .hole)
            }
        }
        #expect(both([0xFF, 0xFE, 0, 0, 0x61, 0, 0, 0]).allSatisfy { $0.diagnostics[0].headline.contains("UTF-32") })
    }
}
