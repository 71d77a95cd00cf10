import ImflowDiagnostics
import ImflowSyntax
import Testing

/// Hostile texts end early, with a diagnostic that names the limit.
@Suite struct LimitTests {
    /// Runs `body` and expects it to take no more than so many seconds of this thread's own time, however busy the
    /// machine is.
    private func inTime<T>(_ seconds: Int = 5, _ body: () throws -> T) rethrows -> T {
        let start = threadSeconds()
        let result = try body()
        #expect(threadSeconds() - start < Double(seconds))
        return result
    }

    /// libyaml alone takes half a minute for the first of these.
    @Test(arguments: ["[", "{a: ", "- ", "? ", "[{", "!!seq [", "&a ["]) func deepNests(_ opening: String) {
        let text = String(repeating: opening, count: 100_000)
        let result = inTime { yaml(text) }
        #expect(result.diagnostics.map(\.code) == [.tooDeep])
        #expect(result.diagnostics.first?.headline == "nested deeper than 200 levels")
        #expect(result.tree.records.count < 1000)
        #expect(shapeFault(result.tree) == nil)
    }

    @Test func deepJSON() {
        for opening in ["[", "{\"a\":"] {
            let result = inTime { json(String(repeating: opening, count: 100_000)) }
            #expect(result.diagnostics.map(\.code) == [.tooDeep])
            #expect(shapeFault(result.tree) == nil)
        }
    }

    @Test func depthIsExact() {
        let limits = SyntaxLimits(depth: 3)
        for text in ["[[[1]]]", "{\"a\": [{\"b\": 1}]}"] {
            #expect(yaml(text, limits: limits).diagnostics.isEmpty)
            #expect(json(text, limits: limits).diagnostics.isEmpty)
        }
        for text in ["[[[[1]]]]", "{\"a\": [{\"b\": []}]}"] {
            #expect(yaml(text, limits: limits).diagnostics.map(\.code) == [.tooDeep])
            #expect(json(text, limits: limits).diagnostics.map(\.code) == [.tooDeep])
        }
        let kept = yaml("a: 1\nb: [[[[1]]]]\nc: 2\n", limits: SyntaxLimits(depth: 2)).tree
        #expect(kept.root?.at("a")?.coreValue == .int(1))
        #expect(kept.root?.at("b", "0")?.kind == .hole)
    }

    @Test func size() {
        let big = Source(name: "big.yaml", bytes: [UInt8](repeating: UInt8(ascii: "a"), count: 20_000_000))
        let result = inTime { parse(big) }
        #expect(result.diagnostics.map(\.code) == [.tooLarge])
        #expect(result.diagnostics.first?.headline == "the file has 20000000 bytes; the limit is 16777216")
        #expect(result.tree.root?.kind == .hole)
        #expect(yaml("a: 1", limits: SyntaxLimits(bytes: 4)).diagnostics.isEmpty)
        #expect(json("[1, 2]", limits: SyntaxLimits(bytes: 5)).diagnostics.map(\.code) == [.tooLarge])
    }

