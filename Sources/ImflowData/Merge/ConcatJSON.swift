internal import ImflowJSON

/// `concat-json`: one list in unit order; a unit's list is concatenated, anything else appended. No units: `[]`.
enum ConcatJSON {
    static func merge(_ results: [UnitResult]) -> JSONValue {
        var out: [JSONValue] = []
        for item in results {
            if case .array(let items) = item.result { out += items } else { out.append(item.result) }
        }
        return .array(out)
    }
}
