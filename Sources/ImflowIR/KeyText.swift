/// What a message calls a value: by the key that it stands under. Its words are made only when a message needs them, which
/// for nearly all values is never.
indirect enum KeyText: CustomStringConvertible {
    /// A key of the table, or a block's name.
    case key(String)
    /// One of a list.
    case item(of: KeyText)
    /// A key of the author's own in a map.
    case member(String, of: KeyText)

    var description: String {
        switch self {
        case .key(let name): "`\(name)`"
        case .item(let list): "an item of \(list)"
        case .member(let name, let map): "`\(printable(name))` in \(map)"
        }
    }

    /// Whether this is a key of that name.
    func isKey(_ name: String) -> Bool { if case .key(let own) = self { own == name } else { false } }
}
