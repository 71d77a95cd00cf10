import ImflowDocker
import ImflowExecution
import ImflowHTTP
import ImflowStore

/// What jobs that have ended left behind on Docker engines that did not answer when it was to be removed.
struct EngineLeftovers {
    let state: State
    let dryRun: Bool

    /// Asks each engine that a job of the state folder names; what does not answer is noted and left for the next time.
    func remove() async throws {
        var entries: [EngineEntry] = []
        var ended: Set<String> = []
        for row in try await state.database.jobs(limit: .max) {
            if row.status.isFinished { ended.insert(row.id) }
            guard let launched = try? Launched.read(row) else { continue }
            for text in (launched.dockerHosts ?? []) + (launched.formerDockerHosts ?? []) {
                guard let entry = try? EngineEntry(text), !entries.contains(where: { $0.address == entry.address }) else {
                    continue
                }
                entries.append(entry)
            }
        }
        for entry in entries { try await remove(from: entry, jobs: ended) }
    }

    private func remove(from entry: EngineEntry, jobs ended: Set<String>) async throws {
        // Containers carry the state folder's name, not the node's.
        let host = DockerHost(entry, client: HTTPClient(), node: "", stateRoot: state.folder.root)
        defer { host.close() }
        let left: Set<String>
        do throws(Failure) { left = try await host.jobsWithContainers() } catch {
            return Console.note("\(entry.address) is not looked at: \(error.message)")
        }
        for job in left.intersection(ended).sorted() {
            if try await state.database.leaseHolder(job: job) != nil { continue }
            if !dryRun { await host.sweep(job: job, keeping: []) }
            Console.note("\(dryRun ? "would remove" : "removed") the containers of job \(job) on \(entry.address)")
        }
    }
}
