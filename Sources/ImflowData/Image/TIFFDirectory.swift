internal import ImflowExecution

/// The first directory of a TIFF file (TIFF 6.0, and BigTIFF), in either byte order: its tags, unread values included.
struct TIFFDirectory {
    struct Entry {
        var type: Int
        var count: UInt64
        /// Where the values begin in the file.
        var position: Int64
    }

    let isBigEndian: Bool
    private let isBig: Bool
    private var entries: [Int: Entry] = [:]

    /// Nil when the file does not begin as a TIFF, or its directory does not lie within it.
    init?(_ file: ImageFile) throws(Failure) {
        guard let head = try file.bytes(at: 0, count: 8) else { return nil }
        switch (head[0], head[1]) {
        case (0x49, 0x49): isBigEndian = false
        case (0x4D, 0x4D): isBigEndian = true
        default: return nil
        }
        switch TIFFDirectory.integer(head[2..<4], bigEndian: isBigEndian) {
        case 42: isBig = false
        case 43: isBig = true
        default: return nil
        }
        guard try readEntries(file, head: head) else { return nil }
    }

    private mutating func readEntries(_ file: ImageFile, head: [UInt8]) throws(Failure) -> Bool {
        let start: Int64
        if isBig {
            guard let bytes = try file.bytes(at: 8, count: 8) else { return false }
            start = Int64(clamping: number(bytes[...]))
        } else {
            start = Int64(number(head[4..<8]))
        }
        let countSize = isBig ? 8 : 2
        let entrySize = isBig ? 20 : 12
        guard let countBytes = try file.bytes(at: start, count: countSize) else { return false }
        let count = number(countBytes[...])
        guard count <= 4096, let bytes = try file.bytes(at: start + Int64(countSize), count: Int(count) * entrySize)
        else {
            return false
        }
        for index in 0..<Int(count) {
            let at = index * entrySize
            let type = Int(number(bytes[at + 2..<at + 4]))
            let valueCount = number(bytes[at + 4..<at + (isBig ? 12 : 8)])
            let slot = bytes[at + (isBig ? 12 : 8)..<at + entrySize]
            guard valueCount <= 1 << 32 else { continue }
            let inline = Int64(valueCount) * Int64(TIFFDirectory.size(ofType: type)) <= Int64(slot.count)
            let position =
                inline
                ? start + Int64(countSize + at + (isBig ? 12 : 8)) : Int64(clamping: number(slot))
            entries[Int(number(bytes[at..<at + 2]))] = Entry(type: type, count: valueCount, position: position)
        }
        return true
    }

    /// All values of a tag of an integer type; nil when it is not there, is of another type, has more than
    /// `limit` values, or does not lie within the file.
    func integers(_ tag: Int, in file: ImageFile, limit: Int = 4096) throws(Failure) -> [UInt64]? {
        guard let entry = entries[tag], entry.count <= UInt64(limit) else { return nil }
        let size = TIFFDirectory.size(ofType: entry.type)
        guard [1, 3, 4, 13, 16, 18].contains(entry.type) else { return nil }
        guard let bytes = try file.bytes(at: entry.position, count: Int(entry.count) * size) else { return nil }
        var values: [UInt64] = []
        values.reserveCapacity(Int(entry.count))
        for at in stride(from: 0, to: bytes.count, by: size) { values.append(number(bytes[at..<at + size])) }
        return values
    }

    func integer(_ tag: Int, in file: ImageFile) throws(Failure) -> Int? {
        try integers(tag, in: file)?.first.flatMap(Int.init(exactly:))
    }

    func has(_ tag: Int) -> Bool { entries[tag] != nil }

    private func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        TIFFDirectory.integer(bytes, bigEndian: isBigEndian)
    }

    private static func integer(_ bytes: ArraySlice<UInt8>, bigEndian: Bool) -> UInt64 {
        var value: UInt64 = 0
        if bigEndian {
            for byte in bytes { value = value << 8 | UInt64(byte) }
        } else {
            for byte in bytes.reversed() { value = value << 8 | UInt64(byte) }
        }
        return value
    }

    /// In bytes, by TIFF 6.0 section 2 and BigTIFF; 0 for a type we do not know.
    private static func size(ofType type: Int) -> Int {
        switch type {
        case 1, 2, 6, 7: 1
        case 3, 8: 2
        case 4, 9, 11, 13: 4
        case 5, 10, 12, 16, 17, 18: 8
        default: 0
        }
    }
}
