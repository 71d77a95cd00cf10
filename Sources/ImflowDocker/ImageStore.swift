import ImflowExecution
import ImflowHTTP
import ImflowPlan
import Synchronization

/// The image that a name stood for when it was looked up.
struct ResolvedImage: Sendable, Equatable {
    /// Of its configuration, which names the digests of all that is in it: `sha256:…`. A tag may move, it does not.
    var id: String
    /// By which any engine gets the same: `REPOSITORY@sha256:…`; where no registry has it, the id.
    var digest: String
}

/// An engine's images. A name is looked up once, so that a tag that moves does not change a job half way; what is missing is
/// pulled once for all who want it.
final class ImageStore: Sendable {
    private typealias Look = Task<Result<ResolvedImage, Failure>, Never>

    private struct State {
        var known: [String: ResolvedImage] = [:]
        var pending: [String: Look] = [:]
    }

    private let engine: EngineClient
    private let supply: ImageSupply
    private let state = Mutex(State())

    init(engine: EngineClient, supply: ImageSupply) {
        self.engine = engine
        self.supply = supply
    }

    /// What the model's image stood for when it was looked up here; nil: it was not.
    func known(_ model: ModelPlan) -> ResolvedImage? { model.image.flatMap { name in state.withLock { $0.known[name] } } }

    /// The engine runs the model by this image already.
    func note(_ id: String, of model: ModelPlan) {
        guard let name = model.image else { return }
        let known = state.withLock { state in
            let known = state.known[name] ?? ResolvedImage(id: id, digest: id)
            state.known[name] = known
            return known
        }
        // Podman leaves the algorithm out.
        guard !known.id.hasSuffix(id) else { return }
        supply.tell("a container of model \(model.name) is taken back that runs by \(id); image \(name) is \(known.id) now")
    }

    /// The image is not there any more.
    func forget(_ model: ModelPlan) {
        guard let name = model.image else { return }
        state.withLock { _ = $0.known.removeValue(forKey: name) }
    }

    /// The model's image, which is on the engine now.
    /// - Throws: ``Failure``: `app` when there is no such image or the registry refuses, `infra` when the registry does not
    ///   answer or the engine's disk is full.
    func resolve(_ model: ModelPlan) async throws(Failure) -> ResolvedImage {
        guard let name = model.image else {
            throw Failure(.app, "model \(model.name) has no image: give it one, or choose --executor process")
        }
        while true {
            if let known = state.withLock({ $0.known[name] }) { return known }
            let look = look(for: name, model: model.name)
            let result = await withTaskCancellationHandler { await look.value } onCancel: { look.cancel() }
            state.withLock { state in
                if state.pending[name] == look { state.pending[name] = nil }
                if case .success(let image) = result { state.known[name] = image }
            }
            // Somebody else who waited for it gave up.
            if case .failure(let failure) = result, failure.cause == .cancelled, !Task.isCancelled { continue }
            return try result.get()
        }
    }

    /// Whether a run will have the model's image.
    /// - Throws: ``Failure`` as ``resolve(_:)``.
    func secure(_ model: ModelPlan) async throws(Failure) {
        guard supply.isForeseen, let name = model.image, try await described(name) == nil else {
            _ = try await resolve(model)
            return
        }
        // Podman cannot ask.
        if try await engine.isPodman() { return supply.tell("image \(name) is not here: a run pulls it, if its registry has it") }
        let registry = ImageReference(name).registry
        let authorisation = try await supply.credentials.header(for: registry)
        let answer = try await engine.call(
            "GET", "/distribution/\(EngineClient.escaped(name))/json", authorisation: authorisation,
            purpose: "asking registry \(registry) for image \(name)")
        guard answer.isSuccess else { throw Self.failure(name, model.name, registry: registry, answer.message) }
        supply.tell("image \(name) is not here: a run pulls it from registry \(registry)")
    }

    /// As ``resolve(_:)``, by what the name stands for now, which counts from now on.
    func resolveAgain(_ model: ModelPlan) async throws(Failure) -> ResolvedImage {
        guard let name = model.image, known(model) != nil else { return try await resolve(model) }
        guard let now = try await described(name) else {
            forget(model)
            return try await resolve(model)
        }
        state.withLock { state in
            if state.known[name]?.id != now.id { state.known[name] = now }
        }
        return now
    }

