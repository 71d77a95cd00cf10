import Dispatch
import ImflowContent
import ImflowExecution
import Synchronization

/// Hashes stored contents again, several at a time.
struct ContentAudit {
    struct Damage: Sendable {
        var hash: ContentHash
        var reason: String
        /// Where it was moved to; nil: it is where it was.
        var aside: String?
    }

    private struct Progress {
        var next = 0
        var bytes: Int64 = 0
        var damage: [Damage] = []
    }

    let content: ContentStore
    /// So many contents are read at once.
    let width: Int

    /// What is not as its name says, in the order of the hashes. What is removed meanwhile is no damage.
    /// - Parameters:
    ///   - repairing: what is damaged is moved to the quarantine.
    ///   - told: hears how many bytes are done, from any thread.
    func run(
        repairing: Bool, _ told: @escaping @Sendable (_ done: Int64, _ of: Int64) -> Void
    ) throws(ContentError) -> (count: Int, bytes: Int64, damage: [Damage]) {
        // The largest first: none of them is left to one thread at the end.
        let items = try content.all().sorted { ($1.size, $0.hash.hex) < ($0.size, $1.hash.hex) }
        let total = items.reduce(0) { $0 + $1.size }
        let progress = Mutex(Progress())
        DispatchQueue.concurrentPerform(iterations: max(1, min(width, items.count))) { _ in
            while let item = progress.withLock({ progress in
                defer { progress.next += 1 }
                return items.indices.contains(progress.next) ? items[progress.next] : nil
            }) {
                let damage = examine(item.hash, repairing: repairing)
                let done = progress.withLock { progress in
                    if let damage { progress.damage.append(damage) }
                    progress.bytes += item.size
                    return progress.bytes
                }
                told(done, total)
            }
        }
        var damage = progress.withLock { $0.damage }
        for hash in try content.misplaced() {
            let damaged = Damage(hash: hash, reason: "something else is in its place: no regular file")
            damage.append(repairing ? setAside(damaged) : damaged)
        }
        return (items.count, total, damage.sorted { $0.hash.hex < $1.hash.hex })
    }

    private func examine(_ hash: ContentHash, repairing: Bool) -> Damage? {
        let damage: Damage
        do throws(ContentError) {
            if try content.verify(hash) { return nil }
            damage = Damage(hash: hash, reason: "its bytes are not those of its name")
        } catch {
            if error.missing { return nil }
            // A disk that cannot be read may be again: that is not for a quarantine.
            return Damage(hash: hash, reason: error.sentence)
        }
        return repairing ? setAside(damage) : damage
    }

    private func setAside(_ damage: Damage) -> Damage {
        var damage = damage
        do throws(ContentError) { damage.aside = try content.setAside(damage.hash) } catch {
            damage.reason += "; \(error.sentence)"
        }
        return damage
    }
}
