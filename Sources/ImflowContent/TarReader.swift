/// Takes apart a tar archive as it comes, in pieces of any size: ustar, pax and GNU's long names and large numbers
/// (POSIX.1-2017, pax; the GNU tar manual, "Basic Tar Format"). Files' bytes are handed on, never collected.
package struct TarReader: Sendable {
    package enum Kind: Sendable, Equatable {
        case file
        case folder
        /// A symbolic link and where it leads.
        case link(String)
        /// Another name of a file in the same archive.
        case secondName(String)
        /// A device, a pipe, or what this reader does not know.
        case other
    }

    package struct Entry: Sendable, Equatable {
        /// As the archive spells it: it may be absolute, or lead upwards.
        package var path: String
        package var kind: Kind
        /// In bytes; 0 of all but files.
        package var size: Int64
    }

    package enum Event: Sendable, Equatable {
        case entry(Entry)
        /// The next bytes of the last entry, a file.
        case bytes(ArraySlice<UInt8>)
    }

    /// What makes an archive unreadable, as the end of a sentence.
    package struct Damage: Error, Sendable, Equatable {
        package var reason: String
    }

    /// Of a pax header or a long name, in bytes.
    private static let extensionLimit: Int64 = 1024 * 1024

    private enum Section {
        case header
        /// An extension of its type, and what is still to come of it.
        case extended(UInt8, left: Int64)
        case contents(left: Int64)
        case padding(left: Int)
        case over
    }

    private var section = Section.header
    private var gathered: [UInt8] = []
    private var records: [String: String] = [:]
    private var paddingAfter = 0

    package init() {}

    /// Whether the archive's end has come.
    package var isOver: Bool { if case .over = section { true } else { false } }

    /// Whether nothing is half read: where the archive ends without its end blocks, it may end here.
    package var isBetweenEntries: Bool {
        if case .header = section { gathered.isEmpty && records.isEmpty } else { isOver }
    }

    /// Reads `piece`; `take` answers false when no more is wanted.
    /// - Returns: false when `take` said so.
    package mutating func read(
        _ piece: ArraySlice<UInt8>, _ take: (Event) -> Bool
    ) throws(Damage) -> Bool {
        var rest = piece
        while !rest.isEmpty {
            switch section {
            case .over: return true
            case .header:
                let missing = rest.prefix(TarHeader.blockSize - gathered.count)
                gathered += missing
                rest = rest.dropFirst(missing.count)
                guard gathered.count == TarHeader.blockSize else { return true }
                if let entry = try header() { guard take(.entry(entry)) else { return false } }
            case .extended(let type, let left):
                let part = rest.prefix(Int(min(left, Int64(rest.count))))
                gathered += part
                rest = rest.dropFirst(part.count)
                section = .extended(type, left: left - Int64(part.count))
                if left == Int64(part.count) { try closeExtension(type) }
            case .contents(let left):
                let part = rest.prefix(Int(min(left, Int64(rest.count))))
                rest = rest.dropFirst(part.count)
                section = left == Int64(part.count) ? .padding(left: paddingAfter) : .contents(left: left - Int64(part.count))
                skipNoPadding()
                guard take(.bytes(part)) else { return false }
            case .padding(let left):
                let part = rest.prefix(left)
                rest = rest.dropFirst(part.count)
                section = .padding(left: left - part.count)
                skipNoPadding()
            }
        }
        return true
    }

    private mutating func skipNoPadding() {
        if case .padding(0) = section { section = .header }
    }

    /// Reads the gathered block. Nil: no entry, but an extension, or the end.
    private mutating func header() throws(Damage) -> Entry? {
        let block = gathered
        gathered = []
        if block.allSatisfy({ $0 == 0 }) {
            section = .over
            return nil
        }
        let sum = block.enumerated().reduce(Int64(0)) { $0 + ((148..<156).contains($1.offset) ? 32 : Int64($1.element)) }
        guard Self.number(block[148..<156]) == sum else { throw Damage(reason: "a header's checksum is wrong") }
        let stated = records["size"].flatMap { Int64($0) } ?? Self.number(block[124..<136])
        guard let size = stated, size >= 0, size <= Int64.max - 1024 else { throw Damage(reason: "a size is no number") }
        let type = block[156]
        paddingAfter = TarHeader.padding(after: size).count
        if [UInt8(ascii: "x"), UInt8(ascii: "g"), UInt8(ascii: "L"), UInt8(ascii: "K")].contains(type) {
            guard size <= Self.extensionLimit else { throw Damage(reason: "an extended header has \(size) bytes") }
            section = .extended(type, left: size)
            if size == 0 { try closeExtension(type) }
            return nil
        }
        let entry = Entry(path: records["path"] ?? Self.name(of: block), kind: kind(type, block), size: size)
        records = [:]
        // Folders and links have no bytes, whatever their header says; what is unknown may have some.
        let hasBytes = entry.kind == .file || entry.kind == .other
        section = hasBytes && size > 0 ? .contents(left: size) : .header
        return hasBytes ? entry : Entry(path: entry.path, kind: entry.kind, size: 0)
    }

    private func kind(_ type: UInt8, _ block: [UInt8]) -> Kind {
        let link = records["linkpath"] ?? Self.text(block[157..<257])
        switch type {
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): return .file
        case UInt8(ascii: "1"): return .secondName(link)
        case UInt8(ascii: "2"): return .link(link)
        case UInt8(ascii: "5"): return .folder
        default: return .other
        }
    }

    private mutating func closeExtension(_ type: UInt8) throws(Damage) {
        let bytes = gathered
        gathered = []
        section = .padding(left: paddingAfter)
        skipNoPadding()
        switch type {
        case UInt8(ascii: "x"): try takeRecords(bytes[...])
        case UInt8(ascii: "L"): records["path"] = Self.text(bytes[...])
        case UInt8(ascii: "K"): records["linkpath"] = Self.text(bytes[...])
        // Of all entries (`g`): nothing that is read here.
        default: break
        }
    }

    /// `LENGTH KEY=VALUE\n`, again and again.
    private mutating func takeRecords(_ bytes: ArraySlice<UInt8>) throws(Damage) {
        var rest = bytes
        while !rest.isEmpty {
            guard let blank = rest.firstIndex(of: 0x20),
                let length = Int(String(decoding: rest[..<blank], as: UTF8.self)), length > 0, length <= rest.count,
                blank - rest.startIndex + 1 < length
            else { throw Damage(reason: "an extended header is damaged") }
            let record = rest[(blank + 1)..<(rest.startIndex + length - 1)]
            rest = rest.dropFirst(length)
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let key = String(decoding: record[..<equals], as: UTF8.self)
            guard ["path", "linkpath", "size"].contains(key) else { continue }
            records[key] = String(decoding: record[(equals + 1)...], as: UTF8.self)
        }
    }

    /// The name, behind its prefix where the block is one of POSIX (GNU has other things there).
    private static func name(of block: [UInt8]) -> String {
        let name = text(block[0..<100])
        guard Array(block[257..<263]) == Array("ustar\0".utf8) else { return name }
        let prefix = text(block[345..<500])
        return prefix.isEmpty ? name : prefix + "/" + name
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String {
        String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Octal digits, or (GNU) a big-endian number behind a set first bit. Nil: neither, or too large.
    private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
        if let first = field.first, first & 0x80 != 0 {
            guard first == 0x80, field.dropFirst().dropLast(8).allSatisfy({ $0 == 0 }) else { return nil }
            let value = field.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return Int64(exactly: value)
        }
        let digits = text(field).filter { $0 != " " }
        return digits.isEmpty ? 0 : Int64(digits, radix: 8)
    }
}
