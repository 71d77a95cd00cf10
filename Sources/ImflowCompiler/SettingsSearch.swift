import ImflowDiagnostics

/// The settings in force, file by file: those of the nearest folder above it, up to the repository's root.
struct SettingsSearch {
    private let reader: any FileReader
    /// By folder.
    private var known: [String: CheckSettings?] = [:]

    init(_ reader: any FileReader) { self.reader = reader }

    /// The settings for the files of an absolute folder; nil: none.
    mutating func settings(for folder: String) -> CheckSettings? {
        if let settings = known[folder] { return settings }
        var settings = Self.read(in: folder, reader)
        if settings == nil, folder != "/", reader.kind(of: PathText.join(folder, ".git")) == nil {
            settings = self.settings(for: PathText.parent(folder))
        }
        known[folder] = .some(settings)
        return settings
    }

    static func read(in folder: String, _ reader: any FileReader) -> CheckSettings? {
        let path = PathText.join(folder, CheckSettings.fileName)
        guard reader.kind(of: path) == .file else { return nil }
        let name = PathText.shown(path, from: reader.currentFolder)
        do throws(FileProblem) {
            return CheckSettings(Source(name: name, bytes: try reader.read(path)), in: folder)
        } catch {
            return nil
        }
    }

    /// The findings as the settings want them told, and what is wrong with the settings themselves.
    mutating func applied(to diagnostics: [Diagnostic], files: [CheckedFile]) -> [Diagnostic] {
        var result: [Diagnostic] = []
        var told: Set<String> = []
        for file in files {
            guard let settings = settings(for: PathText.parent(file.path)), told.insert(settings.source.name).inserted
            else { continue }
            result += settings.diagnostics
        }
        let paths = Dictionary(files.map { ($0.source.name, $0.path) }, uniquingKeysWith: { first, _ in first })
        for diagnostic in diagnostics {
            guard let path = paths[diagnostic.primary.span.source.name],
                let settings = settings(for: PathText.parent(path))
            else {
                result.append(diagnostic)
                continue
            }
            if let told = settings.apply(to: diagnostic, path: path) { result.append(told) }
        }
        return result
    }
}
