internal import ImflowExecution

/// Which labels of which tiles are one object: disjoint sets of those that seams join (Tarjan's union-find).
struct LabelJoins {
    /// By tile and label.
    private var nodes: [UInt64: Int] = [:]
    private var parents: [Int] = []

    /// How many labels are joined with others.
    var count: Int { parents.count }

    /// Joins what is the same along the seam of two tiles.
    mutating func join(_ pieces: LabelPieces, _ tile: Int, _ others: LabelPieces, _ other: Int) {
        for (label, otherLabel) in pieces.same(as: others) {
            let (a, b) = (root(node(tile, label)), root(node(other, otherLabel)))
            if a != b { parents[max(a, b)] = min(a, b) }
        }
    }

    /// The set that a label belongs to, below ``count``; nil: it is joined with none.
    func set(of label: UInt32, tile: Int) -> Int? {
        nodes[Self.key(tile, label)].map { parents[$0] }
    }

    /// Names every set by its first label, so that ``set(of:tile:)`` finds it in one step: to be called when all is
    /// joined. Parents come before their children.
    mutating func settle() {
        for place in parents.indices { parents[place] = parents[parents[place]] }
    }

    private static func key(_ tile: Int, _ label: UInt32) -> UInt64 { UInt64(tile) << 32 | UInt64(label) }

    private mutating func node(_ tile: Int, _ label: UInt32) -> Int {
        let new = parents.count
        let key = Self.key(tile, label)
        if let node = nodes[key] { return node }
        nodes[key] = new
        parents.append(new)
        return new
    }

    private mutating func root(_ start: Int) -> Int {
        var place = start
        while parents[place] != place {
            parents[place] = parents[parents[place]]
            place = parents[place]
        }
        return place
    }
}

/// Numbers objects 1…n in the order in which their pixels come.
struct LabelNumbers {
    private let joins: LabelJoins
    private var last: UInt32 = 0
    /// By set of joined labels; 0: it has none yet.
    private var ofSets: [UInt32]
    /// Of the tiles in the present row of tiles, by tile and label.
    private var ofTiles: [UInt64: UInt32] = [:]

    init(_ joins: LabelJoins) {
        self.joins = joins
        ofSets = [UInt32](repeating: 0, count: joins.count)
    }

    /// Labels of the tiles before do not come again.
    mutating func beginRow() { ofTiles.removeAll(keepingCapacity: true) }

    /// Puts numbers in place of the labels of a piece of one row of a tile. Fails when there are more objects than
    /// uint32 counts.
    mutating func number(_ labels: UnsafeMutableBufferPointer<UInt32>, tile: Int) throws(Failure) {
        var (label, shown) = (UInt32(0), UInt32(0))
        for place in labels.indices where labels[place] != 0 {
            if labels[place] != label {
                label = labels[place]
                shown = try number(of: label, tile)
            }
            labels[place] = shown
        }
    }

    private mutating func number(of label: UInt32, _ tile: Int) throws(Failure) -> UInt32 {
        let key = UInt64(tile) << 32 | UInt64(label)
        if let number = ofTiles[key] { return number }
        let set = joins.set(of: label, tile: tile)
        var number = set.map { ofSets[$0] } ?? 0
        if number == 0 {
            guard last < .max else { throw Failure(.app, "the tiles have more objects than 32 bits can number") }
            last += 1
            number = last
            if let set { ofSets[set] = number }
        }
        ofTiles[key] = number
        return number
    }
}
