import Glibc
import ImflowExecution
import ImflowJSON

/// Where one request's files live, on this machine and as the model sees them. Staged input is kept apart from what the
/// model writes, so that no names meet.
struct UnitFolder: Sendable {
    let path: String
    let guest: String
    /// Nil: it is made and removed for itself.
    var spares: SpareFolders?
    /// Who writes here; nil: we. What is staged stays ours, and can be read.
    var owner: GuestOwner?
    /// It is not made for a unit without files.
    var isForFilesOnly = false

    var input: String { path + "/input" }
    var guestInput: String { guest + "/input" }
    static let outputName = "output.json"
    var output: String { path + "/" + Self.outputName }
    var guestOutput: String { guest + "/" + Self.outputName }

    /// - Parameter unit: what is staged here; where it has no files, no folder is made for them.
    func create(for unit: StagedUnit) throws(Failure) {
        if isForFilesOnly, !unit.hasFiles { return }
        if let spares { try spares.create(path) } else { try WorkFolder.create(path) }
        if unit.hasFiles {
            try WorkFolder.create(input)
            if owner != nil { chmod(input, 0o755) }
        }
        if let owner { try WorkFolder.give(path, to: owner) }
    }

    func remove() {
        if let spares { spares.remove(path) } else { WorkFolder.remove(path) }
    }
}

extension StagedUnit {
    /// Whether files are made for it when it is staged.
    var hasFiles: Bool { unit.tile != nil || unit.cut != nil || Self.namesFiles(.object(input)) }

    private static func namesFiles(_ value: JSONValue) -> Bool {
        switch value {
        case .string(let text): ContentReference(text) != nil
        case .array(let items): items.contains(where: namesFiles)
        case .object(let members): members.values.contains(where: namesFiles)
        default: false
        }
    }
}
