import ImflowDocker
import ImflowExecution

/// The Docker engines of a job, as `--docker-host` names them.
enum DockerHosts {
    /// Most engines of one job.
    private static let limit = 256

    /// - Throws: ``Failure`` that says what is wrong with which.
    static func entries(_ texts: [String]) throws(Failure) -> [EngineEntry] {
        guard texts.count <= limit else { throw Failure(.app, "\(texts.count) engines are named; \(limit) are the most") }
        var entries: [EngineEntry] = []
        for text in texts {
            let entry = try EngineEntry(text)
            _ = try entry.location.get()
            // Engines may say the same id of themselves: the address tells them apart.
            if entries.contains(where: { $0.address == entry.address }) {
                throw Failure(.app, "\(entry.address) is named twice")
            }
            entries.append(entry)
        }
        return entries
    }

    /// From now on the job runs on these; those that it ran on before are still swept.
    static func choose(_ texts: [String], for launched: inout Launched) {
        let former = (launched.dockerHosts ?? []) + (launched.formerDockerHosts ?? [])
        let left = former.filter { !texts.contains($0) }
        launched.dockerHosts = texts
        launched.formerDockerHosts = left.isEmpty ? nil : Array(left.prefix(limit))
    }
}
