import ImflowDiagnostics
import ImflowSyntax
import Testing

/// The bytes of every kind of key and value, exactly.
@Suite struct SpanTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var text: String
        var path: [String]
        var expected: String
        var testDescription: String { "\(text.debugDescription) at \(path)" }

        init(_ text: String, _ path: String, _ expected: String) {
            self.text = text
            self.path = path.isEmpty ? [] : path.split(separator: "/").map(String.init)
            self.expected = expected
        }
    }

    static let block: [Case] = [
        Case("a: b\n", "#a", "a"), Case("a: b\n", "a", "b"), Case("a: b\n", "", "a: b"),
        Case("a:   spaced out   # note\n", "a", "spaced out"),
        Case("a: b c\n  d e\nf: g\n", "a", "b c\n  d e"),
        Case("'a': 'it''s'\n", "a", "'it''s'"), Case("'a': 'b'\n", "#a", "'a'"),
        Case("\"a\": \"b\\n\"  # x\n", "a", "\"b\\n\""),
        Case("a: \"two\n  lines\"\nb: 1\n", "a", "\"two\n  lines\""),
        Case("a:\n  b: 1\n  c: 2\nd: 3\n", "a", "b: 1\n  c: 2"),
        Case("a:\n  b:\n    c: 2\n\n\n# note\nd: 3\n", "a", "b:\n    c: 2"),
        Case("a:\n  b:\n    c: 2\n\n\n# note\nd: 3\n", "a/b", "c: 2"),
        Case("a:\n  b:\n    c: 2\n\n\n# note\nd: 3\n", "", "a:\n  b:\n    c: 2\n\n\n# note\nd: 3"),
        Case("a:\n- x\n- y\nb: 1\n", "a", "- x\n- y"),
        Case("a:\n  - x\n  -   y # n\nb: 1\n", "a", "- x\n  -   y"),
        Case("a:\n  - x\n  -   y # n\nb: 1\n", "a/1", "y"),
        Case("- - 1\n  - 2\n- 3\n", "0", "- 1\n  - 2"),
        Case("- a: 1\n  b: 2\n- c\n", "0", "a: 1\n  b: 2"),
        Case("a:\nb: 1\n", "a", ""), Case("- \n- 1\n", "0", ""), Case("a:\n  -\n  -\nb: 1", "a", "-\n  -"),
        Case("? a\n: b\n", "#a", "a"), Case("? a\n: b\n", "a", "b"), Case("? a\n: b\n", "", "? a\n: b"),
        Case("--- \na: b\n...\n", "", "a: b"), Case("%YAML 1.2\n---\na: b\n", "a", "b"),
        Case("just text\n", "", "just text"),
        Case("a: http://x.y/z?q=1#f\n", "a", "http://x.y/z?q=1#f"),
        Case("a: -1e3\n", "a", "-1e3"), Case("a:\tb\n", "a", "b"), Case("a: b\t# n\n", "a", "b"),
    ]

    static let scalarBlocks: [Case] = [
        Case("a: |\n  one\n  two\nb: 1\n", "a", "|\n  one\n  two"),
        Case("a: |+\n  one\n\n\nb: 1\n", "a", "|+\n  one"),
        Case("a: >-  # note\n  one\n  two\n\n\n# c\nb: 1\n", "a", ">-  # note\n  one\n  two"),
        Case("a: |2\n    x\n  y\n", "a", "|2\n    x\n  y"),
        Case("a: |\nb: 1\n", "a", "|"), Case("- |\n x\n- y", "0", "|\n x"), Case("a: >\n  no end", "a", ">\n  no end"),
    ]

    static let flow: [Case] = [
        Case("a: [1, two , 'x']\n", "a", "[1, two , 'x']"), Case("a: [1, two , 'x']\n", "a/1", "two"),
        Case("a: [1,\n  2]  # n\nb: 1\n", "a", "[1,\n  2]"),
        Case("{a: 1, \"b\": {c: d}}", "", "{a: 1, \"b\": {c: d}}"), Case("{a: 1, \"b\": {c: d}}", "b", "{c: d}"),
        Case("{a: 1, \"b\": {c: d}}", "#b", "\"b\""), Case("{\"a\":1}", "a", "1"),
        Case("[]", "", "[]"), Case("a: {}\n", "a", "{}"), Case("a: [\n]\nb: 1", "a", "[\n]"),
        Case("[a: 1, b]", "0", "a: 1"), Case("[a: 1, b]", "0/#a", "a"), Case("[a: , b]", "0", "a:"),
        Case("{a, b: 1}", "a", ""), Case("{a: , b: 1}", "a", ""), Case("{a: [1]\n  , b: 1}", "a", "[1]"),
    ]

    static let properties: [Case] = [
        Case("a: &x b\nc: *x\n", "a", "b"), Case("a: &x b\nc: *x\n", "c", "*x"),
        Case("a: !!str 12 # n\n", "a", "12"), Case("a: &x !!int 12\n", "a", "12"),
        Case("a: !!str &x 'q'\n", "a", "'q'"), Case("a: &x\n  b: 1\nc: 2\n", "a", "b: 1"),
        Case("a: &x # note\n  # more\n  b: 1\nc: 2\n", "a", "b: 1"),
        Case("a: &x\n- 1\n- 2\nc: 2\n", "a", "- 1\n- 2"), Case("a: &x [1]\n", "a", "[1]"),
        Case("a: !!map {b: 1}\n", "a", "{b: 1}"), Case("a: &x |\n  t\n", "a", "|\n  t"),
        Case("&k a: 1\n", "#a", "a"), Case("a: !!str\nb: 1\n", "a", ""), Case("[&x 1, *x ]", "1", "*x"),
        Case("a: &x?{k\n", "a", "?{k"), Case("a: !<tag:yaml.org,2002:seq> [x]\n", "a", "[x]"),
        Case("[!<tag:yaml.org,2002:str> x, !!str y, &a-b_1 z]", "0", "x"), Case("[!!str , 1]", "0", ""),
        Case("[!<tag:yaml.org,2002:str> x, !!str y, &a-b_1 z]", "2", "z"), Case("a: &x\nb: *x", "a", ""),
        Case("base: &b {k: v}\nc:\n  <<: *b\n  d: 1\n", "c/k", "v"),
    ]

    @Test(arguments: block + scalarBlocks + flow + properties) func yamlBytes(_ test: Case) throws {
        try expect(test, yaml(test.text), test.expected)
    }

    /// The same with CRLF, with a byte order mark, and behind characters of two to four bytes.
    @Test(arguments: block + scalarBlocks + flow + properties) func yamlBytesInOtherDress(_ test: Case) throws {
        func crlf(_ text: String) -> String {
            text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
        }
        try expect(test, yaml(crlf(test.text)), crlf(test.expected))
        try expect(test, yaml("\u{FEFF}" + test.text), test.expected)
        if !test.text.hasPrefix("%") {
            try expect(test, yaml("# é € 😀 \u{301}\n" + test.text), test.expected)
        }
    }

    private func expect(_ test: Case, _ result: SyntaxResult, _ expected: String) throws {
        #expect(result.diagnostics.isEmpty)
        #expect(shapeFault(result.tree) == nil)
        var node = try #require(result.tree.root)
        for part in test.path { node = try #require(node.at(part)) }
        #expect(node.sourceText == expected)
    }

    @Test func emptyValuesStandBehindTheirColon() throws {
        let text = "a:\nb: {c: , d}\ne: [f: ]\n? g\nh: !!str\n"
        let root = try #require(yaml(text).tree.root)
        func offset(_ node: SyntaxNode?) -> Int? { node?.span.range.lowerBound }
        #expect(offset(root.at("a")) == 2)
        #expect(offset(root.at("b", "c")) == 9)
        #expect(offset(root.at("b", "d")) == 13)
        #expect(offset(root.at("e", "0", "f")) == 21)
        #expect(offset(root.at("g")) == 27)
        #expect(offset(root.at("h")) == 36)
    }

    @Test func charactersOfAllLengths() throws {
        let text = "é: ü€😀\n\u{4E2D}\u{6587}: [ö, '😀', \"\\u00e9\"]\nz: ascii\n"
        let root = try #require(yaml(text).tree.root)
        #expect(root.at("é")?.sourceText == "ü€😀")
        #expect(root.at("#中文")?.sourceText == "中文")
        #expect(root.at("中文", "1")?.sourceText == "'😀'")
        #expect(root.at("中文", "2")?.scalarText == "é")
        #expect(root.at("z")?.sourceText == "ascii")
    }

    /// Marks are mapped by checkpoints: values far into a text of mixed characters.
    @Test func farFromTheStart() throws {
        let text = (0..<500).map { "key\($0)é: välue😀\($0)\r\n" }.joined()
        let root = try #require(yaml(text).tree.root)
        for (index, member) in root.members.enumerated() {
            #expect(member.key.sourceText == "key\(index)é")
            #expect(member.value.sourceText == "välue😀\(index)")
        }
        #expect(root.members.count == 500)
    }

    @Test(arguments: [
        Case(#"{"a": {"b": [1, -2.5e3, "x\u0041"]}, "c": null}"#, "a", #"{"b": [1, -2.5e3, "x\u0041"]}"#),
        Case(#"{"a": {"b": [1, -2.5e3, "x\u0041"]}, "c": null}"#, "a/b/1", "-2.5e3"),
        Case(#"{"a": {"b": [1, -2.5e3, "x\u0041"]}, "c": null}"#, "a/b/2", #""x\u0041""#),
        Case(#"{"a": {"b": [1, -2.5e3, "x\u0041"]}, "c": null}"#, "#c", #""c""#),
        Case("\u{FEFF} {\r\n\t\"é\" : \"😀\" }\r\n", "é", "\"😀\""), Case(" [ ] ", "", "[ ]"), Case("true", "", "true"),
    ]) func jsonBytes(_ test: Case) throws {
        try expect(test, json(test.text), test.expected)
    }
}
