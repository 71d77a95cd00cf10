import ImflowExecution
import ImflowJSON

/// Starts the model once per unit: `exec`.
struct ColdCaller: UnitCaller {
    func finish() async {}

    func result(of unit: StagedUnit, named name: String, in attempt: CallAttempt) async throws(Failure) -> JSONValue {
        let folder = attempt.unitFolder(name)
        // The folder is made before the program is started: where there is none, nothing was.
        let adopting = attempt.order.recovered && WorkFolder.exists(folder.path)
        let session = attempt.api?.open(unit, of: attempt.order, files: folder, unitFolder: folder)
        defer { session?.close() }
        var launch = launch(in: folder, of: attempt, name: name, recovered: adopting)
        launch.environment["IMFLOW_API_TOKEN"] = session?.token
        let call = ExecCall(
            host: attempt.host, launch: launch, folder: folder, log: attempt.log, startClock: attempt.startClock)
        defer { folder.remove() }
        let request = adopting ? [] : try await attempt.stage(unit, into: folder)
        let answer: Result<JSONValue, Failure>
        do throws(Failure) { answer = .success(try await call.result(of: request)) } catch { answer = .failure(error) }
        try await attempt.release(folder)
        return try await attempt.collect(try answer.get(), from: folder, ended: true)
    }

    private func launch(in folder: UnitFolder, of attempt: CallAttempt, name: String, recovered: Bool) -> Launch {
        let order = attempt.order
        var launch = Launch(
            model: attempt.work.model, job: order.job, task: order.task, attempt: order.attempt, token: order.token,
            unit: Int(name), workFolder: folder.path, environment: attempt.environment(in: folder),
            logPath: attempt.log.path, recovered: recovered, api: attempt.api?.endpoint)
        let staging = attempt.staging
        launch.wanted = WantedFiles(result: UnitFolder.outputName) { exit in
            let written = try? WorkFile.contents(of: folder.output, limit: Launch.outputLimit, name: folder.output)
            let bytes = written.flatMap { $0.isEmpty ? nil : $0 } ?? exit.output
            guard let result = try? JSONValue.parse(bytes) else { return [] }
            return staging.files(named: result, guestFolder: folder.guest)
        }
        return launch
    }
}
