import ImflowExecution
import ImflowPlan

extension InstanceStarter {
    /// What the model's server says that it takes and gives: an instance is started for the question, and nothing is left
    /// of it. Nil: the model's protocol has no words for that; nothing is started then.
    /// - Parameter job: that it is asked for; it has the log.
    func ports(for job: String) async throws(Failure) -> ModelPorts? {
        guard model.callProtocol == .oip || model.callProtocol == .cog else { return nil }
        let lease: InstanceLease
        do throws(StartFailure) {
            lease = try await start(token: InstanceStarter.drawToken(), environment: { environment(in: $0, job) })
        } catch { throw error.failure }
        let answer: Result<ModelPorts?, Failure>
        do throws(Failure) {
            answer = .success(
                try await ModelPorts.read(of: model, at: InstanceAddress(of: lease.instance), client: client))
        } catch { answer = .failure(Task.isCancelled ? .cancelled : error) }
        await end(lease)
        return try answer.get()
    }

    /// As of the first attempt of a stage that is the model alone.
    private func environment(in folder: UnitFolder, _ job: String) -> [String: String] {
        [
            "IMFLOW_JOB_ID": job, "IMFLOW_STAGE": model.name, "IMFLOW_SHARD_INDEX": "0", "IMFLOW_SHARD_COUNT": "1",
            "IMFLOW_ATTEMPT": "1", "IMFLOW_WORKDIR": folder.guest, "IMFLOW_OUTPUT": folder.guestOutput,
        ]
    }
}
