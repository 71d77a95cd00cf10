import ImflowInvocation

/// What earlier engines started and their keepers have still.
struct Survivors: Sendable {
    let folder: KeeperFolder

    /// Waits, blocking the thread, for the end of a program that an earlier engine started, or learns how it ended. When the
    /// calling task is cancelled, the program is ended first. Nil: nobody knows.
    func adopt(_ key: String, record: String) async -> Exit? {
        for name in folder.names() {
            guard let channel = folder.connect(to: name), channel.send(.adopt, Array(key.utf8)),
                let answer = channel.receiveSoon(), answer.word == .running
            else { continue }
            await withTaskCancellationHandler { _ = channel.receive() } onCancel: { channel.send(.stop) }
            break
        }
        return ExitRecord.take(record, of: key)
    }

    /// A conversation about a program that an earlier engine started to stay. Nil: it is not there any more, or another
    /// engine has it.
    func take(_ key: String) -> KeeperChannel? {
        for name in folder.names() {
            guard let channel = folder.connect(to: name), channel.send(.take, Array(key.utf8)),
                let answer = channel.receiveSoon(), answer.word == .running
            else { continue }
            return channel
        }
        return nil
    }

    /// Returns when those keepers are gone that have nothing to keep, as far as they go soon.
    func awaitFarewells() {
        for name in folder.names() {
            guard let channel = folder.connect(to: name), channel.send(.farewell) else { continue }
            _ = channel.receiveSoon()
        }
    }
}
