import Glibc
package import ImflowContent
package import ImflowExecution
internal import ImflowJSON
internal import ImflowPlan

/// Runs the tasks that call no model: fetching a job's input files, splitting, merging, handing on.
package struct DataExecutor: Executor {
    private let content: ContentStore
    private let fetcher: Fetcher
    private let sources: TileSources
    private let node: String

    /// `node` is who signs the reports. The staging must be of the same store: its files are what splits refer to.
    package init(content: ContentStore, fetcher: Fetcher, staging: DataStaging, node: String) {
        precondition(staging.content === content, "the staging and the executor use different content stores")
        self.content = content
        self.fetcher = fetcher
        sources = staging.sources
        self.node = node
    }

    package func run(_ order: WorkOrder, progress: @escaping UnitProgress) async -> AttemptReport {
        let startedAt = Self.now()
        let clock = ContinuousClock()
        let start = clock.now
        let done = await withTaskExecutorPreference(BlockingThreads.shared) { await limited(order) }
        return AttemptReport(
            order: order, outcome: done.outcome, inputHash: done.inputHash, startedAt: startedAt,
            finishedAt: max(Self.now(), startedAt), latencyMilliseconds: (clock.now - start) / .milliseconds(1),
            node: node)
    }

    /// What runs on outside of ``run(_:progress:)`` are decodes of images; unfinished files are the content store's
    /// leftovers.
    package func sweep(job: String, keeping tokens: Set<String>) async {
        if tokens.isEmpty { sources.release(job) }
    }

    package func shutdown() async { await sources.shutdown() }

    private struct Done: Sendable {
        var outcome: Outcome
        var inputHash: ContentHash?
    }

    private enum Event: Sendable {
        case done(Done)
        case timeout
    }

    /// The work, ended when its time is over or the task is cancelled. Returns when it has ended.
    private func limited(_ order: WorkOrder) async -> Done {
        await withTaskGroup(of: Event.self) { group in
            group.addTask { .done(await perform(order)) }
            if let timeout = order.timeout {
                group.addTask {
                    try? await Task.sleep(for: timeout.duration)
                    return .timeout
                }
            }
            var done: Done?
            var isLate = false
            for await event in group {
                switch event {
                case .done(let value): done = value
                case .timeout: isLate = isLate || done == nil
                }
                group.cancelAll()
            }
            let name = "task `\(order.task)`"
            if Task.isCancelled {
                return Done(outcome: .failed(Failure(.cancelled, "\(name) was cancelled")), inputHash: done?.inputHash)
            }
            if isLate, let timeout = order.timeout {
                let failure = Failure(.timeout, "\(name) took longer than its timeout of \(timeout.seconds) s")
                return Done(outcome: .failed(failure), inputHash: done?.inputHash)
            }
            return done ?? Done(outcome: .failed(Failure(.infra, "\(name) ended without an outcome")))
        }
    }

    private func perform(_ order: WorkOrder) async -> Done {
        var inputHash: ContentHash?
        do throws(Failure) {
            let outcome = try await outcome(of: order, inputHash: &inputHash)
            return Done(outcome: outcome, inputHash: inputHash)
        } catch {
            return Done(outcome: .failed(error), inputHash: inputHash)
        }
    }

    private func outcome(of order: WorkOrder, inputHash: inout ContentHash?) async throws(Failure) -> Outcome {
        let stage = "stage `\(order.stage)`"
        switch order.work {
        case .fetch(let work):
            inputHash = ContentHash(canonical: work.input)
            return .succeeded(try store(try await fetch(work)))
        case .split(let work):
            if let followed = work.followed {
                return try await split(work, following: followed, consumer: stage, inputHash: &inputHash)
            }
            guard let input = try Binder(content: content).bind(work.context, consumer: stage) else {
                return Self.skipped
            }
            inputHash = ContentHash(canonical: .object(input))
            return try await Splitter(content: content, fetcher: fetcher, sources: sources)
                .split(input, by: work.split, inputSchema: work.inputSchema, consumer: stage)
        case .pass(let context) where context.firstSource == true:
            guard let result = context.sources.first?.result else { return Self.skipped }
            inputHash = result.hash
            return .succeeded(result)
        case .pass(let context):
            if let gathered = try ResultGathering(content: content).payload(context, consumer: stage) {
                inputHash = gathered.hash
                return .succeeded(gathered)
            }
            guard let input = try Binder(content: content).bind(context, consumer: stage) else { return Self.skipped }
            inputHash = ContentHash(canonical: .object(input))
            return .succeeded(try store(.object(input)))
        case .merge(let work):
            inputHash = Self.hash(of: work.parts)
            return .succeeded(try Merger(content: content).merge(work, consumer: "task `\(order.task)`"))
        case .call(let work):
            throw Failure(
                .infra,
                "task `\(order.task)` calls model `\(work.model.name)`, but the data executor calls none;"
                    + " this is a bug of imflow")
        }
    }

    private func split(
        _ work: SplitWork, following followed: FollowedList, consumer: String, inputHash: inout ContentHash?
    ) async throws(Failure) -> Outcome {
        let split = FollowingSplit(content: content, fetcher: fetcher)
        guard let input = try split.bind(work.context, followed, consumer: consumer) else { return Self.skipped }
        inputHash = ContentHash(canonical: .object(input))
        return try await split.split(input, work, followed, consumer: consumer)
    }

    private static let skipped = Outcome.skipped("the stage's condition is false")

    private func fetch(_ work: FetchWork) async throws(Failure) -> JSONValue {
        var places: [(pointer: JSONPointer, url: String)] = []
        for text in work.pointers {
            guard let pointer = JSONPointer(text), let url = pointer.value(in: work.input)?.stringValue else {
                throw Failure(
                    .infra, "the plan fetches `\(text)` of the job's input, but there is no URL; submit the job again")
            }
            places.append((pointer, url))
        }
        let distinct = Set(places.map(\.url)).sorted()
        let references = try await fetcher.references(of: distinct.filter { ContentReference($0) == nil })
        var input = work.input
        for (pointer, url) in places {
            input = pointer.replacing(in: input, by: .string(references[url] ?? url)) ?? input
        }
        return input
    }

    private func store(_ value: JSONValue) throws(Failure) -> Payload {
        do throws(ContentError) { return try content.payload(value) } catch { throw Failure(storing: error) }
    }

    /// Of what a merge works on: its parts' own hashes.
    private static func hash(of parts: [MergePart]) -> ContentHash {
        let list = parts.map { part -> JSONValue in
            let output = part.output.map { JSONValue.string($0.hash.description) } ?? .null
            return ["units": .string(part.units.hash.description), "output": output]
        }
        return ContentHash(canonical: .array(list))
    }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
