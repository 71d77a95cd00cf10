package import ImflowContent
package import ImflowExecution
internal import ImflowJSON
internal import ImflowPlan

/// Makes one result of a stage's partial outputs. Neither the bundling of units into shards nor the order in which
/// shards finished changes a byte of it; holes are left out.
///
/// The outputs are read one unit at a time. In memory is what a strategy must know of the units before: nothing of them for
/// `concat-json` and `none`, a unit's text for `concat-text`, the places of the images for `tile-stitch`, all boxes and
/// segments for `detections` and `segments`, and for the others at most the result itself.
package struct Merger: Sendable {
    private let content: ContentStore
    private let pieceSize: Int

    /// `pieceSize`: stored outputs are read in pieces of so many bytes, and results are written in such.
    package init(content: ContentStore, pieceSize: Int = ContentReader.pieceSize) {
        self.content = content
        self.pieceSize = pieceSize
    }

    /// The merged value as it travels; large ones are in the store. `consumer` is what messages call the merge.
    /// - Throws: cause `app` when the outputs are not what the strategy merges, naming the unit; `infra` when they cannot be
    ///   read or the result not be written; `cancelled` when the task is.
    package func merge(_ work: MergeWork, consumer: String) throws(Failure) -> Payload {
        let strategy = work.merge.strategy
        let outputs = try PartialOutputs(
            work.parts, content: content, task: consumer,
            keepingUnits: [.tileStitch, .detections, .segments].contains(strategy), pieceSize: pieceSize)
        do throws(Failure) {
            return try merge(outputs, by: work.merge, split: work.split)
        } catch {
            guard error.cause == .app, !error.message.hasPrefix(consumer) else { throw error }
            throw Failure(error.cause, "\(consumer): \(error.message)")
        }
    }

    private func merge(_ outputs: PartialOutputs, by merge: MergePlan, split: SplitPlan) throws(Failure) -> Payload {
        switch merge.strategy {
        case .concatJSON: return try concat(outputs, flattens: true)
        case .none: return try concat(outputs, flattens: false)
        case .concatText:
            return try fold(
                outputs, try ConcatText(split: split, isStart: true, content: content, bufferSize: pieceSize))
        case .jsonMerge: return try objects(outputs, by: merge)
        case .mean: return try fold(outputs, NumberMerge(.mean))
        case .sum: return try fold(outputs, NumberMerge(.sum))
        case .max: return try fold(outputs, NumberMerge(.max))
        case .min: return try fold(outputs, NumberMerge(.min))
        case .vote: return try fold(outputs, VoteMerge())
        case .topK: return try fold(outputs, TopKMerge(score: merge.score, k: merge.k))
        case .tileStitch: return try store(try stitch(outputs, by: merge, split: split))
        case .detections: return try store(try detections(outputs, by: merge))
        case .segments: return try store(try SegmentMerge.merge(try outputs.results()))
        }
    }

    private func fold<Fold: MergeFold>(_ outputs: PartialOutputs, _ identity: Fold) throws(Failure) -> Payload {
        var fold = identity
        try outputs.forEachElement { unit, text throws(Failure) in try fold.add(text, of: unit) }
        return try fold.finish(in: content)
    }

    private func objects(_ outputs: PartialOutputs, by merge: MergePlan) throws(Failure) -> Payload {
        var fold = JSONMerge(conflict: merge.conflict)
        do throws(Failure) {
            try outputs.forEachElement { unit, text throws(Failure) in try fold.add(text, of: unit) }
        } catch {
            guard let conflict = fold.found, let pointer = JSONPointer(JSONPointer.text(conflict.path)) else {
                throw error
            }
            // Whose a value is, is not kept for the case that it is asked.
            var other: Int?
            try outputs.forEachValue { unit, value in
                if other == nil, pointer.value(in: value) != nil { other = unit }
            }
            throw conflict.failure(with: other)
        }
        return try fold.finish(in: content)
    }

    private func concat(_ outputs: PartialOutputs, flattens: Bool) throws(Failure) -> Payload {
        var list = try ConcatJSON(flattens: flattens, content: content, bufferSize: pieceSize)
        try outputs.forEachPiece { _, piece throws(Failure) in try list.add(piece) }
        return try list.finish(in: content)
    }

    private func detections(_ outputs: PartialOutputs, by merge: MergePlan) throws(Failure) -> JSONValue {
        var boxes = DetectionGathering()
        try outputs.forEachValue { index, value throws(Failure) in
            if let unit = outputs.units[index] { try boxes.add(unit, value) }
        }
        return try boxes.merged(merge)
    }

    /// Holes are told too: they stay empty in the image.
    private func stitch(_ outputs: PartialOutputs, by merge: MergePlan, split: SplitPlan) throws(Failure) -> JSONValue {
        var images: [(unit: Unit, image: ContentReference?)] = outputs.holes.map { ($0, nil) }
        try outputs.forEachValue { index, value throws(Failure) in
            guard let unit = outputs.units[index] else { return }
            images.append((unit, try TileStitcher.image(in: value, of: unit)))
        }
        images.sort { $0.unit.index < $1.unit.index }
        return try TileStitcher.stitch(outputs: images, plan: merge, split: split, content: content)
    }

    private func store(_ value: JSONValue) throws(Failure) -> Payload {
        do throws(ContentError) { return try content.payload(value) } catch { throw Failure(storing: error) }
    }
}
