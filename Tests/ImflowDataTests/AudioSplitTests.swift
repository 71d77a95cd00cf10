import class Foundation.Process
import FoundationEssentials
import Glibc
import ImflowExecution
import ImflowJSON
import ImflowPlan
import Testing

@testable import ImflowData

/// Recordings by time: windows are exact to the sample, and damaged files are told.
@Suite struct AudioSplitTests {
    private let room: DataRoom

    init() throws { room = try DataRoom() }

    private static func plan(_ length: Int64, _ overlap: Int64 = 0) -> SplitPlan {
        SplitPlan(
            mode: .audio, audioLength: TimeSpan(milliseconds: length), audioOverlap: TimeSpan(milliseconds: overlap))
    }

    private func stored(_ bytes: [UInt8], _ name: String = "talk.wav") throws -> JSONValue {
        .string(ContentReference(hash: try room.content.put(bytes), name: name).text)
    }

    /// The windows' files.
    private func cut(_ bytes: [UInt8], _ plan: SplitPlan) async throws -> [(unit: Unit, wave: [UInt8])] {
        let room = try DataRoom()
        let stored = ContentReference(hash: try room.content.put(bytes), name: "talk.wav").text
        let (_, shards) = try await room.split(["audio_url": .string(stored)], plan)
        var found: [(Unit, [UInt8])] = []
        for unit in shards.joined() {
            let folder = try room.folder("\(unit.index)")
            let input = try await room.staging.stage(StagedUnit(input: [:], unit: unit), into: folder, guestFolder: "/w")
            #expect(input == ["audio_url": "file:///w/talk.wav"])
            let file = try ImageFile.reading(folder + "/talk.wav", name: "talk.wav")
            found.append((unit, try #require(try file.bytes(at: 0, count: Int(file.size)))))
        }
        return found
    }

    @Test(arguments: WaveFixture.formats) func windowsAreTheRecording(_ format: WaveFixture) async throws {
        var random = SplitMix(state: 3)
        for count in [0, 1, 7, 1000, 2204, 4411] {
            let wave = format.wave(frames: count, &random)
            let length = Int64.random(in: 3...60, using: &random)
            let windows = try await cut(wave.bytes, Self.plan(length))
            #expect(windows.flatMap { WaveFixture.samples(of: $0.wave) } == wave.samples)
            #expect(windows.allSatisfy { WaveFixture.isSound($0.wave) && $0.wave.count % 2 == 0 })
            #expect(windows.map { $0.unit.geometry["start_sample"]?.intValue }.first == (count == 0 ? nil : 0))
            #expect(windows.last?.unit.geometry["end_sample"]?.intValue == (count == 0 ? nil : count))
        }
    }

    @Test func windowsShareTheirOverlap() async throws {
        var random = SplitMix(state: 8)
        let format = WaveFixture(code: 1, bits: 16, channels: 2, rate: 8000)
        let wave = format.wave(frames: 8000 * 3 + 5, &random)
        let windows = try await cut(wave.bytes, Self.plan(1000, 250))
        #expect(windows.map { $0.unit.geometry["start"]?.doubleValue } == [0, 0.75, 1.5, 2.25])
        #expect(windows.map { $0.unit.geometry["end"]?.doubleValue } == [1, 1.75, 2.5, 3.000625])
        #expect(windows.map { $0.unit.geometry["sample_rate"]?.intValue } == [8000, 8000, 8000, 8000])
        for window in windows {
            let start = try #require(window.unit.geometry["start_sample"]?.intValue)
            let end = try #require(window.unit.geometry["end_sample"]?.intValue)
            #expect(WaveFixture.samples(of: window.wave) == Array(wave.samples[(start * 4)..<(end * 4)]))
        }
    }

    /// 44,100 Hz and milliseconds have no common measure: no sample is lost or doubled all the same.
    @Test func oddTimesDoNotDrift() throws {
        let wave = try #require(try Self.open(WaveFixture(code: 1, bits: 8, channels: 1, rate: 44_100), frames: 3_000_000))
        let split = try #require(try AudioSplit(wave, name: "t", plan: Self.plan(7), limit: 100_000))
        #expect(split.windows.first?.lowerBound == 0 && split.windows.last?.upperBound == 3_000_000)
        #expect(zip(split.windows, split.windows.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        #expect(try AudioSplit(wave, name: "t", plan: Self.plan(7), limit: 9_000) == nil)
    }

    private static func open(_ format: WaveFixture, frames: Int) throws -> WaveFile? {
        let room = try DataRoom()
        var random = SplitMix(state: 1)
        let hash = try room.content.put(format.wave(frames: frames, &random).bytes)
        return try WaveFile(try ImageFile.reading(room.content.path(of: hash), name: "t.wav"))
    }

    // MARK: Headers

    private func complaint(_ bytes: [UInt8], _ name: String = "talk.wav") async throws -> String {
        let input = try stored(bytes, name)
        let found = await failure { _ = try await room.split(["audio_url": input], Self.plan(1000)) }
        #expect(found?.cause == .app)
        return found?.message ?? ""
    }

    @Test func damagedHeadersAreNamed() async throws {
        var random = SplitMix(state: 2)
        let good = WaveFixture(code: 1, bits: 16, channels: 1, rate: 8000).wave(frames: 100, &random).bytes
        #expect(try await complaint(Array(good.dropLast(3))).contains("names 200 bytes of samples, and has 197: it is truncated"))
        #expect(try await complaint(Array(good[..<30])).contains("damaged WAV file"))
        func with(_ place: Int, _ bytes: [UInt8]) -> [UInt8] {
            var copy = good
            copy.replaceSubrange(place..<(place + bytes.count), with: bytes)
            return copy
        }
        #expect(try await complaint(with(16, [0xFF, 0xFF, 0xFF, 0xFF])).contains("fmt chunk has 4294967295 bytes"))
        #expect(try await complaint(with(22, [0, 0])).contains("0 channels"))
        #expect(try await complaint(with(24, [0, 0, 0, 0])).contains("0 Hz"))
        #expect(try await complaint(with(24, [0xFF, 0xFF, 0xFF, 0xFF])).contains("Hz"))
        #expect(try await complaint(with(32, [9, 0])).contains("do not make the 9 bytes"))
        #expect(try await complaint(with(40, [199, 0, 0, 0])).contains("not whole ones of 2 bytes"))
        #expect(try await complaint([], "talk.wav").contains("talk.wav"))
        #expect(try await complaint(Array("no recording at all".utf8), "talk.m4a").contains("talk.m4a"))
    }

    @Test func aFileThatWasWrittenIntoAPipeEndsWhereItEnds() async throws {
        var random = SplitMix(state: 2)
        let wave = WaveFixture(code: 1, bits: 16, channels: 1, rate: 8000).wave(frames: 100, &random)
        for size: UInt8 in [0, 0xFF] {
            var bytes = wave.bytes
            bytes.replaceSubrange(4..<8, with: [size, size, size, size])
            bytes.replaceSubrange(40..<44, with: [size, size, size, size])
            let windows = try await cut(bytes, Self.plan(1000))
            #expect(windows.flatMap { WaveFixture.samples(of: $0.wave) } == wave.samples)
        }
    }

    // MARK: Other formats

    private static let tool = "/usr/bin/sndfile-convert"

    /// What Debian's sndfile-programs makes of a recording.
    private func converted(_ wave: [UInt8], _ name: String, _ options: [String]) throws -> [UInt8] {
        let source = room.path + "/source-\(name).wav"
        try Data(wave).write(to: URL(filePath: source))
        let process = Process()
        process.executableURL = URL(filePath: Self.tool)
        process.arguments = options + [source, room.path + "/" + name]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return Array(try Data(contentsOf: URL(filePath: room.path + "/" + name)))
    }

    @Test(
        .enabled(if: access(tool, X_OK) == 0, "needs sndfile-programs: Tools/install sndfile-programs"),
        arguments: [
            ("t.flac", "-pcm16", 16), ("t.flac", "-pcm24", 24), ("t.aiff", "-pcm32", 32), ("t.aiff", "-float32", 0),
            ("t.caf", "-pcm24", 24), ("t.au", "-pcm16", 16),
        ])
    func losslessFormatsKeepTheirSamples(name: String, option: String, bits: Int) async throws {
        var random = SplitMix(state: 21)
        let format = WaveFixture(code: bits == 0 ? 3 : 1, bits: bits == 0 ? 32 : bits, channels: 2, rate: 16_000)
        let wave = bits == 0 ? format.tones(frames: 16_001) : format.wave(frames: 16_001, &random)
        let file = try stored(try converted(wave.bytes, name, [option]), name)
        let (_, shards) = try await room.split(["audio_url": file], Self.plan(300))
        var samples: [UInt8] = []
        for unit in shards.joined() {
            let folder = try room.folder("c\(unit.index)")
            let input = try await room.staging.stage(StagedUnit(input: [:], unit: unit), into: folder, guestFolder: "/w")
            #expect(input == ["audio_url": "file:///w/t.wav"])
            samples += WaveFixture.samples(of: Array(try Data(contentsOf: URL(filePath: folder + "/t.wav"))))
        }
        #expect(shards.joined().count == 4)
        #expect(samples == wave.samples)
    }

    @Test(
        .enabled(if: access(tool, X_OK) == 0, "needs sndfile-programs: Tools/install sndfile-programs"),
        arguments: [("t.ogg", "-vorbis"), ("t.opus", "-opus"), ("t.mp3", ""), ("t.wav", "-ulaw")])
    func lossyFormatsAreDecoded(name: String, option: String) async throws {
        let wave = WaveFixture(code: 1, bits: 16, channels: 1, rate: 16_000).tones(frames: 40_000)
        let bytes = try converted(wave.bytes, name, option.isEmpty ? [] : [option])
        let (_, shards) = try await room.split(["audio_url": try stored(bytes, name)], Self.plan(1000))
        let last = try #require(shards.joined().map { $0 }.last)
        #expect(last.geometry["sample_rate"] == 16_000 && shards.joined().count == 3)
        #expect(abs((last.geometry["end_sample"]?.intValue ?? 0) - 40_000) < 2400)
        let half = try stored(Array(bytes.prefix(bytes.count / 2)), name)
        // Of formats in frames half a file may be a recording; it never is a crash.
        _ = try? await room.split(["audio_url": half], Self.plan(1000))
    }

    @Test(.enabled(if: access(tool, X_OK) == 0, "needs sndfile-programs: Tools/install sndfile-programs"))
    func aTruncatedFLACIsNamed() async throws {
        var random = SplitMix(state: 22)
        let wave = WaveFixture(code: 1, bits: 16, channels: 1, rate: 16_000).wave(frames: 40_000, &random)
        let bytes = try converted(wave.bytes, "t.flac", ["-pcm16"])
        let text = try await complaint(Array(bytes.prefix(bytes.count / 2)), "t.flac")
        #expect(text.contains("t.flac is damaged after") && text.contains("of 40000 samples"), "\(text)")
    }

    @Test func damageNeverTraps() throws {
        var random = SplitMix(state: 77)
        let good = WaveFixture(code: 0xFFFE, bits: 24, channels: 3, rate: 48_000).wave(frames: 40, &random).bytes
        for _ in 0..<600 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<80, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
            let file = try ImageFile.reading(try room.stored(bytes), name: "t.wav")
            guard let wave = try? WaveFile(file) else { continue }
            _ = try? AudioSplit(wave, name: "t", plan: Self.plan(1), limit: 100)
        }
    }
}

extension DataRoom {
    fileprivate func stored(_ bytes: [UInt8]) throws -> String { content.path(of: try content.put(bytes)) }
}

/// WAV files of drawn samples, and what is read of them without the code under test.
struct WaveFixture: Sendable, CustomTestStringConvertible {
    var code: Int
    var bits: Int
    var channels: Int
    var rate: Int
    var kind = "RIFF"

