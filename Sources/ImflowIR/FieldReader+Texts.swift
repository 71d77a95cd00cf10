import ImflowDiagnostics
import ImflowPlan
import ImflowSyntax

extension FieldReader {
    /// The node's text when it is a string (or, as `.word`, a number); else reports it.
    private mutating func string(_ node: SyntaxNode, _ type: KeyType, _ what: KeyText) -> String? {
        switch (node.coreValue, type) {
        case (.string(let text), _): return text
        case (.int, .word), (.float, .word): return node.scalarText
        case (.int, _), (.float, _), (.bool, _):
            let text = node.scalarText ?? ""
            let quoted = SyntaxNode.quoted(text)
            let fix = Self.takes(text, type) ? node.writing(quoted, .safe, title: "quote it") : nil
            wrongType(
                node, takes: type.description, what: what, fixes: fix.map { [$0] } ?? [],
                help: fix.map { _ in "quote it: `\(quoted)`" })
        default: wrongType(node, takes: type.description, what: what)
        }
        return nil
    }

    /// Whether a string is what its key takes, as far as its form goes.
    private static func takes(_ text: String, _ type: KeyType) -> Bool {
        switch type {
        case .choice(let choices): choices.contains(text)
        case .name: NameForm.isName(text)
        case .jobID: NameForm.isJobID(text)
        case .modelReference: ModelReference(text) != nil
        case .urlPath: text.hasPrefix("/")
        default: true
        }
    }

