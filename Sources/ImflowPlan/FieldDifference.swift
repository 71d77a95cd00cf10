import ImflowJSON

/// The names of the fields in which two values of one type differ, by reflection: a field that a later version adds to
/// a plan is compared without anybody thinking of it.
enum FieldDifference {
    /// Manifests call these otherwise.
    private static let names = [
        "callProtocol": "protocol", "command": "entrypoint", "environment": "env", "kind": "model", "literal": "input",
        "start": "init",
    ]

    /// In the manifests' spelling, nested ones as `split.batch_size`; of maps the members that differ, never their values.
    static func fields<Value: Equatable>(_ old: Value, _ new: Value) -> [String] {
        var found: [String] = []
        compare(old, new, path: "", into: &found)
        return found
    }

    private static func compare(_ old: Any, _ new: Any, path: String, into found: inout [String]) {
        guard let left = unwrapped(old), let right = unwrapped(new) else {
            if (unwrapped(old) == nil) != (unwrapped(new) == nil) { found.append(path) }
            return
        }
        guard !areEqual(left, right) else { return }
        if let keys = differingMembers(left, right) {
            found += keys.map { path.isEmpty ? $0 : "\(path).\($0)" }
            return
        }
        let mirrors = (Mirror(reflecting: left), Mirror(reflecting: right))
        guard mirrors.0.displayStyle == .struct, !(left is TimeSpan), !(left is ByteCount) else {
            found.append(path)
            return
        }
        for (one, other) in zip(mirrors.0.children, mirrors.1.children) {
            let name = name(of: one.label ?? "?")
            compare(one.value, other.value, path: path.isEmpty ? name : "\(path).\(name)", into: &found)
        }
    }

    /// Nil unless both are objects, or both maps of texts.
    private static func differingMembers(_ old: Any, _ new: Any) -> [String]? {
        if let old = (old as? JSONValue)?.objectValue, let new = (new as? JSONValue)?.objectValue {
            return Set(old.keys).union(new.keys).filter { old[$0] != new[$0] }.sorted()
        }
        if let old = old as? [String: String], let new = new as? [String: String] {
            return Set(old.keys).union(new.keys).filter { old[$0] != new[$0] }.sorted()
        }
        return nil
    }

    private static func unwrapped(_ value: Any) -> Any? {
        let mirror = Mirror(reflecting: value)
        guard mirror.displayStyle == .optional else { return value }
        return mirror.children.first.flatMap { unwrapped($0.value) }
    }

    private static func areEqual(_ old: Any, _ new: Any) -> Bool {
        guard let old = old as? any Equatable else { return false }
        return isEqual(old, new)
    }

    private static func isEqual<Value: Equatable>(_ old: Value, _ new: Any) -> Bool { (new as? Value) == old }

    /// `maximumAttempts` as `maximum_attempts`.
    private static func name(of label: String) -> String {
        if let name = names[label] { return name }
        return label.reduce(into: "") { text, letter in
            text += letter.isUppercase ? "_" + letter.lowercased() : String(letter)
        }
    }
}