    static let formats = [
        WaveFixture(code: 1, bits: 8, channels: 1, rate: 11_025), WaveFixture(code: 1, bits: 16, channels: 2, rate: 44_100),
        WaveFixture(code: 1, bits: 24, channels: 1, rate: 48_000), WaveFixture(code: 1, bits: 32, channels: 5, rate: 8000),
        WaveFixture(code: 3, bits: 32, channels: 2, rate: 16_000), WaveFixture(code: 3, bits: 64, channels: 1, rate: 22_050),
        WaveFixture(code: 0xFFFE, bits: 16, channels: 6, rate: 48_000),
        WaveFixture(code: 1, bits: 8, channels: 3, rate: 8000, kind: "RF64"),
    ]

    var testDescription: String { "\(kind) \(code) \(bits) bit × \(channels) at \(rate)" }

    private static func little(_ number: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }

    private static func chunk(_ tag: String, _ body: [UInt8], size: Int? = nil) -> [UInt8] {
        Array(tag.utf8) + little(size ?? body.count, 4) + body + (body.count % 2 == 0 ? [] : [0])
    }

    func wave(frames: Int, _ random: inout SplitMix) -> (bytes: [UInt8], samples: [UInt8]) {
        let frame = channels * bits / 8
        let samples = (0..<(frames * frame)).map { _ in UInt8.random(in: 0...255, using: &random) }
        var format = Self.little(code, 2) + Self.little(channels, 2) + Self.little(rate, 4) + Self.little(rate * frame, 4)
        format += Self.little(frame, 2) + Self.little(bits, 2)
        if code == 0xFFFE {
            format += Self.little(22, 2) + Self.little(bits, 2) + Self.little(0x3F, 4) + Self.little(1, 2)
            format += [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]
        }
        var body = Array("WAVE".utf8)
        let isWide = kind == "RF64"
        if isWide { body += Self.chunk("ds64", Self.little(0, 8) + Self.little(samples.count, 8) + Self.little(frames, 8) + [0, 0, 0, 0]) }
        body += Self.chunk("fmt ", format)
        if code != 1 || channels > 2 { body += Self.chunk("LIST", Array("odd".utf8)) }
        body += Self.chunk("data", samples, size: isWide ? 0xFFFF_FFFF : nil)
        // What follows the samples is not among them.
        if !isWide, channels > 1 { body += Self.chunk("LIST", Array("tail".utf8)) }
        return (Array(kind.utf8) + Self.little(isWide ? 0xFFFF_FFFF : body.count, 4) + body, samples)
    }

