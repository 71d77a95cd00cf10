import Glibc
import ImflowExecution
import Subprocess

/// Cuts a program's standard output into lines.
struct LineReader {
    private var source: SubprocessOutputSequence.Iterator
    private let limit: Int
    private let model: String
    private var buffer: [UInt8] = []
    private var atEnd = false

    /// - Parameter limit: the longest line, in bytes.
    init(_ source: SubprocessOutputSequence.Iterator, limit: Int, model: String) {
        self.source = source
        self.limit = limit
        self.model = model
    }

    /// The next line without its newline; what is left at the end counts as one. Nil: there is no more.
    mutating func next() async -> Result<[UInt8]?, Failure> {
        var searched = 0
        while true {
            if let newline = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = Array(buffer[..<newline])
                buffer.removeSubrange(...newline)
                return .success(line)
            }
            searched = buffer.count
            guard buffer.count <= limit else {
                return .failure(
                    Failure(
                        .app,
                        "model \(model) answered with a line of more than \(limit) bytes; return large data as files"))
            }
            guard !atEnd, let piece = try? await source.next() else {
                atEnd = true
                defer { buffer = [] }
                return .success(buffer.isEmpty ? nil : buffer)
            }
            piece.withUnsafeBytes { buffer.append(contentsOf: $0) }
        }
    }
}
