internal import CSndFileShim
internal import Glibc
internal import ImflowContent
internal import ImflowExecution

/// Makes a WAV file of plain samples of a recording in another format, once, so that windows of it are runs of bytes. What
/// can be read is what libsndfile reads: FLAC, Ogg Vorbis and Opus, MP3, AIFF, CAF, AU and packed WAV.
struct AudioConverter {
    /// Of the samples of one recording: 100 hours of two channels at 44,100 Hz and 16 bits.
    private static let maximumBytes: Int64 = 64 << 30
    /// Decoded at a time.
    private static let pieceBytes = 1 << 20
    /// Of the header: room for that of RF64.
    private static let headerSize = 80

    let content: ContentStore

    /// Lossless samples are kept as they are; those of lossy formats get 16 bits. Blocks its thread for as long as it takes.
    /// Causes: `app` when the file is no recording, or a damaged one; `infra` when libsndfile is missing or the disk fails;
    /// `cancelled`.
    func convert(_ source: ContentReference) throws(Failure) -> ContentReference {
        if let reason = imflow_sounds_unavailable() {
            throw Failure(
                .infra,
                "\(source.name) is not a WAV file of plain samples, and without libsndfile no other can be read; "
                    + "install libsndfile1 (\(String(cString: reason)))")
        }
        var header = ImflowSoundHeader()
        guard let sound = imflow_sound_open(content.path(of: source.hash), &header) else {
            throw Failure(
                .app,
                "\(source.name) is damaged, or no recording that can be read: WAV, FLAC, Ogg, MP3, AIFF and CAF can; "
                    + "try ffmpeg -i \(source.name) new.wav")
        }
        defer { imflow_sound_close(sound) }
        let target = try TemporaryFile(in: content)
        let bytes = try decode(sound, header, source.name, to: target)
        var head = Self.head(header, bytes: bytes)
        let isWritten = head.withUnsafeMutableBytes { pwrite(target.descriptor, $0.baseAddress, $0.count, 0) == $0.count }
        guard isWritten else {
            target.fail(errno)
            throw target.failure ?? Failure(.infra, "the samples of \(source.name) cannot be written")
        }
        return ContentReference(hash: try target.store(), name: WaveFile.name(of: source.name))
    }

    /// Writes the samples after the room for the header; answers their bytes.
    private func decode(
        _ sound: OpaquePointer, _ header: ImflowSoundHeader, _ name: String, to target: TemporaryFile
    ) throws(Failure) -> Int64 {
        let channels = Int(header.channels)
        let size = channels * Self.memorySize(header)
        guard channels > 0, header.rate > 0, channels * Self.size(header) <= Int(UInt16.max) else {
            throw Failure(.app, "\(name) has \(channels) channels at \(header.rate) Hz")
        }
        var buffer = [UInt8](repeating: 0, count: max(1, Self.pieceBytes / size) * size)
        var head = [UInt8](repeating: 0, count: Self.headerSize)
        var isWritten = head.withUnsafeMutableBytes { target.write(UnsafeRawBufferPointer($0)) }
        var frames: Int64 = 0
        while isWritten {
            if Task.isCancelled { throw Failure(.cancelled, "decoding \(name) was cancelled") }
            let wanted = Int64(buffer.count / size)
            let count = buffer.withUnsafeMutableBytes { imflow_sound_read(sound, header.sample, $0.baseAddress, wanted) }
            guard count > 0 else { break }
            frames += count
            guard frames * Int64(channels * Self.size(header)) <= Self.maximumBytes else {
                throw Failure(.app, "\(name) has more than \(Self.maximumBytes >> 30) GiB of samples; cut it first")
            }
            isWritten = buffer.withUnsafeMutableBytes { all in
                let samples = UnsafeMutableRawBufferPointer(rebasing: all[..<(Int(count) * size)])
                return target.write(UnsafeRawBufferPointer(rebasing: Self.packed(samples, header)))
            }
        }
        guard isWritten else { throw target.failure ?? Failure(.infra, "the samples of \(name) cannot be written") }
        let reason = String(cString: imflow_sound_error(sound))
        guard reason.isEmpty, header.frames == .max || frames >= header.frames else {
            let why = reason.isEmpty ? "it is truncated" : reason.lowercased()
            throw Failure(
                .app, "\(name) is damaged after \(frames) of \(header.frames) samples: \(why); get the file again")
        }
        let bytes = frames * Int64(channels * Self.size(header))
        var padding = [UInt8](repeating: 0, count: Int(bytes % 2))
        guard padding.withUnsafeMutableBytes({ target.write(UnsafeRawBufferPointer($0)) }) else {
            throw target.failure ?? Failure(.infra, "the samples of \(name) cannot be written")
        }
        return bytes
    }

    /// Of a sample in a file.
    private static func size(_ header: ImflowSoundHeader) -> Int {
        switch Int(header.sample) {
        case IMFLOW_SAMPLE_16: 2
        case IMFLOW_SAMPLE_24: 3
        case IMFLOW_SAMPLE_DOUBLE: 8
        default: 4
        }
    }

    /// Of a sample as it is decoded.
    private static func memorySize(_ header: ImflowSoundHeader) -> Int {
        Int(header.sample) == IMFLOW_SAMPLE_24 ? 4 : size(header)
    }

    /// Of 24 bits the lowest byte of four says nothing.
    private static func packed(
        _ samples: UnsafeMutableRawBufferPointer, _ header: ImflowSoundHeader
    ) -> Slice<UnsafeRawBufferPointer> {
        guard Int(header.sample) == IMFLOW_SAMPLE_24 else { return UnsafeRawBufferPointer(samples)[...] }
        let count = samples.count / 4
        for index in 0..<count {
            for byte in 0..<3 { samples[3 * index + byte] = samples[4 * index + 1 + byte] }
        }
        return UnsafeRawBufferPointer(samples)[..<(3 * count)]
    }

    /// RIFF, and RF64 where that has no room for the sizes.
    private static func head(_ header: ImflowSoundHeader, bytes: Int64) -> [UInt8] {
        let isFloat = [IMFLOW_SAMPLE_FLOAT, IMFLOW_SAMPLE_DOUBLE].contains(Int(header.sample))
        let frame = Int64(header.channels) * Int64(size(header))
        var format = WaveFile.bytes(isFloat ? 3 : 1, 2) + WaveFile.bytes(Int64(header.channels), 2)
        format += WaveFile.bytes(Int64(header.rate), 4) + WaveFile.bytes(Int64(header.rate) * frame, 4)
        format += WaveFile.bytes(frame, 2) + WaveFile.bytes(Int64(size(header)) * 8, 2)
        let riff = Int64(headerSize) - 8 + bytes + bytes % 2
        let isWide = riff >= 0xFFFF_FFFF
        let sizes = WaveFile.bytes(riff, 8) + WaveFile.bytes(bytes, 8) + WaveFile.bytes(bytes / frame, 8) + [0, 0, 0, 0]
        let room = isWide ? WaveFile.chunk("ds64", sizes) : WaveFile.chunk("JUNK", [UInt8](repeating: 0, count: 28))
        return Array((isWide ? "RF64" : "RIFF").utf8) + WaveFile.bytes(isWide ? 0xFFFF_FFFF : riff, 4) + Array("WAVE".utf8)
            + room + WaveFile.chunk("fmt ", format) + Array("data".utf8) + WaveFile.bytes(isWide ? 0xFFFF_FFFF : bytes, 4)
    }
}
