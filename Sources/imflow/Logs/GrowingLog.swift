import Glibc

/// A log file that is read while it grows, piece by piece. It may be cut short or replaced meanwhile: then it is read from
/// its beginning.
struct GrowingLog {
    /// Longer lines are broken.
    static let longestLine = 64 * 1024
    private static let pieceSize = 64 * 1024
    /// How far back the beginning of the last lines is looked for.
    private static let mostTail = 4 * 1024 * 1024

    private let path: String
    private var file: (device: UInt64, number: UInt64)?
    private var offset = 0
    /// The beginning of a line whose end has not come.
    private var open: [UInt8] = []

    init(_ path: String) { self.path = path }

    /// Hands on what came since the last time.
    /// - Parameters:
    ///   - tail: at the first time, only so many last lines; nil: all.
    ///   - take: gets whole lines, each with its newline.
    mutating func read(tail: Int?, _ take: (ArraySlice<UInt8>) throws -> Void) rethrows {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return }
        let now = (device: UInt64(status.st_dev), number: UInt64(status.st_ino))
        if let known = file {
            if known != now || Int(status.st_size) < offset { (offset, open) = (0, []) }
        } else if let tail {
            offset = Self.start(ofLast: tail, in: descriptor, size: Int(status.st_size))
        }
        file = now
        var buffer = [UInt8](repeating: 0, count: Self.pieceSize)
        while true {
            let count = pread(descriptor, &buffer, buffer.count, off_t(offset))
            guard count > 0 else { return }
            offset += count
            try lines(in: buffer[..<count], take)
        }
    }

    /// What is left of a line that has no end.
    mutating func finish(_ take: (ArraySlice<UInt8>) throws -> Void) rethrows {
        guard !open.isEmpty else { return }
        let line = open + [0x0A]
        open = []
        try take(line[...])
    }

    private mutating func lines(in bytes: ArraySlice<UInt8>, _ take: (ArraySlice<UInt8>) throws -> Void) rethrows {
        var rest = bytes
        while let end = rest.firstIndex(of: 0x0A) {
            let line = rest[...end]
            rest = rest[(end + 1)...]
            if open.isEmpty {
                try take(line)
            } else {
                let whole = open + line
                open = []
                try take(whole[...])
            }
        }
        open += rest
        if open.count >= Self.longestLine { try finish(take) }
    }

    /// Where the last `count` lines begin.
    private static func start(ofLast count: Int, in descriptor: Int32, size: Int) -> Int {
        guard count > 0 else { return size }
        var left = count
        var end = size
        // A newline at the very end ends the last line, and begins none.
        var isEnd = true
        var buffer = [UInt8](repeating: 0, count: pieceSize)
        while end > 0, size - end < mostTail {
            let start = max(0, end - pieceSize)
            let filled = pread(descriptor, &buffer, end - start, off_t(start))
            guard filled == end - start else { return end }
            for index in stride(from: filled - 1, through: 0, by: -1) {
                defer { isEnd = false }
                guard buffer[index] == 0x0A, !isEnd else { continue }
                left -= 1
                if left == 0 { return start + index + 1 }
            }
            end = start
        }
        return end
    }
}
