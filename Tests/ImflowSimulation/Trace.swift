/// What happened in a world, step by step, as lines for people; and a digest of them, to compare two processes by.
package struct Trace: Sendable {
    package enum Depth: Sendable { case nothing, digest, lines }

    package private(set) var lines: [String] = []
    /// FNV-1a, 64 bits (Fowler, Noll, Vo; RFC 9923), of all lines, whether they are kept or not.
    package private(set) var digest: UInt64 = 0xcbf2_9ce4_8422_2325
    let depth: Depth

    package init(_ depth: Depth) { self.depth = depth }

    package mutating func note(_ line: @autoclosure () -> String) {
        if depth == .nothing { return }
        let line = line()
        for byte in line.utf8 { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01b3 }
        digest = (digest ^ 10) &* 0x100_0000_01b3
        if depth == .lines { lines.append(line) }
    }
}
