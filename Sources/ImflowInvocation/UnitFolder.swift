import ImflowExecution

/// Where one request's files live, on this machine and as the model sees them. Staged input is kept apart from what the
/// model writes, so that no names meet.
struct UnitFolder: Sendable {
    let path: String
    let guest: String

    var input: String { path + "/input" }
    var guestInput: String { guest + "/input" }
    var output: String { path + "/output.json" }
    var guestOutput: String { guest + "/output.json" }

    func create() throws(Failure) {
        try WorkFolder.create(path)
        try WorkFolder.create(input)
    }

    func remove() { WorkFolder.remove(path) }
}
