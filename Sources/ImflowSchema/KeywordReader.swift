import ImflowJSON

/// Reads the keywords of one schema object. What is wrong with one keyword is told to the compiler, and hides nothing of
/// the others.
struct KeywordReader {
    let compiler: SchemaCompiler
    let place: SchemaPlace
    let base: String
    let members: JSONObject
    private var found: [SchemaAssertion] = []

    init(compiler: SchemaCompiler, place: SchemaPlace, base: String, members: JSONObject) {
        self.compiler = compiler
        self.place = place
        self.base = base
        self.members = members
    }

    mutating func assertions() -> [SchemaAssertion] {
        // Most schemas have keywords of a group or two: the others need not be looked for one by one.
        let groups = SchemaKeyword.groups(of: members.keys)
        func has(_ group: SchemaKeyword.Group) -> Bool { groups & group.rawValue != 0 }
        if has(.others) { readDefinitions() }
        if has(.values) { readValues() }
        if has(.numbers) { readNumbers() }
        if has(.strings) { readStrings() }
        if has(.arrays) { readArrays() }
        if has(.objects) { readObjects() }
        if has(.combinations) { readCombinations() }
        return found
    }

    func readDefinitions() { _ = map("definitions") }

    private mutating func add(_ keyword: String, _ kind: SchemaAssertion.Kind) {
        found.append(SchemaAssertion(keyword: keyword, kind: kind))
    }

    private mutating func readValues() {
        if let value = members["type"], let types = types(value) { add("type", .types(types)) }
        if let value = members["enum"] {
            if let values = value.arrayValue { add("enum", .oneOfValues(values)) } else { wrong("enum", "a list of values") }
        }
        if let value = members["const"] { add("const", .value(value)) }
    }

    private func types(_ value: JSONValue) -> [SchemaType]? {
        let names = value.arrayValue ?? [value]
        if names.isEmpty { wrong("type", "a name, or a list of at least one") }
        var types: [SchemaType] = []
        for (position, name) in names.enumerated() {
            if let text = name.stringValue, let type = SchemaType(rawValue: text) {
                types.append(type)
                continue
            }
            let wanted =
                name == .null
                ? "the name \"null\" in quotes, not null itself"
                : "null, boolean, integer, number, string, array or object, or a list of these"
            wrong("type", wanted, item: value.arrayValue == nil ? nil : position)
        }
        return types.isEmpty ? nil : types
    }

    private mutating func readNumbers() {
        if let value = members["multipleOf"] {
            if let number = value.doubleValue, number > 0 {
                add("multipleOf", .multiple(value))
            } else {
                wrong("multipleOf", "a number over 0")
            }
        }
        if let limit = number("maximum") { add("maximum", .maximum(limit, exclusive: false)) }
        if let limit = number("exclusiveMaximum") { add("exclusiveMaximum", .maximum(limit, exclusive: true)) }
        if let limit = number("minimum") { add("minimum", .minimum(limit, exclusive: false)) }
        if let limit = number("exclusiveMinimum") { add("exclusiveMinimum", .minimum(limit, exclusive: true)) }
    }

    private mutating func readStrings() {
        if let limit = count("maxLength") { add("maxLength", .maximumLength(limit)) }
        if let limit = count("minLength") { add("minLength", .minimumLength(limit)) }
        if let value = members["pattern"] {
            guard let text = value.stringValue else { return wrong("pattern", "a string") }
            if let pattern = pattern(text, at: place.member("pattern")) { add("pattern", .pattern(pattern)) }
        }
    }

    private mutating func readArrays() {
        let additional = schema("additionalItems")
        if members["items"]?.arrayValue != nil {
            if let schemas = list("items", mayBeEmpty: true) { add("items", .tuple(schemas, additional: additional)) }
        } else if let items = schema("items") {
            add("items", .items(items))
        }
        if let schema = schema("contains") { add("contains", .contains(schema)) }
        if let limit = count("maxItems") { add("maxItems", .maximumItems(limit)) }
        if let limit = count("minItems") { add("minItems", .minimumItems(limit)) }
        if let value = members["uniqueItems"] {
            guard let unique = value.boolValue else { return wrong("uniqueItems", "a boolean") }
            if unique { add("uniqueItems", .uniqueItems) }
        }
    }

