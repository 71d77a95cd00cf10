import FoundationEssentials
import Glibc
import ImflowContent
import ImflowEngine
import ImflowExecution
import ImflowJSON
import ImflowJobAPI
import ImflowStore

extension ChildFamily {
    /// One child as its submitter sees it. While it is waited for, the attempt has no slot.
    func view(of job: String, wait: Int, session: ModelSession) async throws(APIResponse) -> APIResponse {
        let origin = try await origin(of: job, session: session)
        try await revive(job, retrying: false)
        if wait > 0, let child = queues[origin.parent]?.child(job) {
            if let parent = members[origin.parent] {
                await lending.whileWaiting(session.call.order.token, of: origin.parent, parent.conductor) {
                    await child.atRest.wait(seconds: wait)
                }
            }
        }
        return APIResponse(200, try await json(of: job, origin, session: session))
    }

    /// - Throws: 404 unless the attempt's own task submitted the job.
    private func origin(of job: String, session: ModelSession) async throws(APIResponse) -> ChildOrigin {
        let order = session.call.order
        let found: ChildOrigin?
        do { found = try await state.database.origin(ofChild: job) } catch { throw Self.problem(error) }
        guard let found, found.parent == order.job, found.task == order.task, found.unit == session.call.unit else {
            throw .problem(404, "this attempt has submitted no job \(job)")
        }
        return found
    }

    func list(_ session: ModelSession) async throws(APIResponse) -> APIResponse {
        let order = session.call.order
        let rows: [ChildRow]
        do { rows = try await state.database.children(of: order.job) } catch { throw Self.problem(error) }
        let own = rows.filter { $0.origin.task == order.task && $0.origin.unit == session.call.unit }
        return APIResponse(200, ["schema": "imflow.jobs/v1", "jobs": .array(own.map(\.json))])
    }

    /// Returns when it has ended.
    func cancel(_ job: String, session: ModelSession) async throws(APIResponse) -> APIResponse {
        let origin = try await origin(of: job, session: session)
        if let waiting = queues[origin.parent]?.withdraw(where: { $0.job == job }).first {
            await abandon(waiting)
        } else if let child = queues[origin.parent]?.child(job) {
            members[job]?.conductor.send(.cancel)
            await child.atRest.wait()
        } else {
            await cancelStored(job)
        }
        return APIResponse(200, try await json(of: job, origin, session: session))
    }

    /// An `imflow.job/v1` and where the job comes from. Files of its output lie in the model's own work folder.
    private func json(
        of job: String, _ origin: ChildOrigin, session: ModelSession
    ) async throws(APIResponse) -> JSONValue {
        do {
            guard let row = try await state.database.jobs(withPrefix: job).first, row.id == job else {
                throw APIResponse.problem(404, "job \(job) is gone")
            }
            let isDriven = queues[origin.parent]?.child(job) != nil
            let view = JobView(id: job, content: state.content, summary: row.summary, isDriven: isDriven)
            var members = try view.json(receipts: nil).objectValue ?? [:]
            for name in ["output", "output_path", "output_files"] { members[name] = nil }
            if let output = row.summary.output {
                members.merge(try await handOver(output, of: job, to: session)) { _, new in new }
            }
            members.merge(origin.json) { old, _ in old }
            return .object(members)
        } catch {
            throw Self.problem(error)
        }
    }

    /// An output that names files is rewritten in memory, up to so many bytes.
    private static let handOverLimit = 128 << 20

    /// The output's files are put into the model's work folder, and named by URLs of it.
    private func handOver(
        _ output: Payload, of job: String, to session: ModelSession
    ) async throws -> JSONObject {
        let isLarge = output.size > JobView.inlineOutputLimit
        let namesFiles = try !state.content.namedFiles(in: output).isEmpty
        if !isLarge, !namesFiles { return ["output": try state.content.value(of: output)] }
        let (path, guest) = session.outputFolder(of: job)
        // Who reads it may be another user; the instance's own folder is closed to the rest.
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        guard namesFiles else {
            unlink(path + "/output.json")
            try state.content.copy(output.hash, to: path + "/output.json")
            return ["output_path": .string(guest + "/output.json")]
        }
        let value = try state.content.value(of: output, limit: Self.handOverLimit, what: "the output of job \(job)")
        let unit = StagedUnit(input: ["output": value], unit: Unit(geometry: [:], set: [:]))
        let staged = try await local.staging.stage(unit, into: path, guestFolder: guest)["output"] ?? .null
        guard isLarge else { return ["output": staged] }
        try Data(staged.text.utf8).write(to: URL(filePath: path + "/output.json"))
        return ["output_path": .string(guest + "/output.json")]
    }
}

extension ChildOrigin {
    /// The members that a child's job has beside those of every job.
    var json: JSONObject {
        [
            "parent": ["job_id": .string(parent), "task": .string(task), "unit": .int(Int64(unit))],
            "key": .string(key), "priority": .int(Int64(priority)), "depth": .int(Int64(depth)),
        ]
    }
}

extension ChildRow {
    /// The child in a list.
    var json: JSONValue {
        let members: JSONObject = [
            "job_id": .string(id), "status": .string(summary.status.rawValue),
            "submitted_at": .string(WallClock.text(summary.submittedAt)),
            "output_hash": summary.output.map { .string($0.hash.description) } ?? .null,
        ]
        return .object(members.merging(origin.json) { old, _ in old })
    }
}
