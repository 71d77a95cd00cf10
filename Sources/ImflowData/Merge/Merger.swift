package import ImflowContent
package import ImflowExecution
package import ImflowJSON
internal import ImflowPlan

/// Makes one result of a stage's partial outputs. Neither the bundling of units into shards nor the order in which
/// shards finished changes a byte of it; holes are left out.
package struct Merger: Sendable {
    private let content: ContentStore

    package init(content: ContentStore) { self.content = content }

    /// `consumer` is what messages call the merge.
    package func merge(_ work: MergeWork, consumer: String) throws(Failure) -> JSONValue {
        let outputs = try PartialOutputs(work.parts, content: content, task: consumer)
        do throws(Failure) {
            return try merge(outputs, by: work.merge, split: work.split)
        } catch {
            throw Failure(error.cause, "\(consumer): \(error.message)")
        }
    }

    private func merge(_ outputs: PartialOutputs, by merge: MergePlan, split: SplitPlan) throws(Failure) -> JSONValue {
        let results = outputs.results
        switch merge.strategy {
        case .concatJSON: return ConcatJSON.merge(results)
        case .concatText: return try ConcatText(split: split).merge(results)
        case .jsonMerge: return try JSONMerge(conflict: merge.conflict).merge(results)
        case .mean: return try NumberMerge(operation: .mean).merge(results)
        case .sum: return try NumberMerge(operation: .sum).merge(results)
        case .max: return try NumberMerge(operation: .max).merge(results)
        case .min: return try NumberMerge(operation: .min).merge(results)
        case .vote: return VoteMerge.merge(results)
        case .topK: return try TopKMerge(score: merge.score, k: merge.k).merge(results)
        case .none: return .array(results.map(\.result))
        case .tileStitch: return try stitch(outputs, by: merge, split: split)
        case .segments: return try SegmentMerge.merge(results)
        case .detections: return try DetectionMerger.merge(units: results.map { ($0.unit, $0.result) }, plan: merge)
        }
    }

    /// Holes are told too: they stay empty in the image.
    private func stitch(_ outputs: PartialOutputs, by merge: MergePlan, split: SplitPlan) throws(Failure) -> JSONValue {
        var images: [(unit: Unit, image: ContentReference?)] = outputs.holes.map { ($0, nil) }
        for item in outputs.results {
            images.append((item.unit, try TileStitcher.image(in: item.result, of: item.unit)))
        }
        images.sort { $0.unit.index < $1.unit.index }
        return try TileStitcher.stitch(outputs: images, plan: merge, split: split, content: content)
    }
}
