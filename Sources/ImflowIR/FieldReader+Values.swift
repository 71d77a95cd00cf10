import ImflowDiagnostics
import ImflowJSON
import ImflowPlan
import ImflowSyntax

extension FieldReader {
    /// The value of `node` as `type`; nil when it was reported. `what` names the key in messages.
    mutating func read(_ node: SyntaxNode, _ type: KeyType, _ what: KeyText) -> FieldValue? {
        switch type {
        case .text, .word, .choice, .name, .jobID, .modelReference, .urlPath: readText(node, type, what)
        case .boolean: readBoolean(node, type, what)
        case .integer(let range): readInteger(node, range, what).map(FieldValue.integer)
        case .number(let range): readNumber(node, range, what)
        case .duration(let zeroAllowed): readDuration(node, zeroAllowed: zeroAllowed, type, what)
        case .bytes: readBytes(node, type, what)
        case .command: readCommand(node, type, what)
        case .pair(let range): readPair(node, range, type, what)
        case .fill: readFill(node, type, what)
        case .names: readTexts(node, .name, type, what)
        case .texts: readTexts(node, .text, type, what)
        case .choices(let choices): readTexts(node, .choice(choices), type, what)
        case .textMap: readMap(node, type, what)
        case .condition: readCondition(node, type, what)
        case .members, .schema: readJSON(node, type, what)
        case .block(let block): readBlock(node, block)
        case .blocks(let block): readBlocks(node, block, type, what)
        case .gpu(let block): readGPU(node, block, type, what)
        case .toggle(let block): node.kind == .mapping ? readBlock(node, block) : readBoolean(node, type, what)
        }
    }

    private mutating func readBlock(_ node: SyntaxNode, _ block: KeyBlock) -> FieldValue? {
        fields(of: node, block).map(FieldValue.fields)
    }

    private mutating func readBlocks(_ node: SyntaxNode, _ block: KeyBlock, _ type: KeyType, _ what: KeyText)
        -> FieldValue?
    {
        guard node.kind == .sequence else {
            wrongType(node, takes: type.description, what: what)
            return nil
        }
        guard isBounded(node.items.count, node, what) else { return nil }
        var list: [Fields] = []
        for item in node.items {
            // A hole keeps the place of what could not be read, so that names and needs still fit.
            list.append(fields(of: item, block) ?? Fields(span: item.span))
        }
        return .list(list)
    }

    private mutating func readGPU(_ node: SyntaxNode, _ block: KeyBlock, _ type: KeyType, _ what: KeyText) -> FieldValue?
    {
        if node.kind == .mapping { return readBlock(node, block) }
        switch node.coreValue {
        case .bool(let value): return .integer(value ? 1 : 0)
        case .int: return readInteger(node, 0...1024, what).map(FieldValue.integer)
        default:
            let word = YAMLTrap.word(node.scalarText ?? "").flatMap { node.writing("\($0)", .safe) }
            let fix = word ?? node.unquoting { if case .float = $0 { false } else { true } }
            wrongType(node, takes: type.description, what: what, fixes: fix.map { [$0] } ?? [])
            return nil
        }
    }

    private mutating func readBoolean(_ node: SyntaxNode, _ type: KeyType, _ what: KeyText) -> FieldValue? {
        if case .bool(let value) = node.coreValue { return .boolean(value) }
        let word = node.scalarText ?? ""
        let meant = YAMLTrap.word(word).map { "\($0)" }
        let fix =
            meant.flatMap { node.writing($0, .safe) }
            ?? node.unquoting { if case .bool = $0 { true } else { false } }
        wrongType(
            node, takes: type.description, what: what, fixes: fix.map { [$0] } ?? [],
            help: meant.map { "in YAML 1.2 `\(word)` is a string; write `\($0)`" })
        return nil
    }

    private mutating func readInteger(_ node: SyntaxNode, _ range: ClosedRange<Int>, _ what: KeyText) -> Int? {
        let value: Double
        switch node.coreValue {
        case .int(let integer):
            if range.contains(Int(integer)) { return Int(integer) }
            value = Double(integer)
        case .float(let number) where number == number.rounded() && number.isFinite:
            if let integer = Int(exactly: number), range.contains(integer) { return integer }
            value = number
        default:
            let fix = node.unquoting { if case .int = $0 { true } else { false } }
            wrongType(node, takes: "a whole number", what: what, fixes: fix.map { [$0] } ?? [], help: sexagesimalHelp(node))
            return nil
        }
        let bound = value < Double(range.lowerBound) ? "at least \(range.lowerBound)" : "at most \(range.upperBound)"
        add(
            Diagnostic(
                .outOfRange, "\(what) is \(printable(node.scalarText ?? "")), and must be \(bound)", at: node.span))
        return nil
    }

