internal import Glibc
internal import ImflowExecution
internal import ImflowJSON
package import ImflowPlan

/// How many units splits will make, as far as the plan and this machine's files tell before anything has run.
package struct UnitForecast: Sendable {
    /// Texts larger than this are not read for it.
    private static let maximumTextBytes = SplitSource.maximumTextBytes

    private let plan: Plan

    package init(_ plan: Plan) { self.plan = plan }

    /// Of a stage that is not split: 1. Nil: known after the split.
    package func units(ofStage index: Int) -> Int? {
        let stage = plan.stages[index]
        guard let split = stage.split else { return 1 }
        if split.mode == .candidates { return split.candidates }
        guard let input = input(of: stage) else { return nil }
        let members = input.filter { name, value in
            split.key.map { $0 == name } ?? Self.fits(value, split.mode, isFile: isFile(name))
        }
        guard members.count == 1, let (name, value) = members.elements.first else { return nil }
        switch split.mode {
        case .batch:
            guard let list = value.arrayValue, split.batchSize > 0 else { return nil }
            return BatchSplit.count(list.count, size: split.batchSize)
        case .tile: return value.stringValue.flatMap { tiles(of: $0, split) }
        case .lines, .sequence: return text(value, isFile: isFile(name)).flatMap { Self.pieces(of: $0, split) }
        case .rows: return value.stringValue.flatMap { rows(of: $0, split) }
        case .audio: return value.stringValue.flatMap { windows(of: $0, split) }
        case .candidates: return split.candidates
        }
    }

    /// What a stage at the job's beginning is bound to; nil for any other.
    private func input(of stage: StagePlan) -> JSONObject? {
        guard stage.needs.isEmpty, stage.binding.jobInput, let all = plan.input.objectValue else { return nil }
        var input = all
        if let key = stage.binding.key { input = all[key].map { [key: $0] } ?? [:] }
        input.merge(stage.literal.objectValue ?? [:]) { _, literal in literal }
        return input
    }

    /// Whether the job's input names files by the member.
    private func isFile(_ name: String) -> Bool {
        plan.inputFiles.contains { $0 == "/\(name)" } || name.hasSuffix("_url") || name.hasSuffix("_uri")
    }

    private static func fits(_ value: JSONValue, _ mode: SplitMode, isFile: Bool) -> Bool {
        switch mode {
        case .batch: value.arrayValue != nil
        case .tile, .audio: isFile && value.stringValue != nil
        case .lines, .sequence, .rows: value.stringValue != nil
        case .candidates: false
        }
    }

    private func tiles(of url: String, _ split: SplitPlan) -> Int? {
        guard let path = FileURL.path(url), let shape = try? Self.shape(of: path) else { return nil }
        guard let grid = try? TileGrid(imageWidth: shape.width, imageHeight: shape.height, plan: split) else { return nil }
        return grid.count + (split.tileWhole == true && grid.count > 1 ? 1 : 0)
    }

    /// As the tiles see it, upright.
    private static func shape(of path: String) throws(Failure) -> PixelShape {
        if let image = try SourceImage.open(path, name: path) { return image.shape }
        let header = try VipsImage(path: path, name: path, access: .sequential)
        return Orientation(exif: header.orientation).upright(header.shape)
    }

    private func rows(of url: String, _ split: SplitPlan) -> Int? {
        guard let path = FileURL.path(url),
            let size = try? ImageFile.reading(path, name: path).size, size <= Int64(Self.maximumTextBytes)
        else { return nil }
        return try? RowTable(path: path, name: path, plan: split, limit: Splitter.maximumUnits)?.runs.count
    }

    private func windows(of url: String, _ split: SplitPlan) -> Int? {
        guard let path = FileURL.path(url), let file = try? ImageFile.reading(path, name: path),
            let wave = try? WaveFile(file)
        else { return nil }
        return try? AudioSplit(wave, name: path, plan: split, limit: Splitter.maximumUnits)?.windows.count
    }

    private func text(_ value: JSONValue, isFile: Bool) -> String? {
        guard let text = value.stringValue else { return nil }
        guard isFile else { return text }
        guard let path = FileURL.path(text) else { return nil }
        return Self.read(path)
    }

    private static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            Int(status.st_size) <= maximumTextBytes
        else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            done += count
        }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func pieces(of text: String, _ split: SplitPlan) -> Int? {
        if split.mode == .lines { return TextLines.lines(of: text, limit: Splitter.maximumUnits)?.count }
        guard split.sequenceLength > 0, (0..<split.sequenceLength).contains(split.sequenceOverlap) else { return nil }
        return TextWindows(text, unit: split.sequenceUnit).windows(
            length: split.sequenceLength, overlap: split.sequenceOverlap, limit: Splitter.maximumUnits,
            byteLimit: Splitter.maximumWindowBytes)?.count
    }
}
