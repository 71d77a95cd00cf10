import Glibc

/// What an engine says of itself to the others.
package struct EngineRecord: Sendable, Equatable {
    package var pid: Int32
    /// Slots that it could use now, at most ``SlotFile/maximumSlots``.
    package var wanted: Int
    package var held: Int
    /// What its user allows it to run at once, when the user said so; else 0.
    package var limit: Int
    /// Of its most urgent job.
    package var priority: Int
    /// Since when it holds slots, or waits for the first: microseconds of the machine's monotonic clock.
    package var since: Int64
    /// The job that it was started for.
    package var job: String

    /// One line of fixed length, so that engines overwrite their own and nothing else.
    static let length = 160

    var line: [UInt8] {
        let words = [Int64(pid), Int64(wanted), Int64(held), Int64(limit), Int64(priority), since].map(String.init)
        let text = (words + [job]).joined(separator: " ")
        return Self.line(text)
    }

    static func line(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8.prefix(length - 1))
        return bytes + Array(repeating: 0x20, count: length - 1 - bytes.count) + [0x0A]
    }

    /// Nil: an empty line, or none of ours.
    init?(line: some Collection<UInt8>) {
        let words = String(decoding: line, as: UTF8.self).split(whereSeparator: { $0 == " " || $0 == "\n" })
        guard words.count == 7, let pid = Int32(words[0]), let wanted = Int(words[1]), let held = Int(words[2]),
            let limit = Int(words[3]), let priority = Int(words[4]), let since = Int64(words[5])
        else { return nil }
        let bounds = 0...SlotFile.maximumSlots
        guard bounds.contains(wanted), bounds.contains(held), bounds.contains(limit), since >= 0 else { return nil }
        self.init(
            pid: pid, wanted: wanted, held: held, limit: limit, priority: priority, since: since, job: String(words[6]))
    }

    init(pid: Int32, wanted: Int, held: Int, limit: Int, priority: Int, since: Int64, job: String) {
        self.pid = pid
        self.wanted = wanted
        self.held = held
        self.limit = limit
        self.priority = priority
        self.since = since
        self.job = job
    }
}

/// The file `engines/slots`: a first line with the machine's number of slots, and a line for each engine. Slots and lines
/// are owned by locks on bytes far behind the text, so that the kernel knows at any time who is alive and who has what.
package final class SlotFile: Sendable {
    package static let name = "slots"
    /// Most slots of a state folder.
    package static let maximumSlots = 4096
    /// Most engines at once on one state folder.
    package static let maximumEngines = 1024
    private static let head = "imflow-slots/v1"

    private let descriptor: Int32
    private let locks: ByteLocks

    /// - Throws: ``StoreError``.
    package init(folder: EngineFolder) throws(StoreError) {
        let path = folder.file(Self.name)
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw StoreError(errno: errno, "open", path) }
        locks = ByteLocks(descriptor: descriptor)
    }

    deinit { close(descriptor) }

    private static func byte(ofSlot slot: Int) -> Int64 { 1 << 32 + Int64(slot) }
    private static func byte(ofEngine engine: Int) -> Int64 { 1 << 33 + Int64(engine) }

    func takeSlot(_ slot: Int) -> Bool { locks.take(Self.byte(ofSlot: slot)) }

    func giveSlot(_ slot: Int) { locks.give(Self.byte(ofSlot: slot)) }

    /// Takes the first line that no living engine has; nil: there are too many engines.
    func enter() -> Int? { (0..<Self.maximumEngines).first { locks.take(Self.byte(ofEngine: $0)) } }

    func leave(_ engine: Int) {
        write(EngineRecord.line(""), at: engine + 1)
        locks.give(Self.byte(ofEngine: engine))
        // Who was waiting for this engine's slots is to look after the locks are gone.
        write(EngineRecord.line(""), at: engine + 1)
    }

    /// Everybody who listens to the folder hears of it.
    func write(_ record: EngineRecord, of engine: Int) { write(record.line, at: engine + 1) }

    private func write(_ line: [UInt8], at index: Int) {
        _ = pwrite(descriptor, line, line.count, off_t(index * EngineRecord.length))
    }

    /// The number of slots that somebody set for this state folder; nil: nobody did.
    package var slots: Int? {
        let words = String(decoding: bytes().prefix(EngineRecord.length), as: UTF8.self).split(separator: " ")
        guard words.count >= 2, words[0] == Self.head, let slots = Int(words[1]),
            (1...Self.maximumSlots).contains(slots)
        else { return nil }
        return slots
    }

    /// - Parameter slots: nil: as many as the machine has processors, or as an engine was told to run at once.
    package func setSlots(_ slots: Int?) {
        write(EngineRecord.line("\(Self.head) \(slots ?? 0) "), at: 0)
    }

    /// The living engines but for `own`, each by its line.
    package func engines(except own: Int? = nil) -> [(index: Int, record: EngineRecord)] {
        let bytes = bytes()
        return (0..<max(0, bytes.count / EngineRecord.length - 1)).compactMap { index in
            guard index != own else { return nil }
            let start = (index + 1) * EngineRecord.length
            guard let record = EngineRecord(line: bytes[start..<(start + EngineRecord.length)]),
                locks.isHeldByAnother(Self.byte(ofEngine: index))
            else { return nil }
            return (index, record)
        }
    }

    /// How many slots there are while these engines live.
    package func slotCount(_ engines: [EngineRecord]) -> Int {
        slots ?? max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), engines.map(\.limit).max() ?? 0, 1)
    }

    private func bytes() -> [UInt8] {
        let size = (Self.maximumEngines + 1) * EngineRecord.length
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return [] }
        let room = min(size, max(0, Int(status.st_size)))
        return [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            count = max(0, pread(descriptor, buffer.baseAddress, room, 0))
        }
    }
}
