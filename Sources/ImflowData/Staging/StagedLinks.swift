internal import ImflowContent
import Synchronization

/// A file that a model was given and the content store shares.
struct StagedLink: Sendable {
    /// As the input names it.
    var name: String
    var content: LinkedContent
}

/// What models have in their hands, by the folder in which it was staged.
final class StagedLinks: Sendable {
    private let held = Mutex<[String: [StagedLink]]>([:])

    func add(_ links: [StagedLink], in folder: String) {
        if links.isEmpty { return }
        held.withLock { $0[folder, default: []] += links }
    }

    /// Those in the folder and below it; they are forgotten. Few are held at once: those of the calls that run.
    func take(below folder: String) -> [StagedLink] {
        held.withLock { held in
            if held.isEmpty { return [] }
            let folders = held.keys.filter { $0 == folder || $0.hasPrefix(folder + "/") }
            return folders.flatMap { held.removeValue(forKey: $0) ?? [] }
        }
    }
}
