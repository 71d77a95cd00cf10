internal import ImflowExecution
internal import ImflowJSON
internal import ImflowPlan

/// `json-merge`: deep merge of objects in unit order. No units: `{}`. Objects are merged member by member; everything
/// else, lists too, is one value: equal ones agree, different ones are a conflict, which is a failure or goes to the
/// last unit.
struct JSONMerge {
    let conflict: MergePlan.Conflict

    func merge(_ results: [UnitResult]) throws(Failure) -> JSONValue {
        var merged = JSONObject()
        for (position, item) in results.enumerated() {
            guard case .object(let members) = item.result else {
                throw Failure(
                    .app, "json-merge needs an object of each unit, but \(item.name) answered \(item.result.kindName)")
            }
            do throws(Conflict) {
                try merge(members, into: &merged, path: [])
            } catch {
                throw failure(error, at: item, among: results[..<position])
            }
        }
        return .object(merged)
    }

    private struct Conflict: Error {
        var path: [String]
        var old: JSONValue
        var new: JSONValue
    }

    private func merge(_ members: JSONObject, into merged: inout JSONObject, path: [String]) throws(Conflict) {
        for (key, value) in members {
            guard let old = merged[key] else {
                merged[key] = value
                continue
            }
            if case .object(var inner) = old, case .object(let new) = value {
                merged[key] = .null
                try merge(new, into: &inner, path: path + [key])
                merged[key] = .object(inner)
            } else if conflict == .last {
                merged[key] = value
            } else if old != value {
                throw Conflict(path: path + [key], old: old, new: value)
            }
        }
    }

    /// Names the first unit that had the value before.
    private func failure(_ conflict: Conflict, at item: UnitResult, among before: ArraySlice<UnitResult>) -> Failure {
        let place = JSONPointer.text(conflict.path)
        let pointer = JSONPointer(place)
        let other = before.first { pointer?.value(in: $0.result) != nil }
        return Failure(
            .app,
            "json-merge: \(other?.name ?? "an earlier unit") and \(item.name) differ at `\(place)`:"
                + " \(Self.shown(conflict.old)) and \(Self.shown(conflict.new)); `merge.conflict: last` takes the last"
        )
    }

    private static func shown(_ value: JSONValue) -> String {
        let text = value.canonicalText
        return text.utf8.count <= 80 ? text : value.kindName
    }
}
