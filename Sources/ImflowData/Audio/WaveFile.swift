internal import ImflowExecution

/// A WAV file of plain samples (RIFF, or RF64 of EBU Tech 3306 for more than 4 GiB): integers of 8, 16, 24 or 32 bits or
/// floating point numbers of 32 or 64, in any number of channels. Any run of its samples is a run of its bytes.
struct WaveFile {
    /// Before its samples a file may have so many chunks.
    private static let maximumChunks = 1000
    /// Sample frames of one window may have so many bytes; a RIFF file has no room for more.
    static let maximumWindow: Int64 = 4_000_000_000
    /// Hz. More is no recording, and would outgrow the arithmetic of windows.
    private static let maximumRate: UInt64 = 10_000_000
    private static let pcm: UInt64 = 1
    private static let float: UInt64 = 3
    private static let extensible: UInt64 = 0xFFFE
    /// What follows a format's number in the identifier of an extensible one.
    private static let formatTail: [UInt8] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]

    /// Sample frames per second.
    let rate: Int64
    /// Sample frames.
    let count: Int64
    /// Bytes of one sample frame.
    let frame: Int64
    /// Where the samples begin.
    private let start: Int64
    /// The contents of the `fmt ` chunk.
    private let format: [UInt8]

    /// Nil when the file is no WAV file, or one whose samples are packed. Cause `app` when it is damaged or truncated.
    init?(_ file: ImageFile) throws(Failure) {
        guard let head = try file.bytes(at: 0, count: 12), Self.tag(head, 8) == "WAVE" else { return nil }
        let kind = Self.tag(head, 0)
        guard kind == "RIFF" || kind == "RF64" || kind == "BW64" else { return nil }
        func damaged(_ text: String) -> Failure {
            Failure(.app, "\(file.name) is a damaged WAV file: \(text); get the file again")
        }
        var format: [UInt8]?
        var wideSize: Int64?
        var offset: Int64 = 12
        for _ in 0..<Self.maximumChunks {
            guard let chunk = try file.bytes(at: offset, count: 8) else {
                throw damaged("it ends before its samples, at byte \(file.size)")
            }
            let size = Int64(Self.number(chunk, 4, bytes: 4))
            let body = offset + 8
            switch Self.tag(chunk, 0) {
            case "ds64":
                guard let sizes = try file.bytes(at: body, count: 16) else { throw damaged("its ds64 chunk is cut off") }
                wideSize = Int64(exactly: Self.number(sizes, 8, bytes: 8))
            case "fmt ":
                guard (16...1024).contains(size), let bytes = try file.bytes(at: body, count: Int(size)) else {
                    throw damaged("its fmt chunk has \(size) bytes")
                }
                format = bytes
            case "data":
                guard let format else { throw damaged("its samples come before their format") }
                guard Self.isPlain(format) else { return nil }
                let frame = try Self.frame(format, damaged)
                // A program that writes into a pipe cannot know the sizes, and names none, or the most there can be.
                let isUnfinished = size == 0 && Int64(Self.number(head, 4, bytes: 4)) + 8 != file.size
                let isOpen = kind == "RIFF" && (size == 0xFFFF_FFFF || isUnfinished)
                let named = size == 0xFFFF_FFFF ? wideSize ?? 0 : size
                let bytes = try Self.dataSize(isOpen ? nil : named, room: file.size - body, frame, damaged)
                let rate = Int64(Self.number(format, 4, bytes: 4))
                self.init(rate: rate, count: bytes / frame, frame: frame, start: body, format: format)
                return
            default: break
            }
            offset = body + size + size % 2
        }
        throw damaged("it has more than \(Self.maximumChunks) chunks before its samples")
    }

    private init(rate: Int64, count: Int64, frame: Int64, start: Int64, format: [UInt8]) {
        (self.rate, self.count, self.frame, self.start, self.format) = (rate, count, frame, start, format)
    }

    /// A WAV file of the sample frames in `range`: its bytes before the samples, and where the samples stand in this file.
    func window(_ range: Range<Int64>) throws(Failure) -> (head: [UInt8], bytes: Range<Int64>) {
        guard range.lowerBound >= 0, range.upperBound <= count, Int64(range.count) <= Self.maximumWindow / frame else {
            throw Failure(.infra, "a window lies outside of its recording; split it again")
        }
        let size = Int64(range.count) * frame
        let isInteger = Self.number(format, 0, bytes: 2) == Self.pcm
        let fact = isInteger ? [] : Self.chunk("fact", Self.bytes(Int64(range.count), 4))
        let body = Array("WAVE".utf8) + Self.chunk("fmt ", format) + fact + Array("data".utf8) + Self.bytes(size, 4)
        let head = Array("RIFF".utf8) + Self.bytes(Int64(body.count) + size + size % 2, 4) + body
        return (head, (start + range.lowerBound * frame)..<(start + range.upperBound * frame))
    }

    /// The name of a window of the recording `name`.
    static func name(of name: String) -> String {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name + ".wav" }
        return name[..<dot] + ".wav"
    }

    // MARK: The header

    private static func isPlain(_ format: [UInt8]) -> Bool {
        var code = number(format, 0, bytes: 2)
        if code == extensible {
            guard format.count >= 40, Array(format[26..<40]) == formatTail else { return false }
            code = number(format, 24, bytes: 2)
        }
        let bits = number(format, 14, bytes: 2)
        return code == pcm ? [8, 16, 24, 32].contains(bits) : code == float && [32, 64].contains(bits)
    }

    private static func frame(_ format: [UInt8], _ damaged: (String) -> Failure) throws(Failure) -> Int64 {
        let (channels, rate) = (number(format, 2, bytes: 2), number(format, 4, bytes: 4))
        let (frame, bits) = (number(format, 12, bytes: 2), number(format, 14, bytes: 2))
        guard channels > 0, (1...maximumRate).contains(rate) else {
            throw damaged("it has \(channels) channels at \(rate) Hz")
        }
        guard frame == channels * bits / 8 else {
            throw damaged("\(channels) samples of \(bits) bits do not make the \(frame) bytes that it names")
        }
        return Int64(frame)
    }

    /// Bytes of the samples. `named`: as the header has it; nil: up to the end of the file.
    private static func dataSize(
        _ named: Int64?, room: Int64, _ frame: Int64, _ damaged: (String) -> Failure
    ) throws(Failure) -> Int64 {
        guard let named else { return room - room % frame }
        guard named <= room else {
            throw damaged("it names \(named) bytes of samples, and has \(room): it is truncated")
        }
        guard named % frame == 0 else { throw damaged("its \(named) bytes of samples are not whole ones of \(frame) bytes") }
        return named
    }

    private static func tag(_ bytes: [UInt8], _ place: Int) -> String {
        String(decoding: bytes[place..<(place + 4)], as: UTF8.self)
    }

    /// Little-endian.
    private static func number(_ bytes: [UInt8], _ place: Int, bytes count: Int) -> UInt64 {
        bytes[place..<(place + count)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    static func bytes(_ number: Int64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> Int64(8 * $0)) }
    }

    static func chunk(_ tag: String, _ body: [UInt8]) -> [UInt8] {
        Array(tag.utf8) + bytes(Int64(body.count), 4) + body + (body.count % 2 == 0 ? [] : [0])
    }
}
