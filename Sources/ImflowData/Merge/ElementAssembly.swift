internal import ImflowExecution

/// Puts elements together that come in pieces.
struct ElementAssembly {
    private var bytes: [UInt8] = []

    /// Hands an element to `body` when its last piece is here. An element that comes in one piece is not copied.
    /// - Throws: cause `app` when an element is larger than ``WholeValue/limit``; `name` is what the message calls it.
    mutating func add(
        _ piece: ElementPiece, of name: () -> String, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        if piece.isFirst, piece.isLast { return try body(piece.bytes) }
        if piece.isFirst { bytes.removeAll(keepingCapacity: true) }
        guard bytes.count + piece.bytes.count <= WholeValue.limit else {
            throw Failure(
                .app,
                "\(name()) has more than \(WholeValue.limitText), which is more than this merge reads at once;"
                    + " let the model answer with files, or cut smaller units")
        }
        bytes.append(contentsOf: piece.bytes)
        guard piece.isLast else { return }
        let whole = bytes
        var failure: Failure?
        whole.withUnsafeBytes { buffer in
            do throws(Failure) { try body(buffer) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}
