import ImflowJSON

/// Reads the keywords of one schema object.
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

    /// What is wrong with one group of keywords does not hide what is wrong with the next.
    mutating func assertions() -> [SchemaAssertion] {
        do throws(SchemaProblem) { try readDefinitions() } catch { compiler.add(error) }
        do throws(SchemaProblem) { try readValues() } catch { compiler.add(error) }
        do throws(SchemaProblem) { try readNumbers() } catch { compiler.add(error) }
        do throws(SchemaProblem) { try readStrings() } catch { compiler.add(error) }
        do throws(SchemaProblem) { try readArrays() } catch { compiler.add(error) }
        do throws(SchemaProblem) { try readObjects() } catch { compiler.add(error) }
        do throws(SchemaProblem) { try readCombinations() } catch { compiler.add(error) }
        return found
    }

    func readDefinitions() throws(SchemaProblem) { _ = try map("definitions") }

    private mutating func add(_ keyword: String, _ kind: SchemaAssertion.Kind) {
        found.append(SchemaAssertion(keyword: keyword, kind: kind))
    }

    private mutating func readValues() throws(SchemaProblem) {
        if let types = members["type"] { add("type", .types(try self.types(types))) }
        if let value = members["enum"] {
            guard let values = value.arrayValue else { throw wrong("enum", "a list of values") }
            add("enum", .oneOfValues(values))
        }
        if let value = members["const"] { add("const", .value(value)) }
    }

    private func types(_ value: JSONValue) throws(SchemaProblem) -> [SchemaType] {
        let names = value.arrayValue ?? [value]
        var types: [SchemaType] = []
        for (position, name) in names.enumerated() {
            guard let text = name.stringValue, let type = SchemaType(rawValue: text) else {
                let wanted =
                    name == .null
                    ? "the name \"null\" in quotes, not null itself"
                    : "null, boolean, integer, number, string, array or object, or a list of these"
                throw wrong("type", wanted, item: value.arrayValue == nil ? nil : String(position))
            }
            types.append(type)
        }
        if types.isEmpty { throw wrong("type", "a name, or a list of at least one") }
        return types
    }

    private mutating func readNumbers() throws(SchemaProblem) {
        if let value = members["multipleOf"] {
            guard let number = value.doubleValue, number > 0 else { throw wrong("multipleOf", "a number over 0") }
            add("multipleOf", .multiple(value))
        }
        if let limit = try number("maximum") { add("maximum", .maximum(limit, exclusive: false)) }
        if let limit = try number("exclusiveMaximum") { add("exclusiveMaximum", .maximum(limit, exclusive: true)) }
        if let limit = try number("minimum") { add("minimum", .minimum(limit, exclusive: false)) }
        if let limit = try number("exclusiveMinimum") { add("exclusiveMinimum", .minimum(limit, exclusive: true)) }
    }

    private mutating func readStrings() throws(SchemaProblem) {
        if let limit = try count("maxLength") { add("maxLength", .maximumLength(limit)) }
        if let limit = try count("minLength") { add("minLength", .minimumLength(limit)) }
        if let value = members["pattern"] {
            guard let text = value.stringValue else { throw wrong("pattern", "a string") }
            add("pattern", .pattern(try pattern(text, at: place.member("pattern"))))
        }
    }

    private mutating func readArrays() throws(SchemaProblem) {
        let additional = try schema("additionalItems")
        if members["items"]?.arrayValue != nil {
            add("items", .tuple(try list("items", mayBeEmpty: true), additional: additional))
        } else if let items = try schema("items") {
            add("items", .items(items))
        }
        if let schema = try schema("contains") { add("contains", .contains(schema)) }
        if let limit = try count("maxItems") { add("maxItems", .maximumItems(limit)) }
        if let limit = try count("minItems") { add("minItems", .minimumItems(limit)) }
        if let value = members["uniqueItems"] {
            guard let unique = value.boolValue else { throw wrong("uniqueItems", "a boolean") }
            if unique { add("uniqueItems", .uniqueItems) }
        }
    }

    private mutating func readObjects() throws(SchemaProblem) {
        if let limit = try count("maxProperties") { add("maxProperties", .maximumMembers(limit)) }
        if let limit = try count("minProperties") { add("minProperties", .minimumMembers(limit)) }
        if let value = members["required"] { add("required", .required(try names(value, at: place.member("required")))) }
        var rules = MemberRules()
        for (name, schema) in try map("properties") { rules.named[name] = schema }
        for (text, schema) in try map("patternProperties") {
            let pattern = try pattern(text, at: place.member("patternProperties").member(text), isName: true)
            rules.patterns.append((pattern, schema))
        }
        rules.additional = try schema("additionalProperties")
        if !rules.named.isEmpty || !rules.patterns.isEmpty || rules.additional != nil {
            add("properties", .members(rules))
        }
        if let schema = try schema("propertyNames") { add("propertyNames", .names(schema)) }
        try readDependencies()
    }

    private mutating func readDependencies() throws(SchemaProblem) {
        guard let value = members["dependencies"] else { return }
        guard let entries = value.objectValue else { throw wrong("dependencies", "an object") }
        var dependencies: [(name: String, SchemaAssertion.Dependency)] = []
        for (name, entry) in entries {
            if entry.arrayValue != nil {
                let place = place.member("dependencies").member(name)
                dependencies.append((name, .names(try names(entry, at: place, keyword: "dependencies"))))
            } else {
                let place = place.member("dependencies").member(name)
                dependencies.append((name, .schema(try compiler.node(entry, at: place, base: base))))
            }
        }
        add("dependencies", .dependencies(dependencies))
    }

    private mutating func readCombinations() throws(SchemaProblem) {
        if members["allOf"] != nil { add("allOf", .all(try list("allOf"))) }
        if members["anyOf"] != nil { add("anyOf", .any(try list("anyOf"))) }
        if members["oneOf"] != nil { add("oneOf", .one(try list("oneOf"))) }
        if let schema = try schema("not") { add("not", .not(schema)) }
        let (then, otherwise) = (try schema("then"), try schema("else"))
        if let condition = try schema("if"), then != nil || otherwise != nil {
            add("if", .condition(if: condition, then: then, else: otherwise))
        }
    }

    private func wrong(_ keyword: String, _ wanted: String, item: String? = nil) -> SchemaProblem {
        let place = place.member(keyword)
        return SchemaProblem((item.map(place.member) ?? place).description, "`\(keyword)` must be \(wanted)")
    }

    private func number(_ keyword: String) throws(SchemaProblem) -> JSONValue? {
        guard let value = members[keyword] else { return nil }
        guard value.doubleValue != nil else { throw wrong(keyword, "a number") }
        return value
    }

    private func count(_ keyword: String) throws(SchemaProblem) -> Int? {
        guard let value = members[keyword] else { return nil }
        guard let number = value.doubleValue, number >= 0, number == number.rounded() else {
            throw wrong(keyword, "an integer, 0 or more")
        }
        // Of a number beyond all counts, only that it is large counts.
        return value.intValue ?? Int.max
    }

    private func names(
        _ value: JSONValue, at place: SchemaPlace, keyword: String = "required"
    ) throws(SchemaProblem) -> [String] {
        var names: [String] = []
        let sentence = "`\(keyword)` must be a list of names"
        guard let items = value.arrayValue else { throw SchemaProblem(place.description, sentence) }
        for (position, item) in items.enumerated() {
            guard let name = item.stringValue else {
                throw SchemaProblem(place.member(String(position)).description, sentence)
            }
            names.append(name)
        }
        return names
    }

    private func pattern(
        _ text: String, at place: SchemaPlace, isName: Bool = false
    ) throws(SchemaProblem) -> Pattern {
        do throws(PatternError) { return try Pattern(text) } catch {
            throw SchemaProblem(place.description, error.sentence, isName: isName)
        }
    }

    private func schema(_ keyword: String) throws(SchemaProblem) -> Int? {
        guard let value = members[keyword] else { return nil }
        return try compiler.node(value, at: place.member(keyword), base: base)
    }

    private func list(_ keyword: String, mayBeEmpty: Bool = false) throws(SchemaProblem) -> [Int] {
        guard let items = members[keyword]?.arrayValue, mayBeEmpty || !items.isEmpty else {
            throw wrong(keyword, "a list of at least one schema")
        }
        var schemas: [Int] = []
        for (position, item) in items.enumerated() {
            schemas.append(try compiler.node(item, at: place.member(keyword).member("\(position)"), base: base))
        }
        return schemas
    }

    private func map(_ keyword: String) throws(SchemaProblem) -> [(String, Int)] {
        guard let value = members[keyword] else { return [] }
        guard let entries = value.objectValue else { throw wrong(keyword, "an object of schemas") }
        var schemas: [(String, Int)] = []
        for (name, entry) in entries {
            schemas.append((name, try compiler.node(entry, at: place.member(keyword).member(name), base: base)))
        }
        return schemas
    }
}
