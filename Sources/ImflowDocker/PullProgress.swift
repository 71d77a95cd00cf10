import ImflowJSON
import Synchronization

/// What an engine says while it pulls: JSON values, one behind the other, each about a layer.
final class PullProgress: Sendable {
    /// Longer lines and more layers are not looked at.
    private static let lineLimit = 64 * 1024
    private static let layerLimit = 1000
    private static let interval = Duration.seconds(2)

    private struct State {
        var line: [UInt8] = []
        /// Bytes of each layer: those that are here, and all.
        var layers: [String: (current: Int64, total: Int64)] = [:]
        var error: String?
        var toldAt = ContinuousClock.now
    }

    private let image: String
    private let tell: @Sendable (String) -> Void
    private let state = Mutex(State())

    init(image: String, tell: @escaping @Sendable (String) -> Void) {
        self.image = image
        self.tell = tell
    }

    /// The engine's word for what went wrong; nil: nothing.
    var error: String? { state.withLock { $0.error } }

    func take(_ chunk: [UInt8]) {
        let line: String? = state.withLock { state in
            for byte in chunk {
                if byte == 10 {
                    Self.read(&state)
                } else if state.line.count < Self.lineLimit {
                    state.line.append(byte)
                }
            }
            guard ContinuousClock.now - state.toldAt >= Self.interval, !state.layers.isEmpty else { return nil }
            state.toldAt = .now
            return summary(state)
        }
        if let line { tell(line) }
    }

    /// What came behind the last line break.
    func finish() { state.withLock { Self.read(&$0) } }

    private static func read(_ state: inout State) {
        defer { state.line = [] }
        guard !state.line.isEmpty, let value = try? JSONValue.parse(state.line) else { return }
        if let message = value["errorDetail"]?["message"]?.stringValue ?? value["error"]?.stringValue {
            state.error = String(message.prefix(500))
        }
        guard let layer = value["id"]?.stringValue, let status = value["status"]?.stringValue else { return }
        let known = state.layers[layer]
        guard known != nil || state.layers.count < layerLimit else { return }
        if status == "Downloading", let detail = value["progressDetail"], let current = detail["current"]?.intValue {
            let total = detail["total"]?.intValue ?? 0
            state.layers[layer] = (Int64(current), Int64(total))
        } else if status == "Pull complete" || status == "Download complete", let known {
            state.layers[layer] = (known.total, known.total)
        }
    }

    /// `pulling image x: 12.5 of 80.1 MB`
    private func summary(_ state: State) -> String {
        let current = state.layers.values.reduce(0) { $0 &+ $1.current }
        let total = state.layers.values.reduce(0) { $0 &+ $1.total }
        return "pulling image \(image): \(Self.megabytes(current)) of \(Self.megabytes(total)) MB"
    }

    private static func megabytes(_ bytes: Int64) -> String { String(Double(bytes / 100_000) / 10) }
}
