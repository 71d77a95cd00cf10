import Dispatch
import Glibc
package import ImflowExecution
import ImflowJSON
import Synchronization

/// What a model is made of, where it runs.
package enum ModelOrigin: Sendable, Hashable {
    /// A program and the folder that it is started in; both absolute paths.
    case folder(String, program: String)
    /// A container image, by the id of its content.
    case image(id: String)
}

/// The digests of models' content, made once a run. A model that changes while the run lasts has none from then on: some of
/// its calls would have been made by what it was, and some by what it is.
package final class ModelContents: Sendable {
    /// The fields of a key, by name.
    package typealias Digests = [String: ContentHash]

    private struct Known {
        var digests: Digests
        var madeAt: ContinuousClock.Instant
        /// How long looking took.
        var cost: Duration
        var hasChanged = false
    }

    /// Looking whether a folder has changed takes at most this share of the time.
    private static let share = 0.02

    private let content: ContentStore
    private let folder: String
    private let excluded: Set<String>
    private let known = Mutex<[String: Known]>([:])
    private let flights = SingleFlight<Digests>()
    private let queue = DispatchQueue(label: "imflow.models", attributes: .concurrent)

    /// - Parameters:
    ///   - folder: where hashes of files are remembered; made when it is not there.
    ///   - excluding: absolute paths of folders that are part of no model, such as the state folder.
    package init(content: ContentStore, folder: String, excluding: Set<String>) throws(ContentError) {
        self.content = content
        self.folder = folder
        excluded = excluding
        try Folder.create(folder)
    }

    /// - Parameter model: what messages call it.
    /// - Throws: ``Failure`` that says why there is no digest.
    package func digests(of origin: ModelOrigin, model: String) async throws(Failure) -> Digests {
        let key = Self.key(origin)
        if let known = known.withLock({ $0[key] }) {
            if known.hasChanged { throw Self.changed(model) }
            return known.digests
        }
        return try await flights.value(of: key) { [self] () throws(Failure) in
            let (digests, _) = try await measure(origin, keeping: true)
            return known.withLock { known in
                // Hashing anew took longer than looking whether anything has changed will.
                if known[key] == nil { known[key] = Known(digests: digests, madeAt: .now, cost: .zero) }
                return known[key]?.digests ?? digests
            }
        }
    }

    /// Throws unless the model is still what it was when ``digests(of:model:)`` answered, as far as a look that is not older
    /// than fifty times its own length can tell.
    package func requireUnchanged(_ origin: ModelOrigin, since digests: Digests, model: String) async throws(Failure) {
        let key = Self.key(origin)
        guard let last = known.withLock({ $0[key] }), !last.hasChanged, last.digests == digests else {
            throw Self.changed(model)
        }
        if .now - last.madeAt < last.cost / Self.share { return }
        let (now, cost) = try await measure(origin, keeping: false)
        known.withLock { known in
            known[key]?.madeAt = .now
            known[key]?.cost = cost
            if now != digests { known[key]?.hasChanged = true }
        }
        if now != digests { throw Self.changed(model) }
    }

    private static func changed(_ model: String) -> Failure {
        Failure(.app, "the content of model \(model) changed while the job ran")
    }

    /// An image's id is found anew for each call; where it has changed, there is another key.
    private static func key(_ origin: ModelOrigin) -> String {
        switch origin {
        case .folder(let path, let program): "folder \(path)\0\(program)"
        case .image(let id): "image \(id)"
        }
    }

    /// - Parameter keeping: whether the listing is stored, so that two contents can be compared file by file.
    private func measure(_ origin: ModelOrigin, keeping: Bool) async throws(Failure) -> (Digests, Duration) {
        let start = ContinuousClock.now
        switch origin {
        case .image(let id): return (["image": ContentHash(canonical: .string(id))], .now - start)
        case .folder(let path, let program):
            let flag = Flag()
            let result = await withTaskCancellationHandler {
                await withCheckedContinuation { answer in
                    queue.async { [self] in
                        answer.resume(returning: read(path, program: program, keeping: keeping, flag))
                    }
                }
            } onCancel: {
                flag.raise()
            }
            return (try result.get(), .now - start)
        }
    }

    private func read(
        _ path: String, program: String, keeping: Bool, _ flag: Flag
    ) -> Result<Digests, Failure> {
        let memo = folder + "/" + ContentHash(of: Array(path.utf8)).hex
        do throws(ContentError) {
            let listing = try FolderDigest(folder: path, excluding: excluded, memo: memo)
                .listing(isCancelled: { flag.isRaised })
            let bytes = listing.json.canonicalBytes()
            var digests = ["model": keeping ? try content.put(bytes) : ContentHash(of: bytes)]
            if !program.hasPrefix(path + "/") { digests["program"] = try programHash(program) }
            return .success(digests)
        } catch {
            return .failure(Failure(.infra, error.sentence))
        }
    }

    /// Of an interpreter or another program that lies outside of the model's folder.
    private func programHash(_ path: String) throws(ContentError) -> ContentHash {
        guard let real = realpath(path, nil) else { throw ContentError(errno: errno, "open", path) }
        defer { free(real) }
        return try ContentHash.ofFile(String(cString: real)).hash
    }

    private final class Flag: Sendable {
        private let raised = Atomic(false)
        var isRaised: Bool { raised.load(ordering: .relaxed) }
        func raise() { raised.store(true, ordering: .relaxed) }
    }
}
