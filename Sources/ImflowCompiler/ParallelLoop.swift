import Synchronization

/// Calls `body` with every number below `iterations`, at the same time where it can, and returns when all calls have.
/// The compiler starts no threads: who calls it says how.
package typealias ParallelLoop = @Sendable (_ iterations: Int, _ body: @Sendable (Int) -> Void) -> Void

/// One after the other.
package let serialLoop: ParallelLoop = { iterations, body in for index in 0..<iterations { body(index) } }

/// How many items one call of a loop takes: enough that handing them out costs nothing, few enough to keep all busy.
private let pieceSize = 32

/// `transform` of every item, in the items' order.
func inParallel<Item: Sendable, Result: Sendable>(
    _ items: [Item], _ loop: ParallelLoop, _ transform: @escaping @Sendable (Item) -> Result
) -> [Result] {
    let pieces = (items.count + pieceSize - 1) / pieceSize
    guard pieces > 1 else { return items.map(transform) }
    let results = Mutex([[Result]](repeating: [], count: pieces))
    loop(pieces) { piece in
        let range = piece * pieceSize..<min(items.count, (piece + 1) * pieceSize)
        let part = items[range].map(transform)
        results.withLock { $0[piece] = part }
    }
    return results.withLock { $0.flatMap { $0 } }
}
