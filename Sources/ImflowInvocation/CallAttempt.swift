import ImflowContent
import ImflowExecution
import ImflowJSON
import ImflowPlan

/// One attempt to call a model: its unit loop.
struct CallAttempt: Sendable {
    let order: WorkOrder
    let work: CallWork
    let host: any ModelHost
    let staging: any InputStaging
    let state: StateFolder
    let log: LogFile
    /// The job's.
    let spares: SpareFolders
    let schemas: ModelSchemas
    /// How one unit reaches the model: started anew, or on a warm instance.
    let caller: any UnitCaller
    /// Nil: the model can submit nothing.
    let api: AttemptAPI?
    let unitCount: Int
    /// Of what it waits for instances to start.
    let startClock: StartClock

    private var folder: String { state.attemptFolder(job: order.job, task: order.task, attempt: order.attempt) }

    /// The units' results in unit order. The first failure ends the others.
    func results(of units: [StagedUnit], progress: @escaping UnitProgress) async throws(Failure) -> [JSONValue] {
        let width = work.model.callProtocol.isHTTP ? max(1, work.model.concurrency) : 1
        if width > 1, unitCount > 1 { return try await atOnce(units, width: width, progress: progress) }
        var results: [JSONValue] = []
        for position in units.indices {
            results.append(try await result(of: units[position], at: position))
            progress(results.count)
        }
        return results
    }

    private func atOnce(
        _ units: [StagedUnit], width: Int, progress: @escaping UnitProgress
    ) async throws(Failure) -> [JSONValue] {
        var results = [JSONValue](repeating: .null, count: units.count)
        var failure: Failure?
        await withTaskGroup(of: (Int, Result<JSONValue, Failure>).self) { group in
            var next = 0
            var done = 0
            func begin() {
                guard next < units.count, failure == nil else { return }
                let position = next
                next += 1
                group.addTask {
                    // In two steps: Swift 6.3's optimizer loses a result that is made in place in the returned tuple.
                    let answer: Result<JSONValue, Failure>
                    do throws(Failure) {
                        answer = .success(try await result(of: units[position], at: position))
                    } catch { answer = .failure(error) }
                    return (position, answer)
                }
            }
            for _ in 0..<width { begin() }
            while let (position, result) = await group.next() {
                switch result {
                case .success(let value):
                    results[position] = value
                    done += 1
                    progress(done)
                    begin()
                case .failure(let error):
                    // Of units that were cancelled, the one that says what kept it tells more.
                    if failure == nil || failure == .cancelled && error.cause == .cancelled { failure = error }
                    group.cancelAll()
                }
            }
        }
        if let failure { throw failure }
        return results
    }

    private func result(of unit: StagedUnit, at position: Int) async throws(Failure) -> JSONValue {
        let name = String(position)
        let kept = folder + "/" + name + ".result"
        if order.recovered, let bytes = try WorkFile.contents(of: kept, limit: Launch.outputLimit, name: kept),
            let result = try? JSONValue.parse(bytes)
        {
            return result
        }
        if Task.isCancelled { throw .cancelled }
        do throws(Failure) {
            let result = try await caller.result(of: unit, named: name, in: self)
            // A container that outlives the engine is adopted by its unit: those before it must not run again.
            if unitCount > 1, work.model.callProtocol == .exec {
                try WorkFile.write(Array(result.text.utf8), to: kept)
            }
            return result
        } catch {
            guard unitCount > 1, error != .cancelled else { throw error }
            throw Failure(error.cause, "unit \(unit.unit.index): \(error.message)")
        }
    }

    /// Where the unit `name` works when no instance has a folder for it. The only unit has the attempt's own folder.
    func unitFolder(_ name: String) -> UnitFolder {
        let path = unitCount > 1 ? folder + "/" + name : folder
        return UnitFolder(path: path, guest: host.guestFolder(for: path), spares: spares, owner: host.guestOwner)
    }

    /// The request's bytes: one line of JSON, without a newline.
    /// - Parameter token: the API's, for an instance whose environment cannot say it.
    func request(input: JSONValue, unit: StagedUnit, token: String? = nil) -> [UInt8] {
        var job: JSONObject = [
            "job_id": .string(order.job), "stage": .string(order.stage),
            "shard_index": .int(Int64(work.shardIndex)),
            "shard_count": .int(Int64(work.shardCount)), "unit": .object(unit.unit.geometry),
        ]
        if let token { job["api_token"] = .string(token) }
        return Array(JSONValue.object(["input": input, "job": .object(job)]).text.utf8)
    }

    /// The variables that tell a program what it works on (SPEC section 6).
    func environment(in folder: UnitFolder) -> [String: String] {
        var variables = [
            "IMFLOW_JOB_ID": order.job, "IMFLOW_STAGE": order.stage, "IMFLOW_SHARD_INDEX": String(work.shardIndex),
            "IMFLOW_SHARD_COUNT": String(work.shardCount), "IMFLOW_ATTEMPT": String(order.attempt),
            "IMFLOW_WORKDIR": folder.guest, "IMFLOW_OUTPUT": folder.guestOutput,
        ]
        if let endpoint = api?.endpoint {
            variables["IMFLOW_API"] = host.guestAPIFolder(for: endpoint.folder) + "/" + endpoint.socket
        }
        return variables
    }

    /// Makes the unit's files and the request that names them; the input must fit the model's schema.
    func stage(_ unit: StagedUnit, into folder: UnitFolder) async throws(Failure) -> [UInt8] {
        request(input: try await stagedInput(of: unit, in: folder), unit: unit)
    }

    /// Makes the unit's files, and answers the input that names them; it must fit the model's schema.
    func stagedInput(of unit: StagedUnit, in folder: UnitFolder) async throws(Failure) -> JSONValue {
        try folder.create(for: unit)
        let input: JSONValue
        do {
            input = try await staging.stage(unit, into: folder.input, guestFolder: folder.guestInput)
        } catch { throw Failure(of: error) }
        CallObserver.note(.staged(folder: folder.input))
        try schemas.checkInput(input)
        return input
    }

    /// The model is done with the unit's files, however the call ended. Throws when it changed what was not its own: that
    /// says more than the call's own end.
    func release(_ folder: UnitFolder) async throws(Failure) {
        do { try await staging.release(folder.path) } catch { throw Failure(of: error) }
    }

    /// Stores the files that the result names, once it fits the model's schema.
    /// - Parameter ended: the model has ended, and nothing is written in its folder any more.
    func collect(_ result: JSONValue, from folder: UnitFolder, ended: Bool) async throws(Failure) -> JSONValue {
        CallObserver.note(.answered(schemas.outputVerdict(result)))
        try schemas.checkOutput(result)
        do {
            return try await staging.collect(result, from: folder.path, guestFolder: folder.guest, ended: ended)
        } catch { throw Failure(of: error) }
    }
}

/// How one unit reaches the model.
protocol UnitCaller: Sendable {
    /// - Parameter name: unique in the attempt, safe as a file name.
    func result(of unit: StagedUnit, named name: String, in attempt: CallAttempt) async throws(Failure) -> JSONValue

    /// The attempt asks for no more.
    func finish() async
}

extension Failure {
    /// What an error of a room below means for the attempt.
    init(of error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case is CancellationError: self = .cancelled
        default: self.init(.infra, "\(error)")
        }
    }
}
