/// A change to a file as `git apply` and `patch -p1` read it.
package enum UnifiedDiff {
    private static let context = 3

    /// The bytes of the diff, empty when the texts are equal. Lines end with a line feed; a carriage return before it
    /// is a part of the line.
    /// - Parameter name: the file's path as seen from where the diff is to be applied.
    package static func text(from old: [UInt8], to new: [UInt8], name: String) -> [UInt8] {
        let (oldLines, newLines) = (lines(old), lines(new))
        let changes = LineDiff.changes(from: oldLines, to: newLines)
        guard !changes.isEmpty else { return [] }
        var out = Array("--- \(shown("a", name))\n+++ \(shown("b", name))\n".utf8)
        for hunk in hunks(changes) { write(hunk, oldLines, newLines, to: &out) }
        return out
    }

    /// With their line feeds.
    private static func lines(_ text: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = 0
        for index in text.indices where text[index] == 0x0A {
            lines.append(text[start...index])
            start = index + 1
        }
        if start < text.count { lines.append(text[start...]) }
        return lines
    }

    /// Changes whose contexts meet go together.
    private static func hunks(_ changes: [LineDiff.Change]) -> [[LineDiff.Change]] {
        var hunks: [[LineDiff.Change]] = []
        for change in changes {
            if let last = hunks.last?.last, change.old.lowerBound - last.old.upperBound <= 2 * context {
                hunks[hunks.count - 1].append(change)
            } else {
                hunks.append([change])
            }
        }
        return hunks
    }

    private static func write(
        _ hunk: [LineDiff.Change], _ old: [ArraySlice<UInt8>], _ new: [ArraySlice<UInt8>], to out: inout [UInt8]
    ) {
        guard let first = hunk.first, let last = hunk.last else { return }
        let before = min(context, first.old.lowerBound)
        let after = min(context, old.count - last.old.upperBound)
        let oldRange = first.old.lowerBound - before..<last.old.upperBound + after
        let newRange = first.new.lowerBound - before..<last.new.upperBound + after
        out += "@@ -\(place(oldRange)) +\(place(newRange)) @@\n".utf8
        var position = oldRange.lowerBound
        for change in hunk {
            for line in old[position..<change.old.lowerBound] { write(" ", line, to: &out) }
            for line in old[change.old] { write("-", line, to: &out) }
            for line in new[change.new] { write("+", line, to: &out) }
            position = change.old.upperBound
        }
        for line in old[position..<oldRange.upperBound] { write(" ", line, to: &out) }
    }

    /// `start,count`; an empty range starts at the line before it.
    private static func place(_ range: Range<Int>) -> String {
        let start = range.isEmpty ? range.lowerBound : range.lowerBound + 1
        return range.count == 1 ? "\(start)" : "\(start),\(range.count)"
    }

    private static func write(_ mark: String, _ line: ArraySlice<UInt8>, to out: inout [UInt8]) {
        out += mark.utf8
        out += line
        if line.last != 0x0A { out += "\n\\ No newline at end of file\n".utf8 }
    }

    /// As git writes names: those with control characters, quotes or backslashes in quotes, a tab behind those with a
    /// space.
    private static func shown(_ side: String, _ name: String) -> String {
        let path = name.hasPrefix("/") ? side + name : side + "/" + name
        let needsQuotes = path.utf8.contains { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C || $0 == 0x7F }
        guard needsQuotes else { return path.utf8.contains(0x20) ? path + "\t" : path }
        var quoted: [UInt8] = [0x22]
        for byte in path.utf8 {
            switch byte {
            case 0x22, 0x5C: quoted += [0x5C, byte]
            case 0..<0x20, 0x7F:
                let digits = String(byte, radix: 8)
                quoted += "\\\(String(repeating: "0", count: 3 - digits.count))\(digits)".utf8
            default: quoted.append(byte)
            }
        }
        return String(decoding: quoted + [0x22], as: UTF8.self)
    }
}
