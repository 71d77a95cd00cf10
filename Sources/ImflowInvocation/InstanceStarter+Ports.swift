import ImflowExecution
import ImflowPlan

extension InstanceStarter {
    /// What the model's server says that it takes and gives: an instance is started for the question, and nothing is left
    /// of it. Nil: the model's protocol has no words for that; nothing is started then.
    func ports() async throws(Failure) -> ModelPorts? {
        guard model.callProtocol == .oip || model.callProtocol == .cog else { return nil }
        let lease: InstanceLease
        do throws(StartFailure) {
            lease = try await start(token: InstanceStarter.drawToken(), environment: environment)
        } catch { throw error.failure }
        let answer: Result<ModelPorts?, Failure>
        do throws(Failure) {
            answer = .success(
                try await ModelPorts.read(of: model, at: lease.instance.baseURL ?? "", client: client))
        } catch { answer = .failure(Task.isCancelled ? .cancelled : error) }
        await lease.instance.stop()
        lease.folder.remove()
        return try answer.get()
    }

    /// As of the first attempt of a stage that is the model alone.
    private func environment(in folder: UnitFolder) -> [String: String] {
        [
            "IMFLOW_STAGE": model.name, "IMFLOW_SHARD_INDEX": "0", "IMFLOW_SHARD_COUNT": "1", "IMFLOW_ATTEMPT": "1",
            "IMFLOW_WORKDIR": folder.guest, "IMFLOW_OUTPUT": folder.guestOutput,
        ]
    }
}
