import Glibc
import ImflowContent
import ImflowExecution

/// The instances of one model that the engines on one state folder share: a folder for each, named by its token.
///
/// `record.json` says how it is found; without one it takes no new requests. `users` is locked, shared, by every engine that
/// uses it: who gets it exclusively is the last, and ends the instance. `owner` is locked by the engine that started it.
/// `place-N` is locked by whoever has a request in it. All of these locks end with their process. `work` is the instance's
/// folder. On the shelf itself, `starting` is locked by the engine that starts instances.
struct WarmShelf: Sendable {
    static let recordLimit = 64 * 1024
    /// Most instances that are looked at.
    private static let limit = 4096

    let path: String

    init(_ state: StateFolder, key: String) { path = state.warm + "/" + key }

    func folder(_ token: String) -> String { path + "/" + token }

    /// Of the instance by which its processes and containers are found.
    static func job(_ token: String) -> String { "warm-" + token.prefix(16) }

    /// What may be used by whoever finds it.
    var records: [WarmRecord] {
        WorkFolder.names(in: path).prefix(Self.limit).sorted().compactMap { record($0) }
    }

    /// Nil: it takes no new requests.
    func record(_ token: String) -> WarmRecord? {
        let file = folder(token) + "/record.json"
        guard let bytes = try? WorkFile.contents(of: file, limit: Self.recordLimit, name: file),
            let record = WarmRecord(bytes), record.token == token
        else { return nil }
        // Whose engine is gone writes into a closed pipe.
        if record.isBound, let owner = FileLock.take(folder(token) + "/owner") {
            owner.unlock()
            return nil
        }
        return record
    }

    func write(_ record: WarmRecord) throws(Failure) {
        try WorkFile.write(Array(record.text.utf8), to: folder(record.token) + "/record.json")
    }

    /// Ends what no engine uses and nobody wants kept any more; of those that are used, nothing changes.
    /// - Parameter hosts: what ran elsewhere is left for an engine that has such a host.
    static func collect(_ state: StateFolder, hosts: [any ModelHost]) async {
        for key in WorkFolder.names(in: state.warm).prefix(limit) {
            let shelf = WarmShelf(state, key: key)
            for token in WorkFolder.names(in: shelf.path).prefix(limit) where token != "starting" {
                await shelf.collect(token, hosts)
            }
            guard let starting = FileLock.take(shelf.path + "/starting") else { continue }
            if WorkFolder.names(in: shelf.path) == ["starting"] { WorkFolder.remove(shelf.path) }
            starting.unlock()
        }
        rmdir(state.warm)
    }

    private func collect(_ token: String, _ hosts: [any ModelHost]) async {
        let folder = folder(token)
        guard let last = FileLock.take(folder + "/users") else { return }
        defer { last.unlock() }
        if let until = record(token)?.keptUntil, until > Self.now() { return }
        let kind = try? WorkFile.contents(of: folder + "/host", limit: 1024, name: folder + "/host")
        // Without that file nothing was started.
        if let kind {
            let hosts = hosts.filter { Array($0.kind.utf8) == kind }
            if hosts.isEmpty { return }
            withdraw(token)
            for host in hosts { await host.sweep(job: Self.job(token), keeping: []) }
        }
        WorkFolder.remove(folder)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// From now on it takes no new requests.
    func withdraw(_ token: String) { unlink(folder(token) + "/record.json") }
}
