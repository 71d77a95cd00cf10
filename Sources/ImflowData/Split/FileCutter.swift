internal import Glibc
internal import ImflowContent
internal import ImflowExecution

/// Makes a unit's part of a stored file a file of its own.
struct FileCutter {
    private static let pieceSize: Int64 = 1 << 20

    let content: ContentStore

    /// Writes the bytes, or the recording's window, as a new read-only file into `folder`, and answers its name: the
    /// source's, for a window with the extension `wav`. Causes: `app` when the cut does not fit the source, `infra`,
    /// `cancelled`.
    func write(_ unit: Unit, _ cut: FileCut, into folder: String) throws(Failure) -> String {
        guard let source = ContentReference(cut.source) else {
            throw Failure(.infra, "unit \(unit.index) names no file that it is cut from; split it again")
        }
        let file = try ImageFile.reading(content.path(of: source.hash), name: source.name)
        guard cut.form == .audio else {
            try Self.write(cut.range, of: file, to: folder + "/" + source.name)
            return source.name
        }
        guard let wave = try WaveFile(file) else {
            throw Failure(.infra, "\(source.name) is not a WAV file of plain samples; split it again")
        }
        let name = WaveFile.name(of: source.name)
        let (head, range) = try wave.window(cut.range)
        try Self.write(range, of: file, after: head, to: folder + "/" + name)
        return name
    }

    /// Makes the read-only file `path` of `head`, the bytes in `range` of `file`, and a zero where their count is odd after
    /// a head, as RIFF has it.
    static func write(
        _ range: Range<Int64>, of file: ImageFile, after head: [UInt8] = [], to path: String
    ) throws(Failure) {
        guard range.lowerBound >= 0, range.upperBound <= file.size else {
            throw Failure(.infra, "\(file.name) ends before the part that is cut from it; split it again")
        }
        let start = Int64(head.count)
        let padding: Int64 = head.isEmpty ? 0 : Int64(range.count) % 2
        let target = try ImageFile.creating(path, size: start + Int64(range.count) + padding)
        if !head.isEmpty {
            var head = head
            try head.rawBytes { (bytes) throws(Failure) in try target.write(UnsafeRawBufferPointer(bytes), at: 0) }
        }
        var offset = range.lowerBound
        while offset < range.upperBound {
            if Task.isCancelled { throw Failure(.cancelled, "cutting \(file.name) was cancelled") }
            let count = min(pieceSize, range.upperBound - offset)
            guard var piece = try file.bytes(at: offset, count: Int(count)) else {
                throw Failure(.infra, "\(file.name) became shorter while it was read; run the job again")
            }
            let place = start + offset - range.lowerBound
            try piece.rawBytes { (bytes) throws(Failure) in try target.write(UnsafeRawBufferPointer(bytes), at: place) }
            offset += count
        }
        chmod(path, 0o444)
    }
}
