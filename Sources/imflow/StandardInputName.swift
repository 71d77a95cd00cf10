import ArgumentParser
import ImflowCompiler

/// `--stdin-filename`: standard input read as the file of a path, which need not be there.
struct StandardInputName: ParsableArguments {
    @Option(
        name: .customLong("stdin-filename"),
        help: ArgumentHelp("Read standard input as this file, which need not exist.", valueName: "path"))
    var path: String?

    /// The paths to look at, and where they are read: `-` becomes the path that standard input stands for, and its text
    /// covers the stored one.
    func apply(to paths: [String]) throws -> (reader: any FileReader, paths: [String]) {
        guard let path else { return (LocalFiles(), paths.isEmpty ? ["."] : paths) }
        let files = LocalFiles()
        do throws(FileProblem) {
            var overlaid = OverlaidFiles(files)
            overlaid[PathText.absolute(path, from: files.currentFolder)] = try files.readStandardInput()
            return (overlaid, paths.isEmpty ? [path] : paths.map { $0 == "-" ? path : $0 })
        } catch {
            throw CommandFailure(.usage, error.message)
        }
    }

    /// The absolute path that standard input stands for, links resolved; nil: none was given.
    func identity(_ reader: any FileReader) -> String? {
        path.map { reader.identity(of: PathText.absolute($0, from: reader.currentFolder)) }
    }

    func validate(_ paths: [String]) throws {
        guard let path else { return }
        if path.isEmpty || path == "-" { throw ValidationError("--stdin-filename takes the path of a file") }
        if !paths.isEmpty, !paths.contains("-") {
            throw ValidationError("--stdin-filename is about standard input: name `-` among the paths, or no path")
        }
    }
}
