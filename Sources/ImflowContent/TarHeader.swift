/// What stands before a file's bytes in a tar archive, in the pax interchange format (POSIX.1-2017, pax, "pax Interchange
/// Format"). Says nothing of users and times: the same files make the same archive.
package struct TarHeader: Sendable, Equatable {
    /// Archives are made of blocks of this many bytes.
    package static let blockSize = 512
    /// What stands at the end.
    package static let end = [UInt8](repeating: 0, count: 2 * blockSize)
    private static let longestName = 100
    /// Eleven octal digits.
    private static let largestSize: Int64 = 0o77777777777
    private static let largestID: UInt32 = 0o7777777

    package var path: String
    /// In bytes; 0 of a second name.
    package var size: Int64
    /// The path of the file of which this is another name; nil: a file with bytes.
    package var link: String?
    package var isFolder: Bool
    /// The permission bits of `chmod`.
    package var mode: UInt32
    package var user: UInt32
    package var group: UInt32

    package init(
        path: String, size: Int64, link: String? = nil, isFolder: Bool = false, mode: UInt32 = 0o444, user: UInt32 = 0,
        group: UInt32 = 0
    ) {
        self.path = path
        self.size = link == nil && !isFolder ? size : 0
        self.link = link
        self.isFolder = isFolder
        self.mode = mode
        self.user = user
        self.group = group
    }

    /// The header's blocks.
    package var bytes: [UInt8] {
        var records: [UInt8] = []
        if !Self.fits(path) { records += Self.record("path", path) }
        if let link, !Self.fits(link) { records += Self.record("linkpath", link) }
        if size > Self.largestSize { records += Self.record("size", String(size)) }
        let type = isFolder ? UInt8(ascii: "5") : link == nil ? UInt8(ascii: "0") : UInt8(ascii: "1")
        // Ids that seven octal digits cannot say are said by records of their own.
        if user > Self.largestID { records += Self.record("uid", String(user)) }
        if group > Self.largestID { records += Self.record("gid", String(group)) }
        var own = Self.block(path, size: min(size, Self.largestSize), type: type, link: link ?? "")
        Self.put(octal: Int64(mode & 0o7777), in: &own, at: 100, width: 8)
        Self.put(octal: Int64(min(user, Self.largestID)), in: &own, at: 108, width: 8)
        Self.put(octal: Int64(min(group, Self.largestID)), in: &own, at: 116, width: 8)
        Self.seal(&own)
        if records.isEmpty { return own }
        var extended = Self.block("pax-header", size: Int64(records.count), type: UInt8(ascii: "x"), link: "")
        Self.seal(&extended)
        return extended + records + Self.padding(after: Int64(records.count)) + own
    }

    /// What fills up the last block of so many bytes.
    package static func padding(after size: Int64) -> [UInt8] {
        let rest = Int(size % Int64(blockSize))
        return rest == 0 ? [] : [UInt8](repeating: 0, count: blockSize - rest)
    }

    /// Whether a name can stand in the block itself, where only ASCII means the same to all who read it.
    private static func fits(_ name: String) -> Bool {
        name.utf8.count <= longestName && name.utf8.allSatisfy { 0x20...0x7E ~= $0 }
    }

    /// `LENGTH KEY=VALUE\n`, where the length counts its own digits, too.
    private static func record(_ key: String, _ value: String) -> [UInt8] {
        let rest = " \(key)=\(value)\n"
        var length = rest.utf8.count
        while String(length).utf8.count + rest.utf8.count != length {
            length = String(length).utf8.count + rest.utf8.count
        }
        return Array("\(length)\(rest)".utf8)
    }

    private static func block(_ name: String, size: Int64, type: UInt8, link: String) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: blockSize)
        put(name, in: &block, at: 0, width: longestName)
        put(octal: 0o444, in: &block, at: 100, width: 8)
        put(octal: 0, in: &block, at: 108, width: 8)
        put(octal: 0, in: &block, at: 116, width: 8)
        put(octal: size, in: &block, at: 124, width: 12)
        put(octal: 0, in: &block, at: 136, width: 12)
        block[156] = type
        put(link, in: &block, at: 157, width: longestName)
        put("ustar", in: &block, at: 257, width: 6)
        put("00", in: &block, at: 263, width: 2)
        put(octal: 0, in: &block, at: 329, width: 8)
        put(octal: 0, in: &block, at: 337, width: 8)
        return block
    }

    /// Writes the checksum, which counts itself as blanks.
    private static func seal(_ block: inout [UInt8]) {
        put(String(repeating: " ", count: 8), in: &block, at: 148, width: 8)
        let sum = block.reduce(Int64(0)) { $0 + Int64($1) }
        put(octal: sum, in: &block, at: 148, width: 7)
        block[154] = 0
    }

    private static func put(_ text: String, in block: inout [UInt8], at place: Int, width: Int) {
        for (offset, byte) in text.utf8.prefix(width).enumerated() { block[place + offset] = byte }
    }

    private static func put(octal number: Int64, in block: inout [UInt8], at place: Int, width: Int) {
        let digits = String(number, radix: 8)
        let zeros = String(repeating: "0", count: max(0, width - 1 - digits.count))
        put(zeros + digits, in: &block, at: place, width: width - 1)
    }
}
