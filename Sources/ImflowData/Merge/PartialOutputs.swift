internal import ImflowContent
internal import ImflowExecution
internal import ImflowJSON

/// What one unit came to.
struct UnitResult {
    var unit: Unit
    var result: JSONValue

    /// “unit 7”.
    var name: String { "unit \(unit.index)" }
}

/// The unit results of a stage in unit order, holes left out: however the units were bundled into shards, and in whatever
/// order those finished. They are read when they are asked for, one at a time.
struct PartialOutputs {
    private struct Part {
        var shard: Int
        var output: Payload
        var indexes: UnitIndexes
    }

    /// With outputs, by their first unit.
    private var parts: [Part] = []
    /// Whether some part's units lie between those of another: no split makes such parts.
    private var isInterleaved = false
    /// The units of shards that did not succeed.
    private(set) var holes: [Unit] = []
    /// By index, of those units that have a result; without what the model was given. Empty unless asked for.
    private(set) var units: [Int: Unit] = [:]

    private let content: ContentStore
    private let task: String
    private let pieceSize: Int

    /// Reads the units of every part; `task` is what messages call the reader. `keepingUnits`: what is known of units is
    /// wanted, not only their order.
    init(
        _ parts: [MergePart], content: ContentStore, task: String, keepingUnits: Bool = false,
        pieceSize: Int = ContentReader.pieceSize
    ) throws(Failure) {
        self.content = content
        self.task = task
        self.pieceSize = pieceSize
        for part in parts {
            var indexes = UnitIndexes()
            try Self.forEachUnit(
                of: part.units, content: content, owner: "\(task): the units of shard \(part.shardIndex)"
            ) { unit in
                if part.output != nil { indexes.append(unit.index) }
                guard keepingUnits else { return }
                let bare = Unit(geometry: unit.geometry, set: [:], tile: unit.tile)
                if part.output == nil { holes.append(bare) } else { units[unit.index] = bare }
            }
            guard let output = part.output else { continue }
            self.parts.append(Part(shard: part.shardIndex, output: output, indexes: indexes))
        }
        sort()
    }

    private mutating func sort() {
        var isSorted = true
        for (left, right) in zip(parts, parts.dropFirst()) where left.indexes.first > right.indexes.first {
            isSorted = false
        }
        if !isSorted { parts.sort { ($0.indexes.first, $0.shard) < ($1.indexes.first, $1.shard) } }
        var last = Int.min
        for part in parts where part.indexes.count > 0 {
            if !part.indexes.isAscending || part.indexes.first <= last { isInterleaved = true }
            last = max(last, part.indexes.last)
        }
    }

    /// Hands out every unit's result, piece by piece, with the unit's index.
    func forEachPiece(_ body: (Int, ElementPiece) throws(Failure) -> Void) throws(Failure) {
        if isInterleaved { return try forEachSorted(body) }
        for part in parts { try forEachPiece(of: part, body) }
    }

    private func forEachPiece(
        of part: Part, _ body: (Int, ElementPiece) throws(Failure) -> Void
    ) throws(Failure) {
        var position = 0
        let list = StoredList(
            payload: part.output, content: content, owner: "\(task): the output of shard \(part.shard)",
            pieceSize: pieceSize)
        let count = try list.forEachPiece { piece throws(Failure) in
            // More results than units are told at the end.
            if let index = part.indexes[position] { try body(index, piece) }
            if piece.isLast { position += 1 }
        }
        guard count == part.indexes.count else {
            throw Failure(
                .infra, "\(task): shard \(part.shard) has \(part.indexes.count) units, but \(count) results")
        }
    }

    /// In memory, since the order is in no file: up to ``WholeValue/limit``.
    private func forEachSorted(_ body: (Int, ElementPiece) throws(Failure) -> Void) throws(Failure) {
        let size = parts.reduce(0) { $0 + $1.output.size }
        guard size <= WholeValue.limit else {
            throw Failure(.infra, "\(task): shards of \(size) bytes hold units of each other's runs")
        }
        var elements: [(index: Int, text: [UInt8])] = []
        for part in parts {
            try forEachPiece(of: part) { index, piece in
                if piece.isFirst { elements.append((index, [])) }
                elements[elements.count - 1].text.append(contentsOf: piece.bytes)
            }
        }
        let order = elements.indices.sorted { (elements[$0].index, $0) < (elements[$1].index, $1) }
        for position in order {
            var failure: Failure?
            elements[position].text.withUnsafeBytes { bytes in
                do throws(Failure) {
                    try body(elements[position].index, ElementPiece(bytes: bytes, isFirst: true, isLast: true))
                } catch { failure = error }
            }
            if let failure { throw failure }
        }
    }

    /// Hands out every unit's result whole: its canonical text, which holds until `body` returns.
    func forEachElement(_ body: (Int, UnsafeRawBufferPointer) throws(Failure) -> Void) throws(Failure) {
        var assembly = ElementAssembly()
        try forEachPiece { index, piece throws(Failure) in
            try assembly.add(piece, of: { "unit \(index)'s result" }) { text throws(Failure) in try body(index, text) }
        }
    }

    /// Every unit's result as a value.
    func forEachValue(_ body: (Int, JSONValue) throws(Failure) -> Void) throws(Failure) {
        try forEachElement { index, text throws(Failure) in
            try body(index, try UnitValue.parse(text, of: index))
        }
    }

    /// Everything at once, for whoever must have it so: at most ``WholeValue/limit`` in all. Needs `keepingUnits`.
    func results() throws(Failure) -> [UnitResult] {
        let size = parts.reduce(0) { $0 + $1.output.size }
        guard size <= WholeValue.limit else {
            throw Failure(
                .app,
                "\(task): the partial outputs have \(size) bytes together, more than the \(WholeValue.limitText) that "
                    + "are taken at once; let the model answer with files or with less")
        }
        var results: [UnitResult] = []
        try forEachValue { index, value in
            guard let unit = units[index] else { return }
            results.append(UnitResult(unit: unit, result: value))
        }
        return results
    }

    /// A payload's list of units.
    static func units(_ payload: Payload, content: ContentStore, owner: String) throws(Failure) -> [Unit] {
        var units: [Unit] = []
        try forEachUnit(of: payload, content: content, owner: owner) { units.append($0) }
        return units
    }

    private static func forEachUnit(
        of payload: Payload, content: ContentStore, owner: String, _ body: (Unit) -> Void
    ) throws(Failure) {
        let list = StoredList(payload: payload, content: content, owner: owner)
        _ = try list.forEachElement { _, text throws(Failure) in
            guard let unit = (try? JSONValue.parse(Array(text))).flatMap(Unit.init) else {
                throw Failure(.infra, "\(owner) (\(payload.hash)) hold something that is no unit")
            }
            body(unit)
        }
    }
}

/// The indexes of a shard's units, in order. Those of a split are neighbours, and then take no memory.
struct UnitIndexes {
    private(set) var first = 0
    private(set) var count = 0
    private(set) var last = 0
    private(set) var isAscending = true
    /// Empty as long as the indexes are neighbours.
    private var others: [Int] = []

    mutating func append(_ index: Int) {
        if count == 0 {
            first = index
        } else {
            if others.isEmpty, index != last &+ 1 { others = Array(first..<(first + count)) }
            if !others.isEmpty { others.append(index) }
            if index <= last { isAscending = false }
        }
        last = index
        count += 1
    }

    /// Nil past the end.
    subscript(_ position: Int) -> Int? {
        guard position < count else { return nil }
        return others.isEmpty ? first + position : others[position]
    }
}
