import ImflowContent
import ImflowEngine
import ImflowExecution
import ImflowJSON
import ImflowStore

/// A job as users see it, by SPEC section 8.
struct JobView {
    /// Larger results are named by their path.
    static let inlineOutputLimit = 64 * 1024

    var id: String
    var content: ContentStore
    /// What the job is now, where the row may be a moment behind.
    var summary: JobSummary
    var isDriven: Bool
    /// Who drives it, if that is another process.
    var driver: LeaseHolder?
    /// Of a job that went on without some of its shards.
    var holes: Holes?
    /// Where a job comes from that a model submitted.
    var origin: ChildOrigin?
    /// The jobs that its models submitted.
    var children: [ChildRow] = []
    /// Where others get what its tasks made; nil: it is not asked for.
    var published: [PublishedResult]?

    /// A job that says it runs while nobody drives it waits for a resume.
    var status: JobStatus { summary.status == .running && !isDriven ? .pending : summary.status }

    /// Why it is pending, and what continues it.
    private var pendingReason: String {
        summary.pauseReason.map { "\($0): imflow resume \(id) continues it" } ?? "nobody drives it: imflow resume \(id)"
    }

    func json(receipts: [Receipt]?) throws -> JSONValue {
        var members: JSONObject = [
            "schema": "imflow.job/v1", "job_id": .string(id), "status": .string(status.rawValue),
            "total_shards": .int(Int64(summary.totalShards)), "succeeded": .int(Int64(summary.succeeded)),
            "failed": .int(Int64(summary.failed)), "cached": .int(Int64(summary.cached)),
            "merge_status": .string(summary.mergeStatus.rawValue),
            "output_hash": summary.output.map { .string($0.hash.description) } ?? .null,
            "submitted_at": .string(WallClock.text(summary.submittedAt)),
            "completed_at": summary.completedAt.map { .string(WallClock.text($0)) } ?? .null,
        ]
        if let message = summary.message { members["message"] = .string(message) }
        if status == .pending { members["pending_reason"] = .string(pendingReason) }
        if let driver {
            members["driven_by"] = [
                "pid": .int(Int64(driver.pid)), "stopped": .bool(ProcessStatus.isStopped(driver.pid)),
            ]
        }
        if let output = summary.output {
            if output.size <= Self.inlineOutputLimit {
                let value = try content.value(of: output)
                members["output"] = value
                let files = Self.files(in: value, content)
                if !files.isEmpty { members["output_files"] = .object(files) }
            } else {
                members["output_path"] = .string(content.path(of: output.hash))
            }
        }
        if let holes, !holes.list.isEmpty { members["holes"] = holes.json }
        members["stages"] = .array(summary.stages.map(Self.json(stage:)))
        if let origin { members.merge(origin.json) { old, _ in old } }
        if !children.isEmpty { members["children"] = .array(children.map(\.json)) }
        if let published { members["persisted"] = .array(published.map(\.json)) }
        if let receipts {
            // Users count shards: receipts of model calls. What split and merged them stands beside.
            members["receipts"] = .array(receipts.filter { $0.shardIndex != nil }.map { json(receipt: $0) })
            members["data_receipts"] = .array(receipts.filter { $0.shardIndex == nil }.map { json(receipt: $0) })
        }
        return .object(members)
    }

    private static func json(stage: JobSummary.Stage) -> JSONValue {
        var members: JSONObject = [
            "name": .string(stage.name), "model": stage.model.map { .string($0) } ?? .null,
            "status": .string(stage.status), "total_shards": stage.totalShards.map { .int(Int64($0)) } ?? .null,
            "units": stage.units.map { .int(Int64($0)) } ?? .null, "succeeded": .int(Int64(stage.succeeded)),
            "failed": .int(Int64(stage.failed)), "retried": .int(Int64(stage.retried)),
            "cached": .int(Int64(stage.cached ?? 0)),
        ]
        if let units = stage.unitsSucceeded { members["units_succeeded"] = .int(Int64(units)) }
        if let message = stage.message { members["message"] = .string(message) }
        return .object(members)
    }

