internal import ImflowContent
internal import ImflowExecution

/// `concat-json`: one list in unit order; a unit's list is concatenated, anything else appended. No units: `[]`.
/// `none`: the list of the units' results as they are.
///
/// The results' canonical texts are spliced as they come, so that neither a unit's result nor the merged list is ever in
/// memory.
struct ConcatJSON: MergeFold {
    /// Whether a unit's list gives its items.
    private let flattens: Bool
    /// `[`, then the items so far.
    private let writer: ContentWriter
    /// Of the current unit: whether its result is a list to be flattened, and whether something of it was written.
    private var isList = false
    private var hasWritten = false
    /// A list's last byte so far: at the end it is the bracket.
    private var held: UInt8?

    /// `bufferSize`: as ``ContentWriter`` has it.
    init(
        flattens: Bool, content: ContentStore, bufferSize: Int = ContentWriter.bufferSize
    ) throws(Failure) {
        self.flattens = flattens
        writer = ContentWriter(content: content, bufferSize: bufferSize)
        try writer.put("[")
    }

    private var isEmpty: Bool { writer.size == 1 }

    mutating func add(_ text: UnsafeRawBufferPointer, of unit: Int) throws(Failure) {
        try add(ElementPiece(bytes: text, isFirst: true, isLast: true))
    }

    /// Adds a piece of the unit after the run.
    mutating func add(_ piece: ElementPiece) throws(Failure) {
        var bytes = piece.bytes[...]
        if piece.isFirst {
            isList = flattens && bytes.first == UInt8(ascii: "[")
            (hasWritten, held) = (false, nil)
            if isList { bytes = bytes.dropFirst() }
        }
        guard isList else { return try write(bytes) }
        guard let last = bytes.last else { return }
        // A list that goes on has items: the byte belongs to one.
        if let held { try withUnsafeBytes(of: held) { (byte) throws(Failure) in try write(byte[...]) } }
        held = last
        try write(bytes.dropLast())
    }

    private mutating func write(_ bytes: Slice<UnsafeRawBufferPointer>) throws(Failure) {
        guard !bytes.isEmpty else { return }
        if !hasWritten, !isEmpty { try writer.put(",") }
        hasWritten = true
        try writer.put(UnsafeRawBufferPointer(rebasing: bytes))
    }

    mutating func combine(_ next: ConcatJSON) throws(Failure) {
        if next.isEmpty { return }
        if !isEmpty { try writer.put(",") }
        try writer.put(next.writer, from: 1)
    }

    mutating func finish(in content: ContentStore) throws(Failure) -> Payload {
        try writer.put("]")
        return try writer.payload()
    }
}