    @Test func nodes() {
        let limits = SyntaxLimits(nodes: 5)
        #expect(yaml("{a: 1, b: 2}", limits: limits).diagnostics.isEmpty)
        for result in [yaml("{a: 1, b: [2]}", limits: limits), json(#"{"a": 1, "b": [2]}"#, limits: limits)] {
            #expect(result.diagnostics.map(\.code) == [.tooManyNodes])
            #expect(result.diagnostics.first?.headline == "more than 5 keys and values")
            #expect(shapeFault(result.tree) == nil)
        }
    }

    // MARK: Aliases

    /// `levels` lists of ten aliases each: 10^levels values.
    private func bomb(_ levels: Int) -> String {
        (0...levels).map { level in
            let items = level == 0 ? "lol" : (0..<10).map { _ in "*l\(level - 1)" }.joined(separator: ", ")
            return "k\(level): &l\(level) [\(items)]\n"
        }.joined()
    }

    @Test func billionLaughs() throws {
        let result = inTime { yaml(bomb(60)) }
        #expect(result.diagnostics.map(\.code) == [.aliasLimit])
        #expect(result.diagnostics.first?.headline.contains("100000") == true)
        #expect(shapeFault(result.tree) == nil)
        let root = try #require(result.tree.root)
        #expect(countByReading(root) <= result.tree.records.count + 100_000)
        #expect(inTime { root.jsonValue() } == nil)
        #expect(yaml(bomb(3)).diagnostics.isEmpty)
    }

    @Test func mergeBomb() throws {
        let levels = (1...60).map { "k\($0): &m\($0) {<<: [*m\($0 - 1), *m\($0 - 1)], x\($0): 1}\n" }.joined()
        let result = inTime { yaml("k0: &m0 {a: 1}\n" + levels) }
        #expect(result.diagnostics.map(\.code) == [.aliasLimit])
        let root = try #require(result.tree.root)
        #expect(inTime { root.members.reduce(0) { $0 + $1.value.mergedMembers.count } } < 200_000)
        #expect(inTime { mergeKeys(in: result.tree).count } == 60)
    }

    private func countByReading(_ node: SyntaxNode) -> Int {
        let parts = node.items + node.members.flatMap { [$0.key, $0.value] }
        return parts.reduce(1) { $0 + countByReading($1) }
    }

    @Test func expansionIsExact() throws {
        let text = "a: &a [1, 2]\nb: &b [*a, *a]\nc: *b\n"
        // Two of three nodes, then the list of both.
        let result = yaml(text, limits: SyntaxLimits(expandedNodes: 13))
        #expect(result.diagnostics.isEmpty)
        #expect(try countByReading(rootOf(result)) == result.tree.records.count - 3 + 13)
        let less = yaml(text, limits: SyntaxLimits(expandedNodes: 12))
        #expect(less.diagnostics.map(\.code) == [.aliasLimit])
        #expect(less.tree.root?.at("b", "1", "1")?.coreValue == .int(2))
        #expect(less.tree.root?.at("c")?.kind == .hole)
    }

    @Test func depthThroughAliases() {
        let chain = (1...300).map { "k\($0): &l\($0) [*l\($0 - 1)]\n" }.joined()
        let result = yaml("k0: &l0 [1]\n" + chain)
        #expect(result.diagnostics.map(\.code) == [.tooDeep])
        #expect(result.diagnostics.first?.headline.contains("aliases expanded") == true)
        #expect(result.tree.root?.at("k300")?.items.first?.kind != nil)
    }

    @Test func cycles() throws {
        for text in ["a: &x [1, *x]\n", "a: &x {b: *x}\n", "&x a: &y\n  b: {c: *y}\n"] {
            let result = yaml(text)
            #expect(result.diagnostics.map(\.code) == [.aliasCycle])
            #expect(shapeFault(result.tree) == nil)
            _ = try countByReading(rootOf(result))
        }
    }

    @Test func anchorsAreRebound() throws {
        let root = try #require(yaml("a: &x 1\nb: *x\nc: &x 2\nd: *x\ne: &x [&x 3, *x]\nf: *x\n").tree.root)
        #expect(root.at("b")?.coreValue == .int(1))
        #expect(root.at("d")?.coreValue == .int(2))
        #expect(root.at("e", "1")?.coreValue == .int(3))
        #expect(root.at("f")?.coreValue == .int(3))
    }

    @Test func undefinedAlias() throws {
        let result = yaml("a: &defaults {x: 1}\nb: *default\nc: *other\nd: 1\n")
        #expect(result.diagnostics.map(\.code) == [.undefinedAlias, .undefinedAlias])
        #expect(result.diagnostics.first?.help?.contains("did you mean `*defaults`?") == true)
        #expect(result.diagnostics.last?.help?.contains("did you mean") == false)
        #expect(result.diagnostics.first?.primary.span.text == "*default")
        #expect(result.tree.root?.at("b")?.kind == .hole)
        #expect(result.tree.root?.at("d")?.coreValue == .int(1))
        #expect(result.tree.isComplete)
    }

    @Test func manyDirectives() {
        let text = (0..<100_000).map { "%TAG !t\($0)! x\n" }.joined() + "---\na: 1\n"
        let result = inTime { yaml(text) }
        #expect(result.diagnostics.map(\.code) == [.invalidSyntax])
        #expect(yaml("%TAG !e! tag:yaml.org,2002:\n---\na: !e!int '5'\n").tree.root?.at("a")?.coreValue == .int(5))
    }

    /// Wide texts are read in linear time.
    @Test func wide() {
        let keys = 100_000
        let text = (0..<keys).map { "key\($0): [a, 'b', {c: *x}]\n" }.joined()
        let result = inTime(10) { yaml("x: &x 1\n" + text) }
        #expect(result.diagnostics.isEmpty)
        #expect(inTime { duplicateKeys(in: result.tree) }.isEmpty)
        #expect(result.tree.root?.members.count == keys + 1)
    }
}
