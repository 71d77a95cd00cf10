/// Reads CSV byte by byte, as RFC 4180 has it: fields in double quotes may hold delimiters, line ends and doubled quotes;
/// lines end by CRLF or LF. A quote inside an unquoted field is text; an empty line is no row. Of UTF-8 only the ASCII
/// bytes mean anything.
struct CSVMachine {
    enum Event {
        /// The byte is syntax.
        case none
        /// The byte is the field's text.
        case text
        /// A field has ended, and the record goes on.
        case field
        /// The record's last field has ended, and the byte was its last; at the end of the file there was none.
        case record
        /// An empty line has ended.
        case blank
    }

    private enum State {
        case recordStart, fieldStart, unquoted, quoted, quoteInQuoted
        case carriageReturn, blankCarriageReturn
    }

    private static let quote = UInt8(ascii: "\"")
    private static let lineFeed: UInt8 = 0x0A
    private static let carriageReturn: UInt8 = 0x0D

    private let delimiter: UInt8
    private var state = State.recordStart
    /// Of the byte that comes next, from 1.
    private(set) var line: Int
    /// In which the record began.
    private(set) var recordLine: Int
    /// Of the record, those that have ended.
    private(set) var fields = 0

    /// - Parameter line: that of the first byte.
    init(delimiter: UInt8, line: Int = 1) {
        self.delimiter = delimiter
        self.line = line
        recordLine = line
    }

    mutating func next(_ byte: UInt8) throws(RowMistake) -> Event {
        if byte == Self.lineFeed { line += 1 }
        switch state {
        case .unquoted: return plain(byte)
        case .quoted:
            if byte != Self.quote { return .text }
            state = .quoteInQuoted
            return .none
        case .recordStart:
            recordLine = byte == Self.lineFeed ? line - 1 : line
            fields = 0
            if byte == Self.lineFeed { return .blank }
            if byte == Self.carriageReturn {
                state = .blankCarriageReturn
                return .none
            }
            return first(byte)
        case .fieldStart: return first(byte)
        case .quoteInQuoted: return try afterQuote(byte)
        case .carriageReturn, .blankCarriageReturn:
            guard byte == Self.lineFeed else { throw loneCarriageReturn }
            let isBlank = state == .blankCarriageReturn
            return isBlank ? ended(.blank) : recordEnded()
        }
    }

    /// At the end of the file: `.record` or `.none`.
    mutating func finish() throws(RowMistake) -> Event {
        switch state {
        case .recordStart: return .none
        case .carriageReturn, .blankCarriageReturn: throw loneCarriageReturn
        case .quoted:
            throw RowMistake(line: recordLine, text: "a row begins here whose last quote is never closed; close it by a \"")
        case .fieldStart, .unquoted, .quoteInQuoted: return recordEnded()
        }
    }

    private mutating func first(_ byte: UInt8) -> Event {
        if byte == Self.quote {
            state = .quoted
            return .none
        }
        return plain(byte)
    }

    private mutating func plain(_ byte: UInt8) -> Event {
        switch byte {
        case delimiter: return fieldEnded()
        case Self.lineFeed: return recordEnded()
        case Self.carriageReturn:
            state = .carriageReturn
            return .none
        default:
            state = .unquoted
            return .text
        }
    }

    private mutating func afterQuote(_ byte: UInt8) throws(RowMistake) -> Event {
        switch byte {
        case Self.quote:
            state = .quoted
            return .text
        case delimiter, Self.lineFeed, Self.carriageReturn: return plain(byte)
        default:
            throw RowMistake(
                line: line, text: "text follows the closing quote of a field; write a quote inside of quotes twice")
        }
    }

    private mutating func fieldEnded() -> Event {
        fields += 1
        state = .fieldStart
        return .field
    }

    private mutating func recordEnded() -> Event {
        fields += 1
        return ended(.record)
    }

    private mutating func ended(_ event: Event) -> Event {
        state = .recordStart
        return event
    }

    private var loneCarriageReturn: RowMistake {
        RowMistake(
            line: line,
            text: "a carriage return stands here without a line feed; end lines by LF or CRLF, or put the field in quotes")
    }
}
