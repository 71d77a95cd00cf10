import ImflowIR
import ImflowJSON

/// The strings of an input that stand for files: under keys that end in `_url` or `_uri`, lists included.
enum InputFiles {
    /// `members` with paths in place of URLs made `file:` URLs, as seen from `folder`.
    static func lowered(_ members: JSONObject, from folder: String) -> JSONObject {
        var out = members
        for (key, value) in members { out[key] = lowered(value, isFile: namesFile(key), from: folder) }
        return out
    }

    /// `value` as a file, whatever its key: its schema says that it is one.
    static func loweredFile(_ value: JSONValue, from folder: String) -> JSONValue {
        lowered(value, isFile: true, from: folder)
    }

    private static func lowered(_ value: JSONValue, isFile: Bool, from folder: String) -> JSONValue {
        switch value {
        case .string(let text):
            guard isFile, !text.isEmpty, !PathText.hasScheme(text) else { return value }
            return .string(PathText.fileURL(PathText.absolute(text, from: folder)))
        case .array(let items): return .array(items.map { lowered($0, isFile: isFile, from: folder) })
        case .object(let members): return .object(lowered(members, from: folder))
        default: return value
        }
    }

    static func namesFile(_ key: String) -> Bool { key.hasSuffix("_url") || key.hasSuffix("_uri") }

    /// The JSON pointers (RFC 6901) of an input's files. `uriKeys`: top-level members that a schema calls URIs.
    static func pointers(in members: JSONObject, uriKeys: Set<String>) -> [String] {
        var found: [String] = []
        for (key, value) in members {
            collect(value, isFile: namesFile(key) || uriKeys.contains(key), at: JSONPointerText.text(key), into: &found)
        }
        return found
    }

    private static func collect(_ value: JSONValue, isFile: Bool, at pointer: String, into found: inout [String]) {
        switch value {
        case .string(let text): if isFile, PathText.hasScheme(text) { found.append(pointer) }
        case .array(let items):
            for (index, item) in items.enumerated() {
                collect(item, isFile: isFile, at: "\(pointer)/\(index)", into: &found)
            }
        case .object(let members):
            for (key, value) in members {
                collect(value, isFile: namesFile(key), at: pointer + JSONPointerText.text(key), into: &found)
            }
        default: break
        }
    }
}
