/// Standard output up to a limit: what comes then is read and dropped, so that the program can go on.
struct OutputBuffer {
    private let limit: Int
    private(set) var bytes: [UInt8] = []
    private(set) var isTruncated = false

    /// - Parameter limit: in bytes.
    init(limit: Int) { self.limit = limit }

    mutating func append(_ piece: UnsafeRawBufferPointer) {
        let count = min(piece.count, limit - bytes.count)
        bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: piece[..<count]))
        if piece.count > count { isTruncated = true }
    }
}
