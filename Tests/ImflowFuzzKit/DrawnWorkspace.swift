package import ImflowJSON

/// Drawn manifests and jobs that are right, before they are written.
package struct DrawnWorkspace: Sendable {
    package struct File: Sendable {
        /// Relative to the repository.
        package var path: String
        package var value: JSONValue

        package init(path: String, value: JSONValue) {
            self.path = path
            self.value = value
        }

        package var isJSON: Bool { path.hasSuffix(".json") }
        package var isJob: Bool { path.contains("job.") }
    }

    package var files: [File]

    package init(files: [File]) { self.files = files }

    /// The workspace of a seed.
    package static func drawn(_ seed: UInt64) -> DrawnWorkspace {
        var drawing = WorkspaceDrawing(Dice(seed))
        return drawing.workspace()
    }

    /// The files written, each in a style of its own, and where everything stands in them.
    package func written(_ seed: UInt64) -> [(path: String, text: Emitted)] {
        written(seed, targets: [], in: nil, doubled: nil)
    }

    /// The same; what stands at `targets` of one file has its places surely, and what stands at `doubled` of it is
    /// written twice.
    func written(
        _ seed: UInt64, targets: [[String]], in target: String?, doubled: [String]?
    ) -> [(path: String, text: Emitted)] {
        var dice = Dice(seed)
        return files.map { file in
            let style = EmitterStyle.drawn(isJSON: file.isJSON, &dice)
            let isTarget = file.path == target
            var emitter = Emitter(
                style, targets: isTarget ? targets : [], doubled: isTarget ? doubled : nil, Dice(dice.next()))
            return (file.path, emitter.emit(file.value))
        }
    }

    /// The value at a path of keys and indexes in one of the files.
    package func value(_ file: String, _ path: [String]) -> JSONValue? {
        files.first { $0.path == file }.flatMap { $0.value.at(path[...]) }
    }

    /// The same with one value changed.
    package func changing(_ file: String, _ path: [String], _ change: (JSONValue) -> JSONValue) -> DrawnWorkspace {
        var copy = self
        for index in copy.files.indices where copy.files[index].path == file {
            copy.files[index].value = copy.files[index].value.changing(path[...], change)
        }
        return copy
    }
}

extension JSONValue {
    /// The value at a path of keys and indexes.
    package func at(_ path: ArraySlice<String>) -> JSONValue? {
        guard let first = path.first else { return self }
        switch self {
        case .object(let members): return members[first]?.at(path.dropFirst())
        case .array(let items):
            guard let index = Int(first), items.indices.contains(index) else { return nil }
            return items[index].at(path.dropFirst())
        default: return nil
        }
    }

    /// The same with the value at a path changed.
    package func changing(_ path: ArraySlice<String>, _ change: (JSONValue) -> JSONValue) -> JSONValue {
        guard let first = path.first else { return change(self) }
        switch self {
        case .object(var members):
            members[first] = (members[first] ?? .null).changing(path.dropFirst(), change)
            return .object(members)
        case .array(var items):
            guard let index = Int(first), items.indices.contains(index) else { return self }
            items[index] = items[index].changing(path.dropFirst(), change)
            return .array(items)
        default: return self
        }
    }

    /// Every place in it, outermost first.
    package func places(_ path: [String] = []) -> [(path: [String], value: JSONValue)] {
        let inner: [(path: [String], value: JSONValue)]
        switch self {
        case .object(let members): inner = members.flatMap { $0.value.places(path + [$0.key]) }
        case .array(let items): inner = items.enumerated().flatMap { $0.element.places(path + [String($0.offset)]) }
        default: inner = []
        }
        return [(path, self)] + inner
    }
}
