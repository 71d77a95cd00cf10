internal import ImflowContent
internal import ImflowExecution
internal import ImflowJSON
internal import ImflowPlan

/// Splits a list that is still being made, when it is known how many elements it will have: the units that a `batch` split
/// of the whole list makes, less the elements.
struct FollowingSplit {
    let content: ContentStore
    let fetcher: Fetcher

    /// The bound input with stand-ins for the list's elements; nil when the condition is false.
    func bind(
        _ context: InputContext, _ followed: FollowedList, consumer: String
    ) throws(Failure) -> JSONObject? {
        let list: Payload
        do throws(ContentError) {
            list = try content.payload(Self.standIn(followed.unitCount))
        } catch { throw Failure(storing: error) }
        var whole = context
        let source = InputContext.Source(stage: followed.stage, outputKey: followed.outputKey, result: list)
        whole.sources.insert(source, at: min(max(followed.position, 0), whole.sources.count))
        return try Binder(content: content).bind(whole, consumer: consumer)
    }

    /// - Parameter input: as ``bind(_:_:consumer:)`` answered it.
    func split(
        _ input: JSONObject, _ work: SplitWork, _ followed: FollowedList, consumer: String
    ) async throws(Failure) -> Outcome {
        guard work.split.mode == .batch, work.split.batchSize == 1 else {
            throw Failure(.infra, "\(consumer) keeps another stage's units, but cuts lists otherwise than one by one")
        }
        let source = try SplitSource(of: input, split: work.split, consumer: consumer)
        guard source.value == Self.standIn(followed.unitCount) else {
            throw Failure(
                .infra, "\(consumer) keeps the units of stage `\(followed.stage)`, but splits `\(source.key)`, another list")
        }
        let outcome = try await Splitter(content: content, fetcher: fetcher)
            .split(input, by: work.split, inputSchema: work.inputSchema, consumer: consumer)
        guard case .expanded(let shared, let unitCount, let shards) = outcome, shards.count == followed.shardCount else {
            throw Failure(
                .infra, "\(consumer) keeps the units of stage `\(followed.stage)`, but bundles them otherwise")
        }
        var emptied: [Payload] = []
        for shard in shards { emptied.append(try withoutElements(shard, key: source.key)) }
        return .expanded(shared: shared, unitCount: unitCount, shards: emptied)
    }

    private func withoutElements(_ shard: Payload, key: String) throws(Failure) -> Payload {
        var units = try PartialOutputs.units(shard, content: content, owner: "the units of a split")
        for index in units.indices {
            units[index].set[key] = nil
            units[index].listKey = key
        }
        do throws(ContentError) {
            return try content.payload(.array(units.map(\.json)))
        } catch { throw Failure(storing: error) }
    }

    /// Equal to no list that anybody else makes by chance.
    private static func standIn(_ count: Int) -> JSONValue {
        .array((0..<count).map { ["imflow_element": .int(Int64($0))] })
    }
}
