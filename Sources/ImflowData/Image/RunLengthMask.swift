internal import ImflowJSON

/// A mask as COCO writes it: runs of px down one column after the other, outside and inside by turns, as a list of numbers
/// or packed into a text (pycocotools, maskApi.c).
struct RunLengthMask: Sendable {
    /// Of the image that it is a mask of.
    private(set) var size: PixelSize
    /// What lies inside, in order and apart from each other: px counted down the columns.
    private var stretches: [Range<Int>] = []
    private let isText: Bool

    /// Nil when it is none, or does not fill its image exactly.
    init?(_ json: JSONObject) {
        guard let sides = json["size"]?.arrayValue, sides.count == 2, let height = sides[0].intValue,
            let width = sides[1].intValue, (1...ImageLimits.side).contains(width),
            (1...ImageLimits.side).contains(height)
        else { return nil }
        size = PixelSize(width: width, height: height)
        let counts: [Int]?
        switch json["counts"] {
        case .string(let text):
            isText = true
            counts = Self.unpack(text)
        case .array(let numbers):
            isText = false
            counts = numbers.compactMap(\.intValue)
            guard counts?.count == numbers.count else { return nil }
        default: return nil
        }
        guard let counts else { return nil }
        var place = 0
        for (index, count) in counts.enumerated() {
            guard count >= 0, count <= width * height - place else { return nil }
            if !index.isMultiple(of: 2), count > 0 { append(place..<place + count) }
            place += count
        }
        guard place == width * height else { return nil }
    }

    /// The same in the whole image.
    func moved(from tile: DetectionTile) -> RunLengthMask {
        var moved = self
        moved.size = tile.image
        moved.stretches = []
        let height = tile.image.height
        let (startX, startY) = (Int(tile.rect.minX), Int(tile.rect.minY))
        func placeX(_ x: Int) -> Int { min(startX + Int((Double(x) * tile.scaleX).rounded()), Int(tile.rect.maxX)) }
        func placeY(_ y: Int) -> Int { min(startY + Int((Double(y) * tile.scaleY).rounded()), Int(tile.rect.maxY)) }
        for (x, rows) in columns {
            // Where the image was scaled down, a column stands for several.
            for column in placeX(x)..<placeX(x + 1) {
                for row in rows where placeY(row.lowerBound) < placeY(row.upperBound) {
                    let start = column * height
                    moved.append(start + placeY(row.lowerBound)..<start + placeY(row.upperBound))
                }
            }
        }
        return moved
    }

    /// What lies inside, column by column.
    private var columns: [(x: Int, rows: [Range<Int>])] {
        var columns: [(x: Int, rows: [Range<Int>])] = []
        for stretch in stretches {
            var place = stretch.lowerBound
            while place < stretch.upperBound {
                let (x, y) = place.quotientAndRemainder(dividingBy: size.height)
                let end = min(stretch.upperBound, (x + 1) * size.height)
                if columns.last?.x != x { columns.append((x, [])) }
                columns[columns.count - 1].rows.append(y..<y + end - place)
                place = end
            }
        }
        return columns
    }

    /// Adds what another of the same image has inside.
    mutating func formUnion(_ other: RunLengthMask) {
        let all = (stretches + other.stretches).sorted { $0.lowerBound < $1.lowerBound }
        stretches = []
        for stretch in all { append(stretch) }
    }

    /// In order of their starts.
    private mutating func append(_ stretch: Range<Int>) {
        guard let last = stretches.last, stretch.lowerBound <= last.upperBound else { return stretches.append(stretch) }
        stretches[stretches.count - 1] = last.lowerBound..<max(last.upperBound, stretch.upperBound)
    }

    /// In px.
    var area: Int { stretches.reduce(0) { $0 + $1.count } }

    /// `size` and `counts`.
    var json: JSONObject {
        var counts: [Int] = []
        var place = 0
        for stretch in stretches {
            counts += [stretch.lowerBound - place, stretch.count]
            place = stretch.upperBound
        }
        if place < size.width * size.height || counts.isEmpty { counts.append(size.width * size.height - place) }
        return [
            "size": [.int(Int64(size.height)), .int(Int64(size.width))],
            "counts": isText ? .string(Self.pack(counts)) : .array(counts.map { .int(Int64($0)) }),
        ]
    }

    /// Five bits a character from `0` on, the lowest first; a sixth says that more follow. From the fourth number on each
    /// is the difference to the last but one.
    private static func unpack(_ text: String) -> [Int]? {
        var counts: [Int] = []
        var (value, shift) = (0, 0)
        for byte in text.utf8 {
            guard (48..<112).contains(byte), shift <= 50 else { return nil }
            let bits = Int(byte) - 48
            value |= (bits & 0x1F) << shift
            shift += 5
            if bits & 0x20 != 0 { continue }
            if bits & 0x10 != 0 { value |= -1 << shift }
            let (count, overflows) = value.addingReportingOverflow(counts.count > 2 ? counts[counts.count - 2] : 0)
            if overflows { return nil }
            counts.append(count)
            (value, shift) = (0, 0)
        }
        return shift == 0 ? counts : nil
    }

    private static func pack(_ counts: [Int]) -> String {
        var bytes: [UInt8] = []
        for (index, count) in counts.enumerated() {
            var value = index > 2 ? count - counts[index - 2] : count
            while true {
                let bits = value & 0x1F
                value >>= 5
                let isLast = bits & 0x10 != 0 ? value == -1 : value == 0
                bytes.append(UInt8(48 + bits + (isLast ? 0 : 0x20)))
                if isLast { break }
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
