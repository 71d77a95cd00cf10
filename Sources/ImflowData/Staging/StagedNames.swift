internal import ImflowExecution

/// Gives each file of one call a name of its own in the work folder.
struct StagedNames {
    /// The longest name that Linux file systems take, in bytes.
    private static let maximumBytes = 255
    private var taken: Set<String>
    private var names: [ContentReference: String] = [:]

    init(reserved: Set<String> = []) { taken = reserved }

    /// The reference's own name; with `-2`, `-3` … before the extension when another file has it. The same reference
    /// gets the same name again: `isNew` is false then.
    mutating func name(of reference: ContentReference) -> (name: String, isNew: Bool) {
        if let name = names[reference] { return (name, false) }
        let (stem, suffix) = Self.parts(reference.name)
        var name = Self.fitted(stem, suffix)
        var number = 2
        while !taken.insert(name).inserted {
            name = Self.fitted(stem, "-\(number)" + suffix)
            number += 1
        }
        names[reference] = name
        return (name, true)
    }

    private static func parts(_ name: String) -> (stem: String, suffix: String) {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex, name[dot...].utf8.count <= 16 else {
            return (name, "")
        }
        return (String(name[..<dot]), String(name[dot...]))
    }

    private static func fitted(_ stem: String, _ suffix: String) -> String {
        var stem = stem
        while stem.utf8.count + suffix.utf8.count > maximumBytes, !stem.isEmpty { stem.removeLast() }
        return stem + suffix
    }
}
