import ImflowChecks
package import ImflowDiagnostics
import ImflowIR

/// Tells which of the checked manifests no checked job gets to.
enum UnreachedModels {
    /// A note for each manifest of `files` that none of `jobs` calls, not even through others. None when that is not sure:
    /// without jobs, and where a job names no model, so that any may be run by it.
    static func findings(jobs: [CheckedJob], files: [CheckedFile], in workspace: Workspace) -> [Diagnostic] {
        guard !jobs.isEmpty, jobs.allSatisfy({ $0.graph != nil || $0.job.model != nil }) else { return [] }
        var reached: Set<String> = []
        var names: Set<String> = []
        var pending: [String] = []
        func follow(_ references: [ModelReference: Resolution]) {
            for resolution in references.values {
                switch resolution {
                case .found(let path): if reached.insert(path).inserted { pending.append(path) }
                // What was meant is told elsewhere: none of the candidates is called unused.
                case .ambiguous(let places), .otherVersion(let places):
                    for place in places where reached.insert(place.path).inserted { pending.append(place.path) }
                case .unknown(let near): names.formUnion(near.map(\.name))
                }
            }
        }
        for job in jobs { follow(job.references) }
        while let path = pending.popLast() { follow(workspace.models[path]?.references ?? [:]) }
        return files.compactMap { file in
            guard let manifest = file.manifest, !reached.contains(file.path), !names.contains(manifest.name) else {
                return nil
            }
            return Diagnostic(
                .unreachedModel, "no job that was checked runs `\(manifest.name)`", at: manifest.place,
                help: "remove it if it is no longer needed")
        }
    }
}

extension DiagnosticCode {
    /// A manifest that no job gets to.
    package static let unreachedModel = DiagnosticCode(604, "unreached-model", .note)
}
