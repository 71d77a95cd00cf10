import ImflowExecution
import ImflowPlan

/// One place on a warm instance, held for one request.
struct InstanceLease: Sendable {
    let token: String
    let instance: any ModelInstance
    let folder: UnitFolder
    let log: LogFile
    /// By which a later engine finds it; nil: it ends with this engine.
    var claim: InstanceClaim?
    /// An earlier engine started it.
    var isTakenOver = false
    /// What the server says of its ports, once it was asked.
    let ports = InstancePorts()
    let recall = LeaseRecall()

    /// Where the files of one unit go: below the instance's own folder, where the model can see them. Without files the
    /// model is not told of it.
    func unitFolder(_ name: String) -> UnitFolder {
        UnitFolder(path: folder.path + "/" + name, guest: folder.guest + "/" + name, owner: folder.owner, isForFilesOnly: true)
    }

    /// How the instance ended, where it just did: a closed connection is seen before the end of the process is. Nil: it
    /// seems to live on.
    func exitSoon() async -> Exit? {
        for pause in [0, 5, 20, 50, 100, 200] {
            try? await Task.sleep(for: .milliseconds(pause))
            if let exit = await instance.exit() { return exit }
        }
        return nil
    }
}
