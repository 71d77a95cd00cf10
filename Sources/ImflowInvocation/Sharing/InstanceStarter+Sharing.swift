import Glibc
import ImflowExecution
import ImflowPlan

/// Instances that several engines use.
extension InstanceStarter {
    private static let interval: Duration = .milliseconds(20)
    /// How many starts of other engines are waited for.
    private static let otherStarts = 10
    /// How long requests of other engines keep an instance that ends with this one.
    private static let grace: Duration = .seconds(30)

    /// Takes an instance off the shelf that the pool does not know, or starts one and puts it there. While another engine
    /// starts one, this waits for it.
    func obtain(
        _ token: String, from shelf: WarmShelf, besides known: Set<String>,
        environment: @Sendable (UnitFolder) -> [String: String]
    ) async throws(StartFailure) -> InstanceLease {
        let starting: FileLock
        do throws(Failure) {
            try WorkFolder.create(shelf.path)
            starting = try await turn(on: shelf)
        } catch { throw StartFailure(failure: error, ended: false) }
        defer { starting.unlock() }
        for record in shelf.records where !known.contains(record.token) {
            if let lease = await adopt(record, from: shelf) { return lease }
        }
        return try await put(token, on: shelf, environment: environment)
    }

    private func turn(on shelf: WarmShelf) async throws(Failure) -> FileLock {
        let deadline = ContinuousClock.now + window.duration * Self.otherStarts
        while ContinuousClock.now < deadline {
            if Task.isCancelled { throw .cancelled }
            if let lock = FileLock.take(shelf.path + "/starting") { return lock }
            readiness.note("another imflow process starts an instance")
            try? await Task.sleep(for: Self.interval)
        }
        throw Failure(.infra, "other imflow processes have kept starting model \(model.name) for too long")
    }

    /// Nil: it is not there any more.
    private func adopt(_ found: WarmRecord, from shelf: WarmShelf) async -> InstanceLease? {
        var record = found
        let folder = shelf.folder(record.token)
        guard let users = FileLock.take(folder + "/users", shared: true), shelf.record(record.token) != nil
        else { return nil }
        let launch = launch(record.token, in: self.folder(record.token), environment: [:])
        guard let instance = try? await host.adopt(launch, handle: record.handle), await instance.exit() == nil else {
            users.unlock()
            return nil
        }
        if record.keptUntil != nil {
            record.keptUntil = nil
            try? shelf.write(record)
        }
        let log = LogFile(path: record.isBound ? record.log : launch.logPath)
        let share = WarmShare(shelf: shelf, record: record, users: users, owner: nil)
        return InstanceLease(
            token: record.token, instance: instance, folder: self.folder(record.token), log: log, share: share)
    }

    private func put(
        _ token: String, on shelf: WarmShelf, environment: @Sendable (UnitFolder) -> [String: String]
    ) async throws(StartFailure) -> InstanceLease {
        let folder = shelf.folder(token)
        let locks: (users: FileLock, owner: FileLock)
        do throws(Failure) {
            try WorkFolder.create(folder)
            try WorkFile.write(Array(host.kind.utf8), to: folder + "/host")
            guard let users = FileLock.take(folder + "/users", shared: true), let owner = FileLock.take(folder + "/owner")
            else { throw Failure(.infra, "cannot lock files in \(folder)") }
            locks = (users, owner)
        } catch { throw StartFailure(failure: error, ended: false) }
        do throws(StartFailure) {
            var lease = try await start(token: token, environment: environment)
            guard let handle = lease.instance.handle else { return lease }
            let record = WarmRecord(
                token: token, handle: handle, log: lease.log.path, isBound: !lease.instance.outlivesEngine)
            lease.share = WarmShare(shelf: shelf, record: record, users: locks.users, owner: locks.owner)
            do throws(Failure) { try shelf.write(record) } catch {
                await leave(lease, lease.share, broken: true)
                throw StartFailure(failure: error, ended: false)
            }
            return lease
        } catch {
            WorkFolder.remove(folder)
            throw error
        }
    }

    /// This engine uses the instance no more; the last one who does ends it.
    /// - Parameter broken: nobody is to use it any more.
    func leave(_ lease: InstanceLease, _ share: WarmShare?, broken: Bool) async {
        guard let share else { return await end(lease) }
        let shelf = share.shelf
        if broken || share.isBoundHere { shelf.withdraw(lease.token) }
        share.users.unlock()
        var last = FileLock.take(shelf.folder(lease.token) + "/users")
        if share.isBoundHere {
            let deadline = ContinuousClock.now + Self.grace
            while last == nil, ContinuousClock.now < deadline {
                await uninterrupted(Self.interval)
                last = FileLock.take(shelf.folder(lease.token) + "/users")
            }
        } else if last == nil || (await keep(lease, share)) {
            last?.unlock()
            return await lease.instance.leave()
        }
        shelf.withdraw(lease.token)
        await end(lease)
        await host.sweep(job: WarmShelf.job(lease.token), keeping: [])
        WorkFolder.remove(shelf.folder(lease.token))
        share.owner?.unlock()
        last?.unlock()
    }

    /// Leaves it for the next engine, where that is wished for and it is well.
    private func keep(_ lease: InstanceLease, _ share: WarmShare) async -> Bool {
        guard keepWarm.milliseconds > 0, var record = share.shelf.record(lease.token), await lease.instance.exit() == nil
        else { return false }
        record.keptUntil = WarmShelf.now() + keepWarm.milliseconds
        return (try? share.shelf.write(record)) != nil
    }

    private func end(_ lease: InstanceLease) async {
        await lease.instance.stop()
        lease.folder.remove()
    }

    private func uninterrupted(_ pause: Duration) async { await Task { try? await Task.sleep(for: pause) }.value }
}
