import FoundationEssentials
import Glibc
import ImflowCompiler

/// Where a job was submitted from: what compiling it again needs.
struct JobSource: Codable {
    /// A file that was read for it.
    struct Stamp: Codable, Equatable {
        /// Absolute.
        var path: String
        /// In bytes.
        var size: Int64
        /// In nanoseconds since 1970-01-01T00:00:00Z.
        var modified: Int64

        /// Nil when there is no such file.
        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
            self.path = path
            size = Int64(status.st_size)
            modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
        }
    }

    /// More files than this are not watched: then the job is compiled to see whether they changed.
    private static let stampLimit = 256

    /// The folder in which imflow was called, absolute.
    var folder: String
    /// Absolute, or `-`; nil: there was only a model.
    var file: String?
    /// A name, or a path as seen from ``folder``.
    var model: String?
    /// `key=value`.
    var input: [String]
    var shardCount: Int?
    /// Absolute.
    var models: [String]
    /// Those of $IMFLOW_MODELS, absolute.
    var environmentModels: [String]
    /// Nil: not watched.
    var stamps: [Stamp]?

    init(_ options: JobSourceOptions, compilation: Compilation) {
        let folder = LocalFiles().currentFolder
        let compileOptions = options.search.compileOptions
        func absolute(_ path: String) -> String { PathText.absolute(path, from: folder) }
        self.folder = folder
        file = options.file.map { $0 == "-" ? $0 : absolute($0) }
        model = options.model
        input = options.input
        shardCount = options.shardCount
        models = compileOptions.models.map(absolute)
        environmentModels = compileOptions.environmentModels.map(absolute)
        let paths = compilation.sources.map { absolute($0.name) }
        guard paths.count <= Self.stampLimit else { return }
        let stamps = paths.compactMap(Stamp.init)
        self.stamps = stamps.count == paths.count ? stamps : nil
    }

    /// Whether the texts are what they were when they were read; false, too, when that is not known.
    var isUnchanged: Bool { stamps.map { $0.allSatisfy { Stamp($0.path) == $0 } } ?? false }

    var isStandardInput: Bool { file == "-" }

    /// Compiles the job as it was compiled when it was submitted.
    func compile() throws(InputArgumentError) -> Compilation {
        var options = CompileOptions()
        options.models = models
        options.environmentModels = environmentModels
        options.model = model
        options.shardCount = shardCount
        options.isSubmitted = true
        options.input = try InputArguments.members(input)
        return Compiler(LocalFiles(currentFolder: folder)).compileJob(file, options: options)
    }
}