    private mutating func readObjects() {
        if let limit = count("maxProperties") { add("maxProperties", .maximumMembers(limit)) }
        if let limit = count("minProperties") { add("minProperties", .minimumMembers(limit)) }
        if let value = members["required"], let names = names(value, "required", at: place.member("required")) {
            add("required", .required(names))
        }
        var rules = MemberRules()
        for (name, schema) in map("properties") { rules.named[name] = schema }
        for (text, schema) in map("patternProperties") {
            let place = place.member("patternProperties").member(text)
            if let pattern = pattern(text, at: place, isName: true) { rules.patterns.append((pattern, schema)) }
        }
        rules.additional = schema("additionalProperties")
        if !rules.named.isEmpty || !rules.patterns.isEmpty || rules.additional != nil {
            add("properties", .members(rules))
        }
        if let schema = schema("propertyNames") { add("propertyNames", .names(schema)) }
        readDependencies()
    }

    private mutating func readDependencies() {
        guard let value = members["dependencies"] else { return }
        guard let entries = value.objectValue else { return wrong("dependencies", "an object") }
        var dependencies: [(name: String, SchemaAssertion.Dependency)] = []
        for (name, entry) in entries {
            let place = place.member("dependencies").member(name)
            if entry.arrayValue != nil {
                if let names = names(entry, "dependencies", at: place) { dependencies.append((name, .names(names))) }
            } else if let node = compiler.node(entry, at: place, base: base) {
                dependencies.append((name, .schema(node)))
            }
        }
        add("dependencies", .dependencies(dependencies))
    }

    private mutating func readCombinations() {
        if members["allOf"] != nil, let schemas = list("allOf") { add("allOf", .all(schemas)) }
        if members["anyOf"] != nil, let schemas = list("anyOf") { add("anyOf", .any(schemas)) }
        if members["oneOf"] != nil, let schemas = list("oneOf") { add("oneOf", .one(schemas)) }
        if let schema = schema("not") { add("not", .not(schema)) }
        let (then, otherwise) = (schema("then"), schema("else"))
        if let condition = schema("if"), then != nil || otherwise != nil {
            add("if", .condition(if: condition, then: then, else: otherwise))
        }
    }

    private func wrong(_ keyword: String, _ wanted: String, item: Int? = nil) {
        let place = place.member(keyword)
        let exact = item.map { place.member(String($0)) } ?? place
        compiler.add(SchemaProblem(exact.description, "`\(keyword)` must be \(wanted)"))
    }

    private func number(_ keyword: String) -> JSONValue? {
        guard let value = members[keyword] else { return Optional.none }
        if value.doubleValue != nil { return value }
        wrong(keyword, "a number")
        return Optional.none
    }

    private func count(_ keyword: String) -> Int? {
        guard let value = members[keyword] else { return nil }
        guard let number = value.doubleValue, number >= 0, number == number.rounded() else {
            wrong(keyword, "an integer, 0 or more")
            return nil
        }
        // Of a number beyond all counts, only that it is large counts.
        return value.intValue ?? Int.max
    }

    private func names(_ value: JSONValue, _ keyword: String, at place: SchemaPlace) -> [String]? {
        let sentence = "`\(keyword)` must be a list of names"
        guard let items = value.arrayValue else {
            compiler.add(SchemaProblem(place.description, sentence))
            return nil
        }
        for (position, item) in items.enumerated() where item.stringValue == nil {
            compiler.add(SchemaProblem(place.member(String(position)).description, sentence))
        }
        return items.compactMap(\.stringValue)
    }

    private func pattern(_ text: String, at place: SchemaPlace, isName: Bool = false) -> Pattern? {
        do throws(PatternError) { return try Pattern(text) } catch {
            compiler.add(SchemaProblem(place.description, error.sentence, isName: isName))
            return nil
        }
    }

    private func schema(_ keyword: String) -> Int? {
        guard let value = members[keyword] else { return nil }
        return compiler.node(value, at: place.member(keyword), base: base)
    }

    private func list(_ keyword: String, mayBeEmpty: Bool = false) -> [Int]? {
        guard let items = members[keyword]?.arrayValue, mayBeEmpty || !items.isEmpty else {
            wrong(keyword, "a list of at least one schema")
            return nil
        }
        let place = place.member(keyword)
        return items.enumerated().compactMap { position, item in
            compiler.node(item, at: place.member(String(position)), base: base)
        }
    }

    private func map(_ keyword: String) -> [(String, Int)] {
        guard let value = members[keyword] else { return [] }
        guard let entries = value.objectValue else {
            wrong(keyword, "an object of schemas")
            return []
        }
        let place = place.member(keyword)
        return entries.compactMap { name, entry in
            compiler.node(entry, at: place.member(name), base: base).map { (name, $0) }
        }
    }
}