    /// Two tones, in 16 bits or in floating point.
    func tones(frames: Int) -> (bytes: [UInt8], samples: [UInt8]) {
        var samples: [UInt8] = []
        for index in 0..<(frames * channels) {
            let time = Double(index / channels) / Double(rate)
            let value = 0.4 * sin(2764 * time) + 0.2 * sin(7540 * time)
            let number = code == 3 ? Int(Float(value).bitPattern) : Int((value * 32_000).rounded())
            samples += Self.little(number, bits / 8)
        }
        var random = SplitMix(state: 0)
        let empty = wave(frames: frames, &random).bytes
        let start = 44 + (code != 1 || channels > 2 ? 12 : 0)
        return (Array(empty[..<start]) + samples + Array(empty[(start + samples.count)...]), samples)
    }

    /// The bytes of the chunk `data`.
    static func samples(of bytes: [UInt8]) -> [UInt8] { chunk("data", of: bytes) ?? [] }

    private static func chunk(_ tag: String, of bytes: [UInt8]) -> [UInt8]? {
        var place = 12
        while place + 8 <= bytes.count {
            let size = bytes[(place + 4)..<(place + 8)].reversed().reduce(0) { $0 << 8 | Int($1) }
            if Array(bytes[place..<(place + 4)]) == Array(tag.utf8) { return Array(bytes[(place + 8)..<(place + 8 + size)]) }
            place += 8 + size + size % 2
        }
        return nil
    }

    /// Whether the header's own size is the file's.
    static func isSound(_ bytes: [UInt8]) -> Bool {
        bytes.count >= 44 && bytes[4..<8].reversed().reduce(0) { $0 << 8 | Int($1) } == bytes.count - 8
            && chunk("fmt ", of: bytes) != nil
    }
}