    mutating func readText(_ node: SyntaxNode, _ type: KeyType, _ what: KeyText) -> FieldValue? {
        guard let text = string(node, type, what) else { return nil }
        guard !text.utf8.contains(0) else {
            add(Diagnostic(.badValue, "\(what) holds a NUL character", at: node.span.firstLine))
            return nil
        }
        switch type {
        case .choice(let choices): return readChoice(text, node, choices, what)
        case .name where !NameForm.isName(text), .jobID where !NameForm.isJobID(text):
            return badID(text, node, type, what)
        case .modelReference:
            if let reference = ModelReference(text) { return .reference(reference) }
            return badID(text, node, type, what)
        case .urlPath where !text.hasPrefix("/"):
            let isWords = text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || "-_./".utf8.contains($0)
            }
            let isSure = isWords && !text.hasPrefix(".") && !text.isEmpty
            let fix = node.writing(string: "/" + text, isSure ? .safe : .needsReview)
            add(
                Diagnostic(
                    .badValue, "\(what) must start with `/`, and is \"\(printable(text))\"", at: node.span.firstLine,
                    fixes: fix.map { [$0] } ?? []))
            return nil
        case .text where text.isEmpty && !what.isKey("description"):
            add(Diagnostic(.badValue, "\(what) is empty", at: node.span.firstLine))
            return nil
        default: return .text(text)
        }
    }

    private mutating func readChoice(
        _ text: String, _ node: SyntaxNode, _ choices: [String], _ what: KeyText
    ) -> FieldValue? {
        if choices.contains(text) { return .text(text) }
        let same = choices.first { isSameWord($0, text) }
        let near = same ?? nearest(text, in: choices)
        let fix = near.flatMap { node.writing(string: $0, same == nil ? .needsReview : .safe) }
        add(
            Diagnostic(
                .badValue, "\(what) is \"\(printable(text))\", and must be \(KeyType.choice(choices).description)",
                at: node.span.firstLine, help: near.map { "did you mean `\($0)`?" },
                fixes: fix.map { [$0] } ?? []))
        return nil
    }

    private mutating func badID(_ text: String, _ node: SyntaxNode, _ type: KeyType, _ what: KeyText) -> FieldValue? {
        let form: String
        var near: String?
        switch type {
        case .jobID:
            form = "letters, digits, `.`, `_` and `-`, at most \(NameForm.maximumLength), a letter or digit first"
        case .modelReference:
            form =
                "lower-case letters, digits, `.`, `_` and `-`, at most \(NameForm.maximumLength); `@version` may follow"
        default:
            form =
                "lower-case letters, digits, `.`, `_` and `-`, at most \(NameForm.maximumLength),"
                + " a letter or digit first"
            near = NameForm.nearestName(to: text)
        }
        add(
            Diagnostic(
                .badID, "\(what) is \"\(printable(text))\", which is no name", at: node.span.firstLine,
                notes: ["a name has \(form)"], help: near.map { "write `\($0)`" },
                fixes: near.flatMap { node.writing(string: $0, .needsReview) }.map { [$0] } ?? []))
        return nil
    }

    mutating func readDuration(
        _ node: SyntaxNode, zeroAllowed: Bool, _ type: KeyType, _ what: KeyText
    ) -> FieldValue? {
        do throws(QuantityError) {
            let time: TimeSpan
            switch node.coreValue {
            case .int(let seconds): time = try TimeSpan.parse(seconds: Double(seconds))
            case .float(let seconds): time = try TimeSpan.parse(seconds: seconds)
            case .string(let text) where !text.isEmpty: time = try TimeSpan.parse(text)
            default:
                wrongType(node, takes: type.description, what: what)
                return nil
            }
            if time.milliseconds > 0 || zeroAllowed { return .duration(time) }
            add(Diagnostic(.outOfRange, "\(what) must be more than 0", at: node.span))
        } catch {
            add(badQuantity(error, node, what))
        }
        return nil
    }

    mutating func readBytes(_ node: SyntaxNode, _ type: KeyType, _ what: KeyText) -> FieldValue? {
        switch node.coreValue {
        case .int, .float, .string: break
        default:
            wrongType(node, takes: type.description, what: what)
            return nil
        }
        do throws(QuantityError) {
            let amount = try ByteCount.parse(node.scalarText ?? "")
            if amount.bytes > 0 { return .bytes(amount) }
            add(Diagnostic(.outOfRange, "\(what) must be more than 0", at: node.span))
        } catch {
            add(badQuantity(error, node, what))
        }
        return nil
    }

    private func badQuantity(_ error: QuantityError, _ node: SyntaxNode, _ what: KeyText) -> Diagnostic {
        let fix = error.meant.flatMap { node.writing(string: $0.text, $0.applicability) }
        return Diagnostic(
            .badValue, "\(what): \(error.message)", at: node.span.firstLine, help: error.help,
            fixes: fix.map { [$0] } ?? [])
    }

    mutating func readCommand(_ node: SyntaxNode, _ type: KeyType, _ what: KeyText) -> FieldValue? {
        if node.kind == .sequence {
            guard case .texts(let words) = readTexts(node, .text, type, what) else { return nil }
            if !words.isEmpty { return .command(.argv(words.map(\.value))) }
        } else {
            guard case .text(let text) = readText(node, .text, what) else { return nil }
            guard let words = ShellWords.split(text) else {
                add(Diagnostic(.badValue, "\(what) has a quote that is not closed", at: node.span.firstLine))
                return nil
            }
            if !words.isEmpty { return .command(.line(words)) }
        }
        add(Diagnostic(.badValue, "\(what) names no program", at: node.span.firstLine))
        return nil
    }

    mutating func readTexts(_ node: SyntaxNode, _ item: KeyType, _ type: KeyType, _ what: KeyText) -> FieldValue? {
        guard node.kind == .sequence else {
            wrongType(node, takes: type.description, what: what)
            return nil
        }
        guard isBounded(node.items.count, node, what) else { return nil }
        var texts: [Located<String>] = []
        for word in node.items {
            // An argument may be empty, or a number as it is written.
            if case .command = type, word.kind == .scalar, !word.isNull, let text = word.scalarText,
                !text.utf8.contains(0)
            {
                texts.append(Located(text, at: word.span))
            } else if case .text(let text) = readText(word, item, .item(of: what)) {
                texts.append(Located(text, at: word.span))
            }
        }
        return .texts(texts)
    }

    mutating func readMap(_ node: SyntaxNode, _ type: KeyType, _ what: KeyText) -> FieldValue? {
        guard node.kind == .mapping else {
            wrongType(node, takes: type.description, what: what)
            return nil
        }
        let members = node.mergedMembers
        guard isBounded(members.count, node, what) else { return nil }
        var map: [(key: String, value: Located<String>)] = []
        for (key, value) in members {
            guard let name = key.scalarText else {
                wrongType(key, takes: "strings as keys", what: what)
                continue
            }
            let own = KeyText.member(name, of: what)
            if SecretText.isSecretName(name), value.kind == .scalar, !value.isNull, isNoString(value) {
                refuseSecret(value, own)
                continue
            }
            if let text = string(value, .text, own), !text.utf8.contains(0) {
                checkTrap(value, isText: true, own)
                map.append((name, Located(text, at: value.span, key: key.span)))
            }
        }
        return .map(map)
    }

    private func isNoString(_ node: SyntaxNode) -> Bool {
        if case .string = node.coreValue { false } else { true }
    }

    /// A number under the name of a secret is told of without being shown.
    private mutating func refuseSecret(_ node: SyntaxNode, _ what: KeyText) {
        var finding = Diagnostic(
            .wrongType, "\(what) takes a string, not a number or a boolean", at: node.span.firstLine,
            help: "quote it, or take it from the submitter's environment: `${NAME}`")
        finding.hidden = [node.span]
        add(finding)
    }

    mutating func readCondition(_ node: SyntaxNode, _ type: KeyType, _ what: KeyText) -> FieldValue? {
        guard case .string(let text) = node.coreValue else {
            wrongType(node, takes: type.description, what: what)
            return nil
        }
        guard text.utf8.count <= Self.conditionLimit else {
            let size = "\(what) has \(text.utf8.count) bytes, and may have \(Self.conditionLimit)"
            add(Diagnostic(.badCondition, size, at: node.span.firstLine))
            return nil
        }
        do throws(ConditionError) {
            return .condition(try ConditionParser.parse(text))
        } catch {
            add(
                Diagnostic(
                    .badCondition, "\(what) is no condition: \(error.message)",
                    at: place(of: error.range, in: node, text), help: error.help))
            return nil
        }
    }

    /// Where a byte range of a scalar's text stands in the file; the whole scalar when escapes or folding moved it.
    private func place(of range: Range<Int>, in node: SyntaxNode, _ text: String) -> Span {
        let bytes = node.span.source.bytes
        let start = node.span.range.lowerBound
        for offset in 0...1 {
            let from = start + offset
            guard from + text.utf8.count <= node.span.range.upperBound,
                bytes[from..<from + text.utf8.count].elementsEqual(text.utf8)
            else { continue }
            let upper = Swift.max(range.upperBound, range.lowerBound)
            return Span(node.span.source, from + range.lowerBound..<from + upper)
        }
        return node.span.firstLine
    }
}
