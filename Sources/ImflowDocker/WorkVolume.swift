import Glibc
import ImflowExecution
import ImflowInvocation
import ImflowPlan

/// A container's work folder on an engine that does not see our disk: files go in before the program starts, or between
/// two requests, and those that a result names come back.
struct WorkVolume: Sendable {
    /// Where the container has its volume; the work folder is in it, so that it can belong to the container's user.
    static let mount = "/imflow"
    /// Most bytes that one call brings back, where its model declares no `resources.disk`.
    static let defaultLimit: Int64 = 16 << 30
    /// Most files that one result names.
    static let fileLimit = 10_000
    /// A link that leads to a link that leads … .
    private static let mostLinks = 8
    /// What a tar archive of one file has beside the file.
    private static let overhead: Int64 = 1 << 20

    let engine: EngineClient
    let container: String
    let model: ModelPlan

    /// Most bytes of all that one call brings back.
    var limit: Int64 { model.resources.disk?.bytes ?? Self.defaultLimit }

    /// Puts a folder with all that is in it at the path of the same meaning in the container.
    /// - Parameters:
    ///   - folder: here; nil: an empty one.
    ///   - guest: an absolute path below ``mount``; the folder that it is in exists.
    func put(_ folder: String?, at guest: String) async throws(Failure) {
        let (parent, name) = Self.parts(of: guest)
        let archive = FolderArchive(of: folder, as: name, owner: DockerHost.owner)
        if let problem = archive.problem { throw Failure(.infra, "the input of model \(model.name): \(problem)") }
        try await send(archive, to: parent, purpose: "handing model \(model.name) its files")
    }

    /// Removes the folder with all that is in it: an empty file takes its place.
    func drop(_ guest: String) async throws(Failure) {
        let (parent, name) = Self.parts(of: guest)
        try await send(FolderArchive(emptyFile: name), to: parent, purpose: "removing files of model \(model.name)")
    }

    /// Brings files from the container's `guest` folder into `folder` here, which exists; what is there already stays.
    /// - Parameter names: paths below both folders. What leads out of them, or is no file, is not brought.
    func bring(_ names: [String], from guest: String, into folder: String) async throws(Failure) {
        guard names.count <= Self.fileLimit else {
            throw Failure(
                .app, "the result of model \(model.name) names \(names.count) files; \(Self.fileLimit) are the most")
        }
        var left = limit
        for name in names {
            guard let path = Self.normal(name), access(folder + "/" + path, F_OK) != 0 else { continue }
            try Self.makeFolders(of: path, in: folder)
            left -= try await bringFile(path, from: guest, to: folder + "/" + path, limit: left) ?? 0
        }
    }

    /// - Parameter isResult: it is the result's own file, which need not be there, but may be nothing else.
    /// - Returns: its size; nil: there is no such file.
    func bringFile(
        _ name: String, from guest: String, to path: String, limit: Int64, isResult: Bool = false
    ) async throws(Failure) -> Int64? {
        var name = name
        for _ in 0..<Self.mostLinks {
            // What was cut short by the end of this process is not taken for the file by the next one.
            let part = path + ".part"
            let file = ReceivedFile(at: part, limit: limit)
            let answer = try await engine.download(
                guest + "/" + name, of: container, into: file,
                limit: Int(clamping: min(max(0, limit), Int64.max - Self.overhead) + Self.overhead),
                purpose: "bringing file \(name) of model \(model.name)")
            // In the kernel's words: where a file was taken for a folder there is none either.
            if answer.status == 404 || answer.message.hasSuffix("not a directory") { return nil }
            guard answer.isSuccess else {
                if answer.message.contains("too many") { throw endless(name) }
                throw Failure(.infra, "the Docker engine does not hand over file \(name): \(answer.message)")
            }
            switch file.result {
            case .file(let size):
                if rename(part, path) == 0 { return size }
                throw Failure(.infra, "cannot write \(path): \(String(cString: strerror(errno)).lowercased())")
            case .noFile where isResult:
                throw Failure(.app, "the result of model \(model.name) in $IMFLOW_OUTPUT is not a regular file")
            case .nothing, .noFile: return nil
            case .link(let target):
                guard let next = Self.target(target, of: name, in: guest) else {
                    throw Failure(
                        .app,
                        "model \(model.name) made \(name) a symbolic link that leads out of the work folder; "
                            + "write the file itself there")
                }
                name = next
            case .tooLarge(let size):
                throw Failure(
                    .app,
                    "file \(name) of model \(model.name) has \(size) bytes, and \(limit) may still be brought back: "
                        + "declare more by resources.disk")
            case .damaged(let reason):
                throw Failure(.infra, "the archive of file \(name) that the Docker engine hands over is damaged: \(reason)")
            case .unwritten(let reason):
                throw Failure(.infra, "cannot write \(path): \(reason); check that the disk has room")
            }
        }
        throw endless(name)
    }

    private func endless(_ name: String) -> Failure {
        Failure(.app, "model \(model.name) made \(name) a symbolic link that leads to a link, and so on")
    }

    private func send(_ archive: FolderArchive, to folder: String, purpose: String) async throws(Failure) {
        let answer = try await engine.upload(archive, to: container, folder: folder, purpose: purpose)
        if answer.isSuccess { return }
        if answer.status == 404 { throw Containers.vanished(model.name) }
        throw Failure(.infra, "the Docker engine does not take the files of model \(model.name): \(answer.message)")
    }

    private static func parts(of guest: String) -> (folder: String, name: String) {
        guard let slash = guest.lastIndex(of: "/") else { return ("/", guest) }
        let folder = String(guest[..<slash])
        return (folder.isEmpty ? "/" : folder, String(guest[guest.index(after: slash)...]))
    }

    /// A relative path without `.` and `..`; nil when it leads out, or nowhere.
    static func normal(_ path: String) -> String? {
        var kept: [Substring] = []
        for component in path.split(separator: "/") where component != "." {
            if component != ".." {
                kept.append(component)
            } else if kept.popLast() == nil {
                return nil
            }
        }
        return kept.isEmpty || path.utf8.contains(0) ? nil : kept.joined(separator: "/")
    }

    /// Where a link at `name` leads, as a path below `guest`; nil: out of it.
    static func target(_ target: String, of name: String, in guest: String) -> String? {
        if target.hasPrefix("/") {
            guard target.hasPrefix(guest + "/") else { return nil }
            return normal(String(target.dropFirst(guest.count)))
        }
        let folder = name.lastIndex(of: "/").map { String(name[..<$0]) + "/" } ?? ""
        return normal(folder + target)
    }

    private static func makeFolders(of path: String, in folder: String) throws(Failure) {
        var made = folder
        for component in path.split(separator: "/").dropLast() {
            made += "/" + component
            guard mkdir(made, 0o700) == 0 || errno == EEXIST else {
                throw Failure(.infra, "cannot make folder \(made): \(String(cString: strerror(errno)).lowercased())")
            }
        }
    }
}
