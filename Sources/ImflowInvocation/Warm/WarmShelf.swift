import Glibc
package import ImflowContent
import ImflowExecution

/// The warm instances of a state folder that no engine has: of engines that were killed, and those that are kept.
package struct WarmShelf: Sendable {
    /// Which of them are ended.
    package enum Ending: Sendable {
        /// What nobody can take over, and what is kept no longer.
        case useless
        /// What engines have left that were killed, too.
        case abandoned
        /// All of them.
        case all
        /// Those of the model that do not serve calls of the key.
        case outdated(model: String, key: String)
    }

    /// Most homes, and most instances of one, that are looked at.
    private static let limit = 4096
    private static let lockSuffix = ".lock"

    let state: StateFolder

    package init(state: StateFolder) { self.state = state }

    /// Before the names under which they run, in place of a job's id.
    package static var prefix: String { WarmHome.prefix }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    package static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// Takes an instance that serves calls of this key. Nil: there is none.
    func claim(key: String) -> InstanceClaim? {
        for home in homes() {
            for token in tokens(in: home) {
                guard let found = record(token, in: home), Self.isUsable(found), found.key == key,
                    let lock = FileLock.take("\(path(home))/\(token)\(Self.lockSuffix)")
                else { continue }
                // Another engine may have had it meanwhile.
                guard let record = record(token, in: home), Self.isUsable(record), record.key == key else { continue }
                return InstanceClaim(record, home: path(home), lock: lock)
            }
        }
        return nil
    }

    /// Ends what engines that are gone have left, as far as it is on these hosts.
    /// - Parameter homes: only what is below these; nil: whatever is there.
    /// - Returns: how many instances were ended that could have been taken over.
    @discardableResult
    package func sweep(_ hosts: [any ModelHost], ending: Ending, only homes: Set<String>? = nil) async -> Int {
        var count = 0
        for home in self.homes() where homes?.contains(home) != false {
            // Held while this looks, so that nobody else looks at the same time; an engine that lives has it.
            guard let owner = FileLock.take(path(home) + "/owner", creating: true) else { continue }
            count += await sweep(home, hosts, ending)
            owner.unlock()
        }
        return count
    }

    /// The homes whose engines are gone.
    func abandoned() -> Set<String> {
        Set(homes().filter { home in
            guard let owner = FileLock.take(path(home) + "/owner", creating: true) else { return false }
            owner.unlock()
            return true
        })
    }

    /// When the next instance that is kept is kept no longer; nil: none is kept.
    package func nextDeadline() -> Int64? {
        homes().flatMap { home in tokens(in: home).compactMap { record($0, in: home)?.keptUntil } }.min()
    }

    /// Where instances may be; as ``ModelHost/sites``.
    package func sites() -> Set<String> { homes().reduce(into: []) { $0.formUnion(places(of: $1)) } }

    private func sweep(_ home: String, _ hosts: [any ModelHost], _ ending: Ending) async -> Int {
        var kept: Set<String> = []
        var claims: [InstanceClaim] = []
        for token in tokens(in: home) {
            guard let lock = FileLock.take("\(path(home))/\(token)\(Self.lockSuffix)") else {
                kept.insert(token)
                continue
            }
            let found = record(token, in: home)
            if let found, !Self.ends(found, ending) {
                kept.insert(token)
            } else {
                let record = found ?? WarmRecord(key: "", model: "", token: token, handle: "", log: "")
                claims.append(InstanceClaim(record, home: path(home), lock: lock))
            }
        }
        let places = places(of: home)
        let here = hosts.filter { !$0.sites.isDisjoint(with: places) }
        for host in here { await host.sweep(job: home, keeping: kept) }
        // What is elsewhere is left for who can get there.
        guard here.reduce(into: Set<String>(), { $0.formUnion($1.sites) }).isSuperset(of: places) else { return 0 }
        for claim in claims {
            WorkFolder.remove(InstanceStarter.folder(of: state, job: home) + "/" + claim.record.token)
            removeSockets(of: claim.record)
            claim.end()
        }
        if kept.isEmpty {
            WorkFolder.remove(state.work(job: home))
            WorkFolder.remove(path(home))
        }
        return claims.count { !$0.record.handle.isEmpty }
    }

    /// With their folders, when nothing else is in them. Where there is no record, the folder is where it is as a rule.
    private func removeSockets(of record: WarmRecord) {
        let folder = state.api(job: WarmHome.apiName(record.token))
        for socket in WorkFolder.names(in: folder).map({ folder + "/" + $0 }) + [record.apiSocket].compactMap({ $0 }) {
            var status = stat()
            if lstat(socket, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK { unlink(socket) }
            if let slash = socket.lastIndex(of: "/") { rmdir(String(socket[..<slash])) }
        }
        rmdir(folder)
    }

    private static func isUsable(_ record: WarmRecord) -> Bool { record.keptUntil.map { $0 > now() } ?? true }

    private static func ends(_ record: WarmRecord, _ ending: Ending) -> Bool {
        switch ending {
        case .all: true
        case .abandoned: record.keptUntil == nil || !isUsable(record)
        case .useless: !isUsable(record)
        case .outdated(let model, let key): record.model == model && record.key != key
        }
    }

    private func path(_ home: String) -> String { state.warm + "/" + home }

    private func homes() -> [String] {
        WorkFolder.names(in: state.warm).filter { name in
            name.hasPrefix(WarmHome.prefix) && Self.isDrawn(name.dropFirst(WarmHome.prefix.count))
        }.sorted().prefix(Self.limit).map { $0 }
    }

    private func tokens(in home: String) -> [String] {
        WorkFolder.names(in: path(home)).filter { $0.hasSuffix(Self.lockSuffix) }.sorted().prefix(Self.limit)
            .map { String($0.dropLast(Self.lockSuffix.count)) }.filter { Self.isDrawn($0[...]) }
    }

    /// Hexadecimal digits: no other names are made.
    private static func isDrawn(_ name: Substring) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { isxdigit(Int32($0)) != 0 }
    }

    private func places(of home: String) -> Set<String> {
        let folder = path(home) + "/places"
        return Set(WorkFolder.names(in: folder).compactMap { name in
            guard let bytes = try? WorkFile.contents(of: folder + "/" + name, limit: WarmRecord.limit, name: name) else { return nil }
            return String(decoding: bytes, as: UTF8.self)
        })
    }

    /// Nil: nobody can take it over.
    private func record(_ token: String, in home: String) -> WarmRecord? {
        let file = "\(path(home))/\(token).json"
        guard let bytes = try? WorkFile.contents(of: file, limit: WarmRecord.limit, name: file),
            let record = WarmRecord(bytes), record.token == token,
            // What is written there is ours alone.
            record.log.hasPrefix(state.root + "/logs/"), !record.log.split(separator: "/").contains("..")
        else { return nil }
        return record
    }
}