    private mutating func readNumber(_ node: SyntaxNode, _ range: ClosedRange<Double>, _ what: KeyText) -> FieldValue? {
        let value: Double
        switch node.coreValue {
        case .int(let integer): value = Double(integer)
        case .float(let number) where !number.isNaN: value = number
        default:
            let fix = node.unquoting { if case .bool = $0 { false } else { true } }
            wrongType(node, takes: "a number", what: what, fixes: fix.map { [$0] } ?? [], help: sexagesimalHelp(node))
            return nil
        }
        if range.contains(value) { return .number(value) }
        let bounds = "\(plain(range.lowerBound)) to \(plain(range.upperBound))"
        add(
            Diagnostic(
                .outOfRange, "\(what) is \(printable(node.scalarText ?? "")), and must be within \(bounds)",
                at: node.span))
        return nil
    }

    private func plain(_ number: Double) -> String { Int(exactly: number).map(String.init) ?? String(number) }

    private mutating func readPair(
        _ node: SyntaxNode, _ range: ClosedRange<Int>, _ type: KeyType, _ what: KeyText
    ) -> FieldValue? {
        if node.kind == .scalar, case .int = node.coreValue {
            return readInteger(node, range, what).map { .pair($0, $0) }
        }
        let items = node.items
        guard node.kind == .sequence, items.count == 2 else {
            let fix = node.unquoting { if case .int = $0 { true } else { false } }
            wrongType(node, takes: type.description, what: what, fixes: fix.map { [$0] } ?? [])
            return nil
        }
        guard let x = readInteger(items[0], range, what), let y = readInteger(items[1], range, what) else { return nil }
        return .pair(x, y)
    }

    /// Most numbers of a fill: the bands of an image.
    private static let fillLimit = 1024

    private mutating func readFill(_ node: SyntaxNode, _ type: KeyType, _ what: KeyText) -> FieldValue? {
        if node.kind == .scalar, node.scalarText == "transparent" { return .fill(.transparent) }
        let items = node.kind == .sequence ? node.items : [node]
        guard !items.isEmpty, items.allSatisfy({ $0.kind == .scalar }) else {
            wrongType(node, takes: type.description, what: what)
            return nil
        }
        guard items.count <= Self.fillLimit else {
            add(
                Diagnostic(
                    .tooMany, "\(what) has \(items.count) numbers, and an image has at most \(Self.fillLimit) bands",
                    at: node.span.firstLine))
            return nil
        }
        var levels: [Double] = []
        for item in items {
            switch item.coreValue {
            case .int(let integer): levels.append(Double(integer))
            case .float(let number) where number.isFinite: levels.append(number)
            default:
                wrongType(item, takes: node.kind == .sequence ? "a number" : type.description, what: what)
                return nil
            }
        }
        return .fill(.levels(levels))
    }

    private mutating func readJSON(_ node: SyntaxNode, _ type: KeyType, _ what: KeyText) -> FieldValue? {
        var fits = node.kind == .mapping
        if case .schema = type, case .bool = node.coreValue { fits = true }
        guard fits else {
            wrongType(node, takes: type.description, what: what)
            return nil
        }
        do throws(NotJSON) {
            return .json(try node.json())
        } catch {
            if !tree(node, hasHoleIn: error.span) {
                add(Diagnostic(.wrongType, "\(what) must be a JSON value: \(error.reason)", at: error.span.firstLine))
            }
            return nil
        }
    }

    /// Whether the text at `span` was reported when the file was read.
    private func tree(_ node: SyntaxNode, hasHoleIn span: Span) -> Bool {
        node.tree.records.contains { $0.kind == .hole && Int($0.start) == span.range.lowerBound }
    }

    /// Whether a list of `count` members is short enough; reports it when not.
    mutating func isBounded(_ count: Int, _ node: SyntaxNode, _ what: KeyText) -> Bool {
        if count <= Self.listLimit { return true }
        add(
            Diagnostic(
                .tooMany, "\(what) has \(count) members, and may have \(Self.listLimit)", at: node.span.firstLine))
        return false
    }

    /// Of `12:30`, which YAML 1.1 took for a number.
    private func sexagesimalHelp(_ node: SyntaxNode) -> String? {
        guard let text = node.scalarText, YAMLTrap.ofString(text) == .sexagesimal else { return nil }
        return "`\(text)` was a number in base 60 in YAML 1.1, and is a string in YAML 1.2"
    }
}
