/// Which files are whose, by their names.
package enum FileNames {
    /// `model.yaml`, `imflow.yaml`, `*.imflow.yaml`.
    package static func isManifest(_ name: String) -> Bool {
        name == "model.yaml" || name == "imflow.yaml" || (name.hasSuffix(".imflow.yaml") && !name.hasPrefix("."))
    }

    /// `job.json`, `*.job.json`, `job.yaml`, `*.job.yaml`.
    package static func isJob(_ name: String) -> Bool {
        !name.hasPrefix(".")
            && [".json", ".yaml"].contains { name == "job" + $0 || name.hasSuffix(".job" + $0) }
    }
}
