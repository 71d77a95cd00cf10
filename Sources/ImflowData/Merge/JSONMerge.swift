internal import ImflowContent
internal import ImflowExecution
internal import ImflowJSON
internal import ImflowPlan

/// `json-merge`: deep merge of objects in unit order. No units: `{}`. Objects are merged member by member; everything
/// else, lists too, is one value: equal ones agree, different ones are a conflict, which is a failure or goes to the
/// last unit.
struct JSONMerge: MergeFold, Sendable {
    /// What a run of units makes of the value that was there before.
    private enum Change {
        /// Takes its place.
        case value(JSONValue)
        /// Is merged into it if it is an object, and else, or when `isNew`, takes its place.
        case members(JSONMembers<Change>, isNew: Bool)

        var isObject: Bool { if case .members = self { true } else { false } }
    }

    /// Two values that cannot both be, of which the later one is the unit's; nil: nobody knows whose.
    struct Conflict: Error {
        var path: [String]
        var old: JSONValue
        var new: JSONValue
        var unit: Int?

        /// `other` is whose the earlier value is.
        func failure(with other: Int?) -> Failure {
            let names = [other, unit].map { $0.map { "unit \($0)" } ?? "another unit" }
            return Failure(
                .app,
                "json-merge: \(names[0]) and \(names[1]) differ at `\(JSONPointer.text(path))`: \(shown(old)) and "
                    + "\(shown(new)); `merge.conflict: last` takes the last")
        }

        private func shown(_ value: JSONValue) -> String {
            let text = value.canonicalText
            return text.utf8.count <= 80 ? text : value.kindName
        }
    }

    let conflict: MergePlan.Conflict
    private var merged: JSONMembers<Change> = [:]
    /// Why the run could not be merged, after that was thrown.
    private(set) var found: Conflict?

    init(conflict: MergePlan.Conflict) { self.conflict = conflict }

    mutating func add(_ text: UnsafeRawBufferPointer, of unit: Int) throws(Failure) {
        let value = try UnitValue.parse(text, of: unit)
        guard case .object(let members) = value else {
            throw Failure(.app, "json-merge needs an object of each unit, but unit \(unit) answered \(value.kindName)")
        }
        try take(members.mapValues(Self.change), before: unit)
    }

    mutating func combine(_ next: JSONMerge) throws(Failure) { try take(next.merged, before: nil) }

    private mutating func take(_ changes: JSONMembers<Change>, before unit: Int?) throws(Failure) {
        do throws(Conflict) {
            try Self.merge(changes, into: &merged, taking: conflict, path: [])
        } catch {
            var conflict = error
            conflict.unit = unit
            found = conflict
            throw conflict.failure(with: nil)
        }
    }

    private static func change(_ value: JSONValue) -> Change {
        guard case .object(let members) = value else { return .value(value) }
        return .members(members.mapValues(change), isNew: false)
    }

    private static func merge(
        _ changes: JSONMembers<Change>, into merged: inout JSONMembers<Change>,
        taking conflict: MergePlan.Conflict, path: [String]
    ) throws(Conflict) {
        for (key, new) in changes {
            guard let index = merged.index(forKey: key) else {
                merged[key] = new
                continue
            }
            try take(new, into: &merged.values[index], taking: conflict, path: path + [key])
        }
    }

    private static func take(
        _ new: Change, into place: inout Change, taking conflict: MergePlan.Conflict, path: [String]
    ) throws(Conflict) {
        // Asked before anything else holds on to the place: what stands in it is then not copied.
        if place.isObject, case .members(let members, isNew: false) = new {
            return try merge(members, into: &place, taking: conflict, path)
        }
        switch (place, new) {
        case (.value, .members(let members, _)) where conflict == .last: place = .members(members, isNew: true)
        case (_, _) where conflict == .last: place = new
        case (.value(let first), .value(let second)) where first == second: break
        default: throw Conflict(path: path, old: value(of: place), new: value(of: new))
        }
    }

    /// In place: what is already there is not copied.
    private static func merge(
        _ changes: JSONMembers<Change>, into place: inout Change, taking conflict: MergePlan.Conflict, _ path: [String]
    ) throws(Conflict) {
        guard case .members(var inner, let isNew) = place else { return }
        place = .value(.null)
        try merge(changes, into: &inner, taking: conflict, path: path)
        place = .members(inner, isNew: isNew)
    }

    private static func value(of change: Change) -> JSONValue {
        switch change {
        case .value(let value): value
        case .members(let members, _): .object(members.mapValues(value))
        }
    }

    mutating func finish(in content: ContentStore) throws(Failure) -> Payload {
        do throws(ContentError) {
            return try content.payload(Self.value(of: .members(merged, isNew: false)))
        } catch { throw Failure(storing: error) }
    }
}
