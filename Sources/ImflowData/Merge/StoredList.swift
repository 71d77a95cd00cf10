internal import ImflowContent
internal import ImflowExecution
internal import ImflowJSON

/// A stored list that is read from its beginning to its end, an element or less of it in memory.
struct StoredList {
    let payload: Payload
    let content: ContentStore
    /// What messages call the list.
    let owner: String
    var pieceSize = ContentReader.pieceSize

    /// Hands out all elements, piece by piece, in order. When `body` fails, what it was given is hashed first: damaged
    /// bytes are the machine's fault, whatever they made a merge think.
    /// - Returns: how many elements there are.
    func forEachPiece(_ body: (ElementPiece) throws(Failure) -> Void) throws(Failure) -> Int {
        var scanner = ListScanner()
        var failure: Failure?
        let reader = try open()
        while let piece = try next(of: reader) {
            guard failure == nil else { continue }
            if Task.isCancelled { throw Failure(.cancelled, "the merge was cancelled") }
            do throws(Failure) {
                if let malformed = try scanner.scan(piece, body) { failure = self.failure(malformed) }
            } catch { failure = error }
        }
        if let failure { throw failure }
        guard scanner.isComplete else { throw self.failure(.broken) }
        return scanner.count
    }

    private func open() throws(Failure) -> ContentReader {
        do throws(ContentError) {
            return try ContentReader(payload, content: content, pieceSize: pieceSize)
        } catch { throw unreadable(error) }
    }

    private func next(of reader: ContentReader) throws(Failure) -> UnsafeRawBufferPointer? {
        do throws(ContentError) { return try reader.next() } catch { throw unreadable(error) }
    }

    private func unreadable(_ error: ContentError) -> Failure {
        Failure(.infra, "\(owner) (\(payload.hash)) cannot be read: \(error.sentence)")
    }

    private func failure(_ malformed: ListScanner.Malformed) -> Failure {
        switch malformed {
        case .noList: Failure(.infra, "\(owner) (\(payload.hash)) is not a list")
        case .broken: Failure(.infra, "\(owner) (\(payload.hash)) is not whole JSON")
        }
    }

    /// Hands out all elements, each whole: `text` is its canonical text, and holds until `body` returns.
    func forEachElement(
        _ body: (_ position: Int, _ text: UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) -> Int {
        var assembly = ElementAssembly()
        var position = 0
        return try forEachPiece { piece throws(Failure) in
            try assembly.add(piece, of: { "\(owner), element \(position)" }) { text throws(Failure) in
                try body(position, text)
            }
            if piece.isLast { position += 1 }
        }
    }
}
