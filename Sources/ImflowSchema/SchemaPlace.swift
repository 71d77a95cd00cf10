/// Where a schema stands: in the author's document or in another one that it refers to.
struct SchemaPlace: Hashable, CustomStringConvertible {
    /// Empty for the author's, else the URI.
    var document: String
    /// RFC 6901, from the document's root.
    var pointer: String

    /// The place of the member or item `name`.
    func member(_ name: String) -> SchemaPlace {
        SchemaPlace(document: document, pointer: pointer + "/" + Self.escaped(name))
    }

    var description: String { document.isEmpty ? pointer : document + "#" + pointer }

    /// A name as a pointer spells it.
    static func escaped(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else { return name }
        var out = ""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "~": out += "~0"
            case "/": out += "~1"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    /// The names in a pointer; nil when it is none.
    static func names(in pointer: String) -> [String]? {
        if pointer.isEmpty { return [] }
        guard pointer.utf8.first == UInt8(ascii: "/") else { return nil }
        var names: [String] = []
        for part in pointer.unicodeScalars.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            var name = ""
            var escape = false
            for scalar in part {
                switch (escape, scalar) {
                case (false, "~"): escape = true
                case (true, "0"), (true, "1"):
                    name += scalar == "0" ? "~" : "/"
                    escape = false
                case (true, _): return nil
                case (false, _): name.unicodeScalars.append(scalar)
                }
            }
            if escape { return nil }
            names.append(name)
        }
        return names
    }
}
