package import ImflowContent
package import ImflowExecution
package import ImflowJSON
package import ImflowPlan

/// Cuts a stage's bound input into units, and bundles them into shards.
package struct Splitter: Sendable {
    /// More units of one stage are refused.
    package static let maximumUnits = 1_000_000
    /// Of the texts of all windows of a `sequence` together.
    package static let maximumWindowBytes = 256 << 20
    private static let filesAtOnce = 1024

    private let content: ContentStore
    private let fetcher: Fetcher
    private let sources: TileSources?

    /// - Parameter sources: where the decode of an image that needs one begins; nil: with its first tile.
    package init(content: ContentStore, fetcher: Fetcher, sources: TileSources? = nil) {
        self.content = content
        self.fetcher = fetcher
        self.sources = sources
    }

    /// What all units share, and each shard's units. Files of the shared input and of a text or image that is
    /// split are fetched here; the items of a list are left to the shards. `consumer` is what messages call the stage.
    package func split(
        _ input: JSONObject, by split: SplitPlan, inputSchema: JSONValue?, consumer: String
    ) async throws(Failure) -> Outcome {
        try Self.check(split, consumer: consumer)
        // A table may be given as its text; what is named as one and reads as a URL is none.
        let members = FileMembers(inputSchema: inputSchema, file: split.mode == .rows ? split.key : nil)
        let (source, shared) = try await source(in: input, of: split, members: members, consumer: consumer)
        let units: [Unit]?
        if let source {
            units = try self.units(of: source, by: split, consumer: consumer)
        } else {
            units = CandidatesSplit.units(count: split.candidates, seed: split.seed)
        }
        guard let units, units.count <= Self.maximumUnits else {
            throw Failure(
                .app,
                "\(consumer) would be split into more than \(Self.maximumUnits) units, or into windows of more"
                    + " than \(Self.maximumWindowBytes) bytes in all; make units larger, or their overlap smaller")
        }
        return try outcome(shared: shared, units: units, limit: split.shardLimit)
    }

    /// The member that is split, nil for candidates, and the input less it.
    private func source(
        in input: JSONObject, of split: SplitPlan, members: FileMembers, consumer: String
    ) async throws(Failure) -> (SplitSource?, shared: JSONObject) {
        if split.mode == .batch {
            let source = try SplitSource(of: input, split: split, consumer: consumer)
            var shared = input
            shared[source.key] = nil
            let others = try await fetched(shared, members)
            return (source, others)
        }
        var shared = try await fetched(input, members)
        if split.mode == .candidates { return (nil, shared) }
        let source = try SplitSource(of: shared, split: split, consumer: consumer)
        shared[source.key] = nil
        return (source, shared)
    }

    private func fetched(_ input: JSONObject, _ members: FileMembers) async throws(Failure) -> JSONObject {
        members.replacing(input, by: try await fetcher.references(of: members.urls(in: [input])))
    }

    private func outcome(shared: JSONObject, units: [Unit], limit: Int) throws(Failure) -> Outcome {
        do throws(ContentError) {
            var shards: [Payload] = []
            for run in ShardRuns.balanced(units.count, limit: limit) {
                shards.append(try content.payload(.array(units[run].map(\.json))))
            }
            return .expanded(shared: try content.payload(.object(shared)), unitCount: units.count, shards: shards)
        } catch { throw Failure(storing: error) }
    }

    /// Nil when there are too many.
    private func units(
        of source: SplitSource, by split: SplitPlan, consumer: String
    ) throws(Failure) -> [Unit]? {
        switch split.mode {
        case .candidates: return []
        case .batch:
            let items = source.value.arrayValue ?? []
            guard BatchSplit.count(items.count, size: split.batchSize) <= Self.maximumUnits else { return nil }
            return BatchSplit.units(of: items, key: source.key, size: split.batchSize)
        case .lines:
            if let file = source.file, isLarge(file) { return try largeText(file, key: source.key, split) }
            let text = try source.text(content: content, consumer: consumer)
            guard let lines = TextLines.lines(of: text, limit: Self.maximumUnits) else { return nil }
            let geometry = lines.indices.map { index -> JSONObject in
                ["index": .int(Int64(index)), "start": .int(Int64(index)), "end": .int(Int64(index) + 1)]
            }
            return try units(of: source, texts: lines, geometry: geometry)
        case .sequence:
            if let file = source.file, isLarge(file) { return try largeText(file, key: source.key, split) }
            let windows = TextWindows(
                try source.text(content: content, consumer: consumer), unit: split.sequenceUnit
            ).windows(
                length: split.sequenceLength, overlap: split.sequenceOverlap, limit: Self.maximumUnits,
                byteLimit: Self.maximumWindowBytes)
            guard let windows else { return nil }
            let geometry = windows.enumerated().map { index, window -> JSONObject in
                [
                    "index": .int(Int64(index)), "start": .int(Int64(window.start)), "end": .int(Int64(window.end)),
                    "overlap": .int(Int64(window.overlap)),
                ]
            }
            return try units(of: source, texts: windows.map(\.text), geometry: geometry)
        case .tile:
            guard let image = source.file else { return [] }
            let units = try TileSplitter.split(source: image, key: source.key, plan: split, content: content)
            try sources?.begin(image)
            return units
        case .rows:
            let file = try source.storedTable(format: split.rowFormat, content: content)
            let path = content.path(of: file.hash)
            return try RowTable(path: path, name: file.name, plan: split, limit: Self.maximumUnits)?
                .units(of: file, key: source.key)
        case .audio:
            guard let file = source.file else { return [] }
            let (recording, wave) = try Recording(content: content).open(file)
            return try AudioSplit(wave, name: file.name, plan: split, limit: Self.maximumUnits)?
                .units(of: recording, key: source.key)
        }
    }

    /// Whether a text is cut by reference: what is larger is not held in memory.
    private func isLarge(_ file: ContentReference) -> Bool {
        content.size(of: file.hash).map { $0 > Int64(SplitSource.maximumTextBytes) } ?? false
    }

    /// Units that name their parts of the text.
    private func largeText(_ file: ContentReference, key: String, _ split: SplitPlan) throws(Failure) -> [Unit]? {
        let text = LargeText(path: content.path(of: file.hash), name: file.name)
        return try text.parts(by: split, limit: Self.maximumUnits)?.map { part in
            let cut = FileCut(key: key, source: file.text, range: part.bytes, form: .bytes)
            return Unit(geometry: part.geometry, set: [:], cut: cut)
        }
    }

    /// A unit of a text is a text; one of a file is a small file.
    private func units(of source: SplitSource, texts: [String], geometry: [JSONObject]) throws(Failure) -> [Unit] {
        var values = texts
        if let file = source.file {
            values = []
            for start in stride(from: 0, to: texts.count, by: Self.filesAtOnce) {
                if Task.isCancelled { throw Failure(.cancelled, "the split was cancelled") }
                let run = texts[start..<min(start + Self.filesAtOnce, texts.count)]
                do throws(ContentError) {
                    let hashes = try content.put(all: run.map { Array($0.utf8) })
                    values += hashes.map { ContentReference(hash: $0, name: file.name).text }
                } catch { throw Failure(storing: error) }
            }
        }
        return zip(geometry, values).map { Unit(geometry: $0, set: [source.key: .string($1)]) }
    }

    private static func check(_ split: SplitPlan, consumer: String) throws(Failure) {
        let complaint: String? =
            switch split.mode {
            case .batch where split.batchSize < 1, .rows where split.batchSize < 1: "`batch_size: \(split.batchSize)` must be at least 1"
            case .sequence where split.sequenceLength < 1:
                "`sequence_length: \(split.sequenceLength)` must be at least 1"
            case .sequence where split.sequenceOverlap < 0 || split.sequenceOverlap >= split.sequenceLength:
                "`sequence_overlap: \(split.sequenceOverlap)` must be 0 or more, and less than `sequence_length`"
            case .candidates where split.candidates < 0 || split.candidates > maximumUnits:
                "`candidates: \(split.candidates)` must lie between 0 and \(maximumUnits)"
            case .candidates where split.seed.addingReportingOverflow(split.candidates).overflow:
                "`seed: \(split.seed)` is too large for \(split.candidates) candidates"
            default: nil
            }
        if let complaint { throw Failure(.app, "\(consumer): \(complaint)") }
    }
}
