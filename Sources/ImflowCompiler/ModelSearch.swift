import ImflowChecks
import ImflowDiagnostics
import ImflowIR

/// Finds models by name. Places are searched in rings, nearest first: `--models`; the file's folder; its parents up to
/// the repository's root; $IMFLOW_MODELS. The first ring that has the name decides; twice in one ring is ambiguous.
struct ModelSearch {
    /// Parents looked at on the way to a repository's root.
    static let maximumParents = 64

    /// `--models`, absolute.
    let given: [String]
    /// $IMFLOW_MODELS, absolute.
    let environment: [String]
    private var rings: [String: [String]] = [:]

    init(given: [String], environment: [String]) {
        self.given = given
        self.environment = environment
    }

    /// What `reference` means in a file of `folder`.
    mutating func resolve(_ reference: ModelReference, from folder: String, _ files: inout SourceFiles) -> Resolution {
        var otherVersions: [ModelPlace] = []
        var names: Set<String> = []
        for ring in ringKeys(from: folder, files.reader) {
            var matches: [(path: String, place: ModelPlace)] = []
            for path in paths(of: ring, files.reader) {
                guard let manifest = files.load(path, as: .manifest).manifest else { continue }
                names.insert(manifest.name)
                guard manifest.name == reference.id else { continue }
                let place = Self.place(of: manifest)
                if let version = reference.version, manifest.version?.value != version {
                    otherVersions.append(place)
                } else {
                    matches.append((path, place))
                }
            }
            if matches.count == 1 { return .found(path: matches[0].path) }
            if matches.count > 1 { return .ambiguous(matches.map(\.place)) }
        }
        if !otherVersions.isEmpty { return .otherVersion(otherVersions) }
        return .unknown(near: nearest(reference.id, in: names).map { [$0] } ?? [])
    }

    /// Every manifest that a file of `folder` can name, nearest first, each once.
    mutating func manifests(from folder: String, _ files: inout SourceFiles) -> [Manifest] {
        var seen: Set<String> = []
        return ringKeys(from: folder, files.reader).flatMap { paths(of: $0, files.reader) }
            .filter { seen.insert($0).inserted }
            .compactMap { files.load($0, as: .manifest).manifest }
    }

    private static func place(of manifest: Manifest) -> ModelPlace {
        ModelPlace(
            name: manifest.name, version: manifest.version?.value, path: manifest.path, span: manifest.place)
    }

    private enum Ring: Hashable {
        case deep([String])
        case folder(String)
    }

    private func ringKeys(from folder: String, _ reader: any FileReader) -> [Ring] {
        var rings: [Ring] = given.isEmpty ? [] : [.deep(given)]
        rings += Self.parents(of: folder, reader).map(Ring.folder)
        if !environment.isEmpty { rings.append(.deep(environment)) }
        return rings
    }

    /// The folder and its parents up to the one with `.git`; without a repository the folder and its parent.
    private static func parents(of folder: String, _ reader: any FileReader) -> [String] {
        var folders: [String] = []
        var current = folder
        while folders.count < maximumParents {
            folders.append(current)
            if reader.kind(of: PathText.join(current, ".git")) != nil { return folders }
            if current == "/" { break }
            current = PathText.parent(current)
        }
        return Array(folders.prefix(2)).filter { $0 != "/" || $0 == folder }
    }

    private mutating func paths(of ring: Ring, _ reader: any FileReader) -> [String] {
        let key: String
        switch ring {
        case .deep(let folders): key = "deep:" + folders.joined(separator: ":")
        case .folder(let folder): key = folder
        }
        if let known = rings[key] { return known }
        var walk = FolderWalk(reader, wants: FileNames.isManifest)
        switch ring {
        case .deep(let folders): for folder in folders { walk.add(folder, depth: FolderWalk.maximumDepth) }
        case .folder(let folder):
            walk.add(folder, depth: 1)
            for name in ["models", "Manifests"] {
                walk.add(PathText.join(folder, name), depth: FolderWalk.maximumDepth)
            }
        }
        rings[key] = walk.files
        return walk.files
    }
}
