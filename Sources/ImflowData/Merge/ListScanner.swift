internal import ImflowExecution

/// A run of bytes of one element of a list.
struct ElementPiece {
    var bytes: UnsafeRawBufferPointer
    /// Whether the element begins, or ends, with these bytes.
    var isFirst: Bool
    var isLast: Bool
}

/// Finds the elements of a list in canonical JSON text (RFC 8785) that comes in pieces, without parsing them: it only
/// counts brackets and leaves strings alone. The text is one that imflow wrote: what is not a list is told, but an element
/// is not checked.
struct ListScanner {
    private enum Place { case before, element, string, escape, after }

    private var place = Place.before
    private var depth = 0
    /// Whether bytes of the current element were handed out.
    private var isElementOpen = false
    private(set) var count = 0

    /// Why a text is no list.
    enum Malformed: Error { case noList, broken }

    /// Hands the parts of elements that `bytes` hold to `body`, in order.
    /// - Returns: why the text is not a list, if it is not.
    mutating func scan(
        _ bytes: UnsafeRawBufferPointer, _ body: (ElementPiece) throws(Failure) -> Void
    ) throws(Failure) -> Malformed? {
        var start = 0
        var index = 0
        while index < bytes.count {
            switch place {
            case .string:
                while index < bytes.count, bytes[index] != UInt8(ascii: "\""), bytes[index] != UInt8(ascii: "\\") {
                    index += 1
                }
                guard index < bytes.count else { break }
                place = bytes[index] == UInt8(ascii: "\\") ? .escape : .element
                index += 1
            case .escape:
                place = .string
                index += 1
            case .before:
                guard bytes[index] == UInt8(ascii: "[") else { return .noList }
                (place, depth) = (.element, 1)
                index += 1
                start = index
            case .after: return .broken
            case .element:
                guard let malformed = try element(bytes, &index, &start, body) else { continue }
                return malformed
            }
        }
        if start < bytes.count, place != .before { try hand(bytes, start..<bytes.count, isLast: false, body) }
        return nil
    }

    /// Goes on to the next byte that matters, outside of strings.
    private mutating func element(
        _ bytes: UnsafeRawBufferPointer, _ index: inout Int, _ start: inout Int,
        _ body: (ElementPiece) throws(Failure) -> Void
    ) throws(Failure) -> Malformed? {
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\""):
                place = .string
                return nil
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                depth -= 1
                guard depth == 0 else { continue }
                place = .after
                let isEmpty = count == 0 && !isElementOpen && start == index - 1
                if !isEmpty { return try close(bytes, &start, index, body) }
                start = index
                return nil
            case UInt8(ascii: ",") where depth == 1:
                if let malformed = try close(bytes, &start, index, body) { return malformed }
            default: break
            }
        }
        return nil
    }

    /// The element ends before the byte before `index`.
    private mutating func close(
        _ bytes: UnsafeRawBufferPointer, _ start: inout Int, _ index: Int,
        _ body: (ElementPiece) throws(Failure) -> Void
    ) throws(Failure) -> Malformed? {
        guard isElementOpen || start < index - 1 else { return .broken }
        try hand(bytes, start..<(index - 1), isLast: true, body)
        start = index
        count += 1
        return nil
    }

    private mutating func hand(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, isLast: Bool,
        _ body: (ElementPiece) throws(Failure) -> Void
    ) throws(Failure) {
        let isFirst = !isElementOpen
        isElementOpen = !isLast
        try body(ElementPiece(bytes: UnsafeRawBufferPointer(rebasing: bytes[range]), isFirst: isFirst, isLast: isLast))
    }

    /// Whether the list has ended.
    var isComplete: Bool { place == .after }
}
