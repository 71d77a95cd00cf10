internal import ImflowExecution
internal import ImflowJSON

/// `batch`: a unit gets a sub-list of so many items, always a list; the last may be shorter. `start` and `end` count
/// items.
enum BatchSplit {
    static func units(of items: [JSONValue], key: String, size: Int) -> [Unit] {
        let size = min(size, max(items.count, 1))
        return stride(from: 0, to: items.count, by: size).enumerated().map { index, start in
            let end = min(start + size, items.count)
            return Unit(
                geometry: ["index": .int(Int64(index)), "start": .int(Int64(start)), "end": .int(Int64(end))],
                set: [key: .array(Array(items[start..<end]))])
        }
    }

    /// How many units there will be.
    static func count(_ items: Int, size: Int) -> Int { items / size + (items % size == 0 ? 0 : 1) }
}
