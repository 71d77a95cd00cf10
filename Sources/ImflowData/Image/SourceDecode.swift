import Glibc
internal import ImflowContent
internal import ImflowExecution

/// One decode for ``TileSources``: made here, or followed while another process makes it.
struct SourceDecode {
    /// Counted up when the same source would be made into other bytes.
    static let recipe = "upright-1"

    let source: ContentReference
    /// Of the decode, for its owner.
    let id: UInt64
    let owner: TileSources
    private var content: ContentStore { owner.content }

    init(source: ContentReference, id: UInt64, owner: TileSources) {
        self.source = source
        self.id = id
        self.owner = owner
    }

    func result() async throws(Failure) -> TileSources.Opened {
        var followed: String?
        while true {
            try checkCancellation()
            if let made = finished() { return made }
            if let flight = try flight() {
                defer { flight.end() }
                // The one who had it may have finished between the look and this.
                if let made = finished() { return made }
                return try make(in: flight)
            }
            follow(&followed)
            do { try await Task.sleep(for: CacheFlight.interval) } catch {
                throw Failure(.cancelled, "it waited for another process that decodes \(source.name)")
            }
        }
    }

    private func flight() throws(Failure) -> CacheFlight? {
        do throws(ContentError) {
            return try content.derivation(
                from: source.hash, by: Self.recipe, progress: DecodeProgress(rows: 0, file: "").text)
        } catch { throw Failure(storing: error) }
    }

    /// What was made before, if it is whole.
    private func finished() -> TileSources.Opened? {
        guard let made = content.derived(from: source.hash, by: Self.recipe) else { return nil }
        if let image = try? SourceImage.open(content.path(of: made), name: source.name) {
            return TileSources.Opened(image: image, file: made)
        }
        // Damaged content would stay in the way of the same content made anew.
        content.forget(derivedFrom: source.hash, by: Self.recipe)
        try? content.remove(made)
        return nil
    }

    private func make(in flight: CacheFlight) throws(Failure) -> TileSources.Opened {
        let growth = Growth(decode: self, flight: flight)
        let made = try SourceConverter(content: content, name: source.name)
            .convert(content.path(of: source.hash), telling: growth)
        guard let image = try SourceImage.open(content.path(of: made), name: source.name) else {
            throw Failure(.infra, "\(source.name), once decoded, is not as it was written; check the disk")
        }
        // Without the note it is decoded again, which costs time and nothing else.
        try? content.note(made, derivedFrom: source.hash, by: Self.recipe)
        return TileSources.Opened(image: image, file: made)
    }

    /// Tells the owner how far another process has come. `file`: the one that was opened last.
    private func follow(_ file: inout String?) {
        guard let text = content.derivationProgress(from: source.hash, by: Self.recipe),
            let progress = DecodeProgress(text), let path = content.temporaryFile(named: progress.file)
        else { return }
        if progress.file != file {
            guard let image = try? SourceImage.open(path, name: source.name) else { return }
            file = progress.file
            owner.began(image, of: source.hash, by: id)
        }
        owner.advanced(to: min(progress.rows, Int(Int32.max)), of: source.hash, by: id)
    }

    /// Tells the owner and other processes.
    private final class Growth: SourceConverter.Watcher {
        private let decode: SourceDecode
        private let flight: CacheFlight
        private var file = ""

        init(decode: SourceDecode, flight: CacheFlight) {
            self.decode = decode
            self.flight = flight
        }

        func began(_ path: String) throws(Failure) {
            guard let image = try SourceImage.open(path, name: decode.source.name) else {
                throw Failure(.infra, "\(path) is not as it was written; check the disk")
            }
            file = path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
            decode.owner.began(image, of: decode.source.hash, by: decode.id)
        }

        func advanced(to rows: Int) {
            flight.tell(DecodeProgress(rows: rows, file: file).text)
            decode.owner.advanced(to: rows, of: decode.source.hash, by: decode.id)
        }
    }
}

/// How far a decode has come, as other processes read it: always as long, and with the number twice, so that what is read
/// while it is being written is noticed.
struct DecodeProgress: Equatable {
    private static let nameLength = 32
    var rows: Int
    /// The name of the temporary file; empty when there is none yet.
    var file: String

    init(rows: Int, file: String) {
        self.rows = rows
        self.file = file
    }

    init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.count == 3, words[0] == words[1], let rows = Int(words[0]), rows >= 0,
            words[2].utf8.count == Self.nameLength
        else { return nil }
        self.init(rows: rows, file: String(words[2]))
    }

    var text: String {
        let digits = String(rows)
        let padded = String(repeating: "0", count: max(0, 10 - digits.count)) + digits
        let name = file.isEmpty ? String(repeating: "-", count: Self.nameLength) : file
        return "\(padded) \(padded) \(name)"
    }
}
