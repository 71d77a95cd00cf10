/// One engine's part in an instance that several use.
final class WarmShare: Sendable {
    let shelf: WarmShelf
    let record: WarmRecord
    let users: FileLock
    /// Nil: another engine started it.
    let owner: FileLock?

    init(shelf: WarmShelf, record: WarmRecord, users: FileLock, owner: FileLock?) {
        self.shelf = shelf
        self.record = record
        self.users = users
        self.owner = owner
    }

    /// It ends with this engine.
    var isBoundHere: Bool { owner != nil && record.isBound }

    /// Whether it takes no new requests.
    var isWithdrawn: Bool { shelf.record(record.token) == nil }

    /// A place that no engine uses; nil: there is none now. Whoever has it unlocks it.
    func takePlace(of capacity: Int) -> FileLock? {
        for number in 0..<capacity {
            if let place = FileLock.take(shelf.folder(record.token) + "/place-\(number)") { return place }
        }
        return nil
    }

    /// Whether some engine has a request in it.
    func isBusy(capacity: Int) -> Bool {
        for number in 0..<capacity {
            guard let place = FileLock.take(shelf.folder(record.token) + "/place-\(number)") else { return true }
            place.unlock()
        }
        return false
    }
}
