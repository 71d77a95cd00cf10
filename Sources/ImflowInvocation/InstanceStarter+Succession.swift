import ImflowExecution
import ImflowPlan

/// Instances that outlive an engine.
extension InstanceStarter {
    /// Nil: it is not there any more, or not well; then nothing of it is left.
    func takeOver(
        _ claim: InstanceClaim, environment: @Sendable (UnitFolder) -> [String: String]
    ) async -> InstanceLease? {
        let record = claim.record
        let folder = folder(record.token, claim.job)
        let endpoint = record.apiSocket == nil ? nil : endpoint(record.token)
        var launch = launch(record.token, of: claim.job, in: folder, environment(folder), endpoint)
        launch.logPath = record.log
        let log = LogFile(path: record.log)
        readiness.note("it is taken over from an earlier imflow")
        do throws(Failure) {
            guard endpoint?.path == record.apiSocket else {
                throw Failure(.lost, "it cannot be reached where it was told to submit jobs")
            }
            let instance = try await host.adopt(launch, handle: record.handle)
            let lease = InstanceLease(
                token: record.token, instance: instance, folder: folder, log: log, claim: claim, isTakenOver: true)
            do throws(Failure) {
                try await RestEndpoint.waitUntilReady(
                    lease, model: model, within: window, until: .now + window.duration, client: client, readiness: readiness)
                // The call that its engine was killed in may never end, and nobody waits for it.
                if await InstanceProbe(of: instance, model: model, client: client).isFull() {
                    throw Failure(.lost, "it is still busy with what the earlier imflow asked")
                }
                try claim.publish()
            } catch {
                await end(lease)
                log.note("instance \(record.token) is not taken over: \(error.message)")
                return nil
            }
            log.note("instance \(record.token) is taken over from an earlier imflow")
            return lease
        } catch {
            // Whatever is left of it carries its home's name, and goes with that.
            log.note("instance \(record.token) is not taken over: \(error.message)")
            claim.withdraw()
            claim.giveUp()
            await api?.closeEndpoint(ofInstance: WarmHome.apiName(record.token))
            return nil
        }
    }

    /// Leaves the instance for a later engine where that is wished for and it is well, and ends it otherwise.
    func leave(_ lease: InstanceLease) async {
        guard let time = succession?.keepWarm, let claim = lease.claim, lease.instance.handle != nil,
            await lease.instance.exit() == nil, await stays(lease, claim, for: time)
        else { return await end(lease) }
        claim.giveUp()
    }

    private func stays(_ lease: InstanceLease, _ claim: InstanceClaim, for time: TimeSpan) async -> Bool {
        do throws(Failure) {
            let (deadline, overflow) = WarmShelf.now().addingReportingOverflow(time.milliseconds)
            try claim.publish(keptUntil: overflow ? .max : deadline)
        } catch { return false }
        return await lease.instance.leave(for: time)
    }
}
