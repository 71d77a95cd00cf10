import FoundationEssentials
import ImflowContent

/// Follows the log files of a folder while they grow and new ones appear.
struct LogFollower: Sendable {
    struct Line {
        /// The log's file, without `.log`.
        var log: String
        /// With its newline.
        var bytes: ArraySlice<UInt8>
    }

    private static let suffix = ".log"
    /// What a task's log says before it repeats what a warm instance had written to its own.
    private static let handover = Array("imflow: served by instance ".utf8)
    private static let ownNote = Array("imflow: ".utf8)
    /// Logs that are followed at once.
    private static let most = 100_000

    private let folder: String
    private let tail: Int?
    private let wanted: @Sendable (String) -> Bool
    private var logs: [String: GrowingLog] = [:]
    /// Tasks' logs whose lines come from instances' logs.
    private var repeated: Set<String> = []
    private var looked = false

    /// - Parameters:
    ///   - tail: of a log that is there already only so many last lines; nil: all.
    ///   - wanted: by a log's file without `.log`.
    init(folder: String, tail: Int? = nil, wanted: @escaping @Sendable (String) -> Bool = { _ in true }) {
        self.folder = folder
        self.tail = tail
        self.wanted = wanted
    }

    /// Hands on what has come.
    /// - Parameters:
    ///   - changes: the files that may have; nil: any.
    ///   - skippingRepeated: what stands in an instance's log is not told again where it was copied to a task's.
    mutating func read(
        _ changes: FolderWatch.Changes = nil, skippingRepeated: Bool, _ take: (Line) throws -> Void
    ) throws {
        let names = changes.map(Array.init) ?? ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        for name in names.sorted() where name.hasSuffix(Self.suffix) {
            let log = String(name.dropLast(Self.suffix.count))
            guard wanted(log), logs[log] != nil || logs.count < Self.most else { continue }
            // What appears later is told from its beginning.
            let tail = looked ? nil : tail
            var file = logs.removeValue(forKey: log) ?? GrowingLog(folder + "/" + name)
            defer { logs[log] = file }
            try file.read(tail: tail) { bytes in
                if skippingRepeated, repeats(log, bytes) { return }
                try take(Line(log: log, bytes: bytes))
            }
        }
        looked = true
    }

    /// Hands on the beginnings of lines that nobody ended.
    mutating func finish(_ take: (Line) throws -> Void) throws {
        for log in logs.keys.sorted() { try logs[log]?.finish { try take(Line(log: log, bytes: $0)) } }
    }

    private mutating func repeats(_ log: String, _ line: ArraySlice<UInt8>) -> Bool {
        if log.hasPrefix(Self.instance) { return false }
        if line.starts(with: Self.handover) {
            repeated.insert(log)
            return true
        }
        return repeated.contains(log) && !line.starts(with: Self.ownNote)
    }

    /// How the logs of warm instances begin.
    static let instance = "instance-"
}