    private func json(receipt: Receipt) -> JSONValue {
        var members: JSONObject = [
            "job_id": .string(receipt.jobID), "stage": .string(receipt.stage), "task": .string(receipt.task),
            "shard_index": receipt.shardIndex.map { .int(Int64($0)) } ?? .null, "attempt": .int(Int64(receipt.attempt)),
            "status": .string(receipt.status.rawValue), "cause": receipt.cause.map { .string($0.rawValue) } ?? .null,
            "latency_ms": .number((receipt.latencyMilliseconds * 1000).rounded() / 1000),
            "input_hash": receipt.inputHash.map { .string($0.description) } ?? .null,
            "output_hash": receipt.outputHash.map { .string($0.description) } ?? .null,
            "node_id": .string(receipt.node), "started_at": .string(WallClock.text(receipt.startedAt)),
            "finished_at": .string(WallClock.text(receipt.finishedAt)),
        ]
        if let start = receipt.startMilliseconds { members["start_ms"] = .number((start * 1000).rounded() / 1000) }
        if let message = receipt.message { members["message"] = .string(message) }
        if let from = receipt.cachedFrom { members["cached_from"] = .string(from) }
        if let engine = receipt.engine { members["engine"] = .string(engine) }
        if let digest = receipt.imageDigest { members["image_digest"] = .string(digest) }
        return .object(members)
    }

    /// Where the files that a result names lie, by their references.
    static func files(in value: JSONValue, _ content: ContentStore) -> JSONObject {
        var found = JSONObject()
        for reference in value.contentReferences { found[reference.text] = .string(content.path(of: reference.hash)) }
        return found
    }

    func text(receipts: [Receipt]?) -> String {
        var lines = ["job        \(id)", "status     \(status.rawValue)"]
        if status == .pending { lines.append("           \(pendingReason)") }
        if let driver { lines.append("driven by  \(driver.description)") }
        if let message = summary.message { lines.append("reason     \(message)") }
        lines.append("submitted  \(WallClock.text(summary.submittedAt))")
        if let completed = summary.completedAt {
            lines.append("completed  \(WallClock.text(completed)) (\(WallClock.span(completed - summary.submittedAt)))")
        }
        let cached = summary.cached > 0 ? ", \(summary.cached) from the cache" : ""
        lines.append(
            "shards     \(summary.succeeded) of \(summary.totalShards) succeeded, \(summary.failed) failed\(cached)")
        lines.append("merge      \(summary.mergeStatus.rawValue)")
        if let output = summary.output { lines.append("output     \(output.hash) (\(output.size) bytes)") }
        for stage in summary.stages {
            let shards = stage.totalShards.map { "\(stage.succeeded)/\($0) shards" } ?? "not split yet"
            let units = stage.units.map { ", \($0) units" } ?? ""
            let cached = (stage.cached ?? 0) > 0 ? ", \(stage.cached ?? 0) from the cache" : ""
            lines.append("  \(stage.name): \(stage.status), \(shards)\(units)\(cached)\(stage.message.map { ": \($0)" } ?? "")")
        }
        lines += holes?.text ?? []
        if let origin { lines.append("parent     \(origin.parent), task \(origin.task)") }
        for child in children {
            let message = child.summary.message.map { ": \($0)" } ?? ""
            lines.append("child      \(child.id) of \(child.origin.task): \(child.summary.status.rawValue)\(message)")
        }
        for item in published ?? [] { lines.append("persisted  \(item.text)") }
        for receipt in receipts ?? [] {
            let from = receipt.cachedFrom.map { ", from the cache: made by \($0)" } ?? ""
            let cause = receipt.cause.map { " (\($0.rawValue): \(receipt.message ?? ""))" } ?? ""
            let start = receipt.startMilliseconds.map { " (\(WallClock.span(Int64($0))) of it to start)" } ?? ""
            lines.append(
                "  \(receipt.jobID) attempt \(receipt.attempt) \(receipt.status.rawValue)\(cause) "
                    + "\(WallClock.span(Int64(receipt.latencyMilliseconds)))\(start) \(receipt.outputHash?.description ?? "-")\(from)\(receipt.engine.map { " on \($0)" } ?? "")"
                    + (receipt.imageDigest.map { " by \($0)" } ?? ""))
        }
        return lines.joined(separator: "\n")
    }
}
