import Glibc
import ImflowContent
import ImflowDocker
import ImflowExecution
import ImflowHTTP
import ImflowInvocation
import ImflowProcess

/// Ends the models that a run left warm when nobody took them in time: an imflow in the background, one for a state folder,
/// which ends when none is left.
struct WarmGuard {
    let folder: StateFolder

    private var lockPath: String { folder.warm + "/guard" }
    private var shelf: WarmShelf { WarmShelf(state: folder) }

    /// Between two looks: a later run may keep something for a shorter time, or take everything.
    private static let interval: Int64 = 1000
    /// What cannot be ended for so long is left to imflow gc, in milliseconds.
    private static let patience: Int64 = 600_000

    /// Starts it where something is kept. Where it cannot be started, says so.
    func startIfNeeded() {
        guard shelf.nextDeadline() != nil else { return }
        do throws(DetachedProgram.Problem) {
            _ = try DetachedProgram.start(["warm-guard", "--state", folder.root], log: "/dev/null")
        } catch {
            Console.note(
                "nothing ends the models that stay warm (\(String(cString: strerror(error.code))): imflow gc --warm does")
        }
    }

    /// Serves until nothing is kept any more. Where another one does, returns at once.
    func serve() async {
        var isDone = false
        while !isDone, shelf.nextDeadline() != nil, let lock = FileLock.take(lockPath, creating: true) {
            isDone = await !endInTime()
            // What was left after the last look saw a guard: this looks again.
            unlink(lockPath)
            lock.unlock()
        }
    }

    /// - Returns: false when something cannot be ended.
    private func endInTime() async -> Bool {
        while let deadline = shelf.nextDeadline() {
            let left = deadline - WarmShelf.now()
            if left < -Self.patience { return false }
            if left <= 0 { await shelf.sweep(await Self.hosts(of: shelf, folder), ending: .useless) }
            try? await Task.sleep(for: .milliseconds(min(max(left, 50), Self.interval)))
        }
        return true
    }

    /// The hosts on which warm instances of the state folder may be, as far as they answer.
    static func hosts(of shelf: WarmShelf, _ folder: StateFolder) async -> [any ModelHost] {
        var hosts: [any ModelHost] = []
        for site in shelf.sites().sorted() {
            if site == ProcessHost.site {
                hosts.append(ProcessHost(node: "", stateRoot: folder.root))
            } else if site.hasPrefix(DockerHost.sitePrefix) {
                let place = String(site.dropFirst(DockerHost.sitePrefix.count))
                guard let entry = try? EngineEntry(place.hasPrefix("/") ? "unix://" + place : place) else { continue }
                let host = DockerHost(entry, client: HTTPClient(), node: "", stateRoot: folder.root)
                do throws(Failure) { _ = try await host.jobsWithContainers() } catch {
                    Console.note("\(place) is not looked at: \(error.message)")
                    continue
                }
                hosts.append(host)
            }
        }
        return hosts
    }
}
