internal import ImflowContent
internal import ImflowExecution
internal import ImflowJSON
internal import ImflowPlan

/// `audio`: a recording is cut into windows of time, by samples: the ends of windows are the whole samples before their times,
/// so that windows without overlap are the recording, whole.
struct AudioSplit {
    /// In ms: times of samples then stay far below 2^63.
    private static let maximumLength: Int64 = 366 * 86_400_000

    /// In sample frames.
    let windows: [Range<Int64>]
    let rate: Int64

    /// Windows of `length`, each `length - overlap` after the one before; the last one ends with the recording. Nil when there
    /// would be more than `limit`.
    init?(_ wave: WaveFile, name: String, plan: SplitPlan, limit: Int) throws(Failure) {
        let length = (plan.audioLength ?? SplitPlan.defaultAudioLength).milliseconds
        let step = length - (plan.audioOverlap?.milliseconds ?? 0)
        guard (1...Self.maximumLength).contains(length), (1...length).contains(step) else {
            throw Failure(.app, "audio_length must lie between 1 ms and 366 days, and be more than audio_overlap")
        }
        guard step * wave.rate >= 1000 else {
            throw Failure(
                .app, "\(name) has \(wave.rate) samples a second, too few for windows that are \(step) ms apart")
        }
        guard length * wave.rate / 1000 <= WaveFile.maximumWindow / wave.frame else {
            throw Failure(.app, "windows of \(length / 1000) s of \(name) would be larger than 4 GB; lower audio_length")
        }
        var windows: [Range<Int64>] = []
        var start: Int64 = 0
        while start < wave.count {
            guard windows.count < limit else { return nil }
            let time = Int64(windows.count) * step
            let end = min((time + length) * wave.rate / 1000, wave.count)
            windows.append(start..<end)
            if end == wave.count { break }
            start = (time + step) * wave.rate / 1000
        }
        self.windows = windows
        rate = wave.rate
    }

    func units(of source: ContentReference, key: String) -> [Unit] {
        let text = source.text
        return windows.enumerated().map { index, window in
            Unit(
                geometry: [
                    "index": .int(Int64(index)), "start": .number(seconds(window.lowerBound)),
                    "end": .number(seconds(window.upperBound)), "start_sample": .int(window.lowerBound),
                    "end_sample": .int(window.upperBound), "sample_rate": .int(rate),
                ],
                set: [:], cut: FileCut(key: key, source: text, range: window, form: .audio))
        }
    }

    private func seconds(_ sample: Int64) -> Double { Double(sample) / Double(rate) }
}
