import ImflowDiagnostics
import ImflowJSON
import ImflowSyntax
import Testing

/// Repeated keys, merge keys, and subtrees as JSON.
@Suite struct KeyTests {
    // MARK: Duplicates

    @Test func duplicates() throws {
        let result = yaml("a: 1\nb: {c: 1, 'c': 2}\n\"a\": 3\na: 4\n")
        let found = duplicateKeys(in: result.tree).sortedForReport()
        #expect(found.map(\.headline) == [#"duplicate key "c""#, #"duplicate key "a""#, #"duplicate key "a""#])
        #expect(found.map(\.primary.span.text) == ["'c'", "\"a\"", "a"])
        #expect(
            found.flatMap(\.secondary).map { "\($0.span.start.line) \($0.text)" } == [
                "2 first defined here", "1 first defined here", "1 first defined here",
            ])
        #expect(found.allSatisfy { $0.code == .duplicateKey && $0.severity == .error })
        #expect(result.tree.root?.members.count == 4)
    }

    @Test func duplicatesInJSONAndThroughAliases() {
        #expect(duplicateKeys(in: json(#"{"a": 1, "\u0061": 2, "A": 3}"#).tree).count == 1)
        #expect(duplicateKeys(in: json(#"[{"a": 1}, {"a": 2}, {"b": {"a": 1}}]"#).tree).isEmpty)
        #expect(duplicateKeys(in: yaml("x: &k a\nm: {*k : 1, a: 2}\n").tree).map(\.primary.span.text) == ["a"])
        // Seen once, however often the mapping is referred to.
        #expect(duplicateKeys(in: yaml("x: &m {a: 1, a: 2}\ny: [*m, *m]\n").tree).count == 1)
        #expect(duplicateKeys(in: yaml("? [1]\n: 1\n? [1]\n: 2\n").tree).isEmpty)
    }

    @Test func duplicatesAreBounded() {
        let text = String(repeating: "a: 1\n", count: 50_000)
        #expect(duplicateKeys(in: yaml(text).tree).count == 100)
        #expect(duplicateKeys(in: yaml(text).tree, limit: 7).count == 7)
    }

    // MARK: Merges

    private func merged(_ text: String, _ path: String) throws -> [String] {
        let node = try #require(try rootOf(yaml(text)).at(path))
        return node.mergedMembers.map { "\($0.key.scalarText ?? "?")=\($0.value.scalarText ?? "?")" }
    }

    @Test func merges() throws {
        let base = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\n"
        #expect(try merged(base + "m: {<<: *x, b: 9}\n", "m") == ["a=1", "b=9"])
        #expect(try merged(base + "m: {b: 9, <<: *x}\n", "m") == ["b=9", "a=1"])
        #expect(try merged(base + "m: {<<: [*y, *x]}\n", "m") == ["b=2", "c=2", "a=1"])
        #expect(try merged(base + "m: {<<: {d: 4, a: 5}, a: 6}\n", "m") == ["d=4", "a=6"])
        #expect(try merged(base + "z: &z {<<: *x, a: 7}\nm: {<<: *z}\n", "m") == ["b=1", "a=7"])
        #expect(try merged(base + "m: {\"<<\": 1, a: 2}\n", "m") == ["<<=1", "a=2"])
        #expect(try merged(base + "m: {!!merge <<: *x}\n", "m") == ["a=1", "b=1"])
        #expect(try merged(base + "m: {!!str <<: 3}\n", "m") == ["<<=3"])
    }

    @Test func mergedValuesKnowTheirPlace() throws {
        let root = try #require(yaml("x: &x {a: 1}\nm:\n  <<: *x\n  b: 2\n").tree.root)
        #expect(root.at("m", "a")?.span.range == 10..<11)
        #expect(root.at("m")?.members.first?.value.sourceText == "*x")
        #expect(json(#"{"m": {"<<": {"a": 1}}}"#).tree.root?.at("m", "a") == nil)
    }

    @Test func mergeFindings() {
        let tree = yaml("x: &x {a: 1}\nm: {<<: *x}\nn: {<<: 3}\no: {<<: [*x, [1]]}\np: {'<<': 1}\n").tree
        let found = mergeKeys(in: tree)
        #expect(found.map(\.code) == [.mergeKey, .invalidMerge, .invalidMerge])
        #expect(found.map(\.severity) == [.note, .error, .error])
        #expect(found.map(\.primary.span.text) == ["<<", "3", "[1]"])
    }

    @Test func whatIsNoMappingIsToldOnceHoweverOftenItIsMerged() {
        let tree = yaml("a: &a [1]\nb:\n  <<: *a\n  <<: *a\nc:\n  <<: *a\n").tree
        #expect(mergeKeys(in: tree).map(\.code) == [.invalidMerge])
    }

    // MARK: JSON values

    @Test func jsonOfYAML() throws {
        let text = """
            x: &x {b: 0x10, c: 1.5}
            list: [yes, ~, true, "1", .5, *x]
            merged: {<<: *x, c: 2}
            12: number key
            text: |
              two
              lines

            """
        let value = try #require(try rootOf(yaml(text)).jsonValue())
        let expected = """
            {"x":{"b":16,"c":1.5},"list":["yes",null,true,"1",0.5,{"b":16,"c":1.5}],"merged":{"b":16,"c":2},\
            "12":"number key","text":"two\\nlines\\n"}
            """
        #expect(value.text == expected)
    }

    /// Both readers and the plain JSON parser agree.
    @Test(arguments: [
        #"{"a":[1,-2.5e3,true,null,"é"],"b":{},"c":[]}"#, "[]", "12", #""text""#, "null",
        #"{"big":9223372036854775808,"small":-9223372036854775808,"zero":0.0}"#,
    ]) func jsonAgrees(_ text: String) throws {
        let direct = try JSONValue.parse(text)
        #expect(json(text).tree.root?.jsonValue() == direct)
        #expect(yaml(text).tree.root?.jsonValue() == direct)
        #expect(json(text).tree.root?.jsonValue()?.canonicalText == direct.canonicalText)
    }

    @Test(arguments: [
        ("a: .inf\n", ".inf"), ("a: [1, .nan]\n", ".nan"), ("a: 1e400\n", "1e400"), ("a: {[1]: 2}\n", "[1]"),
        ("a: *no\n", "*no"),
    ]) func notJSON(_ text: String, _ culprit: String) throws {
        let root = try #require(yaml(text).tree.root)
        #expect(root.jsonValue() == nil)
        let failure = #expect(throws: NotJSON.self) { try root.json() }
        #expect(failure?.span.text == culprit)
    }

    @Test func jsonIsBounded() throws {
        let root = try #require(yaml("a: [1, 2, 3]\n").tree.root)
        #expect(root.jsonValue(limit: 6) != nil)
        #expect(root.jsonValue(limit: 5) == nil)
    }
}
