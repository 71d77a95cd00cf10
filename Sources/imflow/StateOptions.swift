import ArgumentParser
import FoundationEssentials
import Glibc
import ImflowContent
import ImflowStore

struct StateOptions: ParsableArguments {
    @Option(help: "The state folder. Default: $IMFLOW_HOME, else $XDG_STATE_HOME/imflow (~/.local/state/imflow).")
    var state: String?

    /// The folder by SPEC section 7, absolute.
    var folder: StateFolder {
        let environment = ProcessInfo.processInfo.environment
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        // The XDG base directory specification has relative paths ignored.
        let shared = value("XDG_STATE_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }
        let home = value("HOME") ?? getpwuid(getuid()).map { String(cString: $0.pointee.pw_dir) } ?? "/tmp"
        let path = state ?? value("IMFLOW_HOME") ?? (shared ?? "\(home)/.local/state") + "/imflow"
        return StateFolder(root: absolutePath(path))
    }

    /// Opens what a folder holds; makes it when `creating`.
    func open(creating: Bool = false) throws -> State { try State(folder, creating: creating) }
}

enum OutputFormat: String, ExpressibleByArgument, CaseIterable { case text, json }

struct OutputOptions: ParsableArguments {
    @Option(help: "How results are written: text or json.")
    var output: OutputFormat = .text
}

/// A state folder that is open.
struct State {
    let folder: StateFolder
    let content: ContentStore
    let database: JobDatabase

    init(_ folder: StateFolder, creating: Bool) throws {
        self.folder = folder
        do {
            if creating {
                try folder.create()
            } else if !FileManager.default.fileExists(atPath: folder.database) {
                throw CommandFailure(.usage, "no job has been run in \(folder.root): name another folder with --state")
            }
            content = try ContentStore(folder: folder.content)
            database = try JobDatabase(path: folder.database)
        } catch let error as ContentError {
            throw CommandFailure(.infrastructure, error.description)
        } catch let error as StoreError {
            throw CommandFailure(.infrastructure, error.description)
        }
    }

    /// The job that `id` names: an id, the beginning of one, or `@latest`.
    func job(_ id: String?) async throws -> JobRow {
        do {
            let id = id ?? "@latest"
            if id == "@latest" {
                guard let latest = try await database.latestRoot(),
                    let row = try await database.jobs(withPrefix: latest).first
                else {
                    throw CommandFailure(.usage, "no job has been run in \(folder.root)")
                }
                return row
            }
            let rows = try await database.jobs(withPrefix: id)
            if rows.count == 1 { return rows[0] }
            if rows.isEmpty {
                throw CommandFailure(.usage, "no job \(id) in \(folder.root): imflow job lists what there is")
            }
            throw CommandFailure(.usage, "\(id) may be \(rows.map(\.id).joined(separator: ", ")): give more of the id")
        } catch let error as StoreError {
            throw CommandFailure(.infrastructure, error.description)
        }
    }
}

/// Against the current folder; `.` and `..` resolved, links kept.
func absolutePath(_ path: String) -> String {
    let base = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    var parts: [Substring] = []
    for part in base.split(separator: "/") where part != "." {
        if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
}