    private func look(for name: String, model: String) -> Look {
        state.withLock { state in
            if let pending = state.pending[name], !pending.isCancelled { return pending }
            let look: Look = Task {
                do throws(Failure) {
                    return .success(try await self.find(name, model: model))
                } catch {
                    return .failure(error)
                }
            }
            state.pending[name] = look
            return look
        }
    }

    private func find(_ name: String, model: String) async throws(Failure) -> ResolvedImage {
        let there = try await described(name)
        switch supply.policy {
        case .never:
            guard let there else { throw Containers.missing(name, model: model) }
            return there
        case .missing: if let there { return there }
        // A name by its digest is what it is.
        case .always: if let there, ImageReference(name).digest != nil { return there }
        }
        try await pull(name, model: model)
        guard let pulled = try await described(name) else { throw Containers.missing(name, model: model) }
        return pulled
    }

    /// Nil: the engine does not have it.
    func described(_ name: String) async throws(Failure) -> ResolvedImage? {
        var names = [name]
        // Podman calls so what was built or loaded without a registry.
        if try await engine.isPodman(), !ImageReference(name).namesRegistry { names.append("localhost/" + name) }
        for name in names {
            let answer = try await engine.call(
                "GET", "/images/\(EngineClient.escaped(name))/json", purpose: "looking for image \(name)")
            if answer.status == 404 { continue }
            guard answer.isSuccess, let id = answer.json["Id"]?.stringValue, !id.isEmpty else {
                let cause: Cause = (400..<500).contains(answer.status) ? .app : .infra
                throw Failure(cause, "the Docker engine does not describe image \(name): \(answer.message)")
            }
            // Podman leaves the algorithm out.
            let full = id.hasPrefix("sha256:") ? id : "sha256:" + id
            let repository = ImageReference(name).repository
            let digests = (answer.json["RepoDigests"]?.arrayValue ?? []).compactMap(\.stringValue)
            let own = digests.first { $0.hasPrefix(repository + "@") || $0.hasSuffix("/" + repository) } ?? digests.first
            return ResolvedImage(id: full, digest: own ?? full)
        }
        return nil
    }

    private func pull(_ name: String, model: String) async throws(Failure) {
        let reference = ImageReference(name)
        let image = reference.digest.map { "\(reference.repository)@\($0)" } ?? reference.repository
        var query = [("fromImage", image)]
        if let tag = reference.tag { query.append(("tag", tag)) }
        let authorisation = try await supply.credentials.header(for: reference.registry)
        supply.tell("pulling image \(name)")
        let progress = PullProgress(image: name, tell: supply.tell)
        let answer = try await engine.pull(
            query: query, authorisation: authorisation, purpose: "pulling image \(name)", onChunk: progress.take)
        progress.finish()
        if let message = answer.isSuccess ? progress.error : answer.message {
            throw Self.failure(name, model, registry: reference.registry, message)
        }
        supply.tell("pulled image \(name)")
    }

    /// Engines tell what went wrong in words alone, those of Go, of the registry or of the system.
    static func failure(_ name: String, _ model: String, registry: String, _ message: String) -> Failure {
        let text = message.lowercased()
        let start = "image \(name) of model \(model) cannot be pulled: "
        func has(_ words: [String]) -> Bool { words.contains { text.contains($0) } }
        if has(["no space left on device"]) {
            return Failure(.infra, start + "the engine's disk is full: `docker image prune` makes room; \(message)")
        }
        if has(["unauthorized", "authentication required", "access denied", "no basic auth", "denied:", "forbidden"]) {
            return Failure(
                .app, start + "registry \(registry) refuses it: `docker login \(registry)`, or there is none; \(message)")
        }
        if has(["manifest unknown", "not found", "does not exist", "name unknown", "no such image", "invalid reference"]) {
            return Failure(.app, start + "registry \(registry) has no such image; \(message)")
        }
        return Failure(.infra, start + "registry \(registry) cannot be reached; \(message)")
    }
}
