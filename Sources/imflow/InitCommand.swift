import ArgumentParser
import Glibc
import ImflowCompiler
import ImflowIR

extension ProjectTemplate: ExpressibleByArgument {}

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write a small model and a job that runs it.",
        discussion: "Never overwrites: when one of its files is there, nothing is written.")

    @Argument(help: ArgumentHelp("The folder to write to; made when it is not there.", valueName: "dir"))
    var folder: String = "."
    @Option(
        help: """
            What to start from: exec (a program per request), jsonl (a program that stays), rest (a warm server), oip (MLServer), \
            cog (Cog's server) or pipeline (two models).
            """)
    var template: ProjectTemplate = .exec

    func run() throws {
        let reader = LocalFiles()
        let root = PathText.absolute(folder, from: reader.currentFolder)
        let files = template.files(named: ProjectTemplate.modelName(for: PathText.last(root)))
        for file in files {
            let path = PathText.join(root, file.path)
            if lstatKind(path) { throw CommandFailure(.usage, "\(path) is already there: nothing was written") }
        }
        for file in files { try write(file, root) }
        let job = PathText.shown(PathText.join(root, "job.json"), from: reader.currentFolder)
        for file in files { Console.print(PathText.shown(PathText.join(root, file.path), from: reader.currentFolder)) }
        if let preparation = template.preparation {
            let place = PathText.shown(root, from: reader.currentFolder)
            let move = place == "." || root == reader.currentFolder ? "" : "cd \(ShellWords.quoted(root)) && "
            Console.note("its server comes from PyPI, once: \(move)\(preparation)")
        }
        // A path that starts with `-` would be taken for an option.
        Console.note("run it with: imflow run \(ShellWords.quoted(job.hasPrefix("-") ? "./" + job : job))")
    }

    /// Whether anything is at the path, a broken link included.
    private func lstatKind(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    private func write(_ file: ProjectTemplate.File, _ root: String) throws {
        let path = PathText.join(root, file.path)
        try makeFolder(PathText.parent(path))
        // O_EXCL: whoever made the file since keeps it.
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file.isExecutable ? 0o755 : 0o644)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        let bytes = Array(file.text.utf8)
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure(path) }
            done += count
        }
    }

    private func makeFolder(_ path: String) throws {
        if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, path != "/" else { throw failure(path) }
        try makeFolder(PathText.parent(path))
        if mkdir(path, 0o755) != 0, errno != EEXIST { throw failure(path) }
    }

    private func failure(_ path: String) -> CommandFailure {
        CommandFailure(.usage, "\(path) cannot be written: \(String(cString: strerror(errno)))")
    }
}
