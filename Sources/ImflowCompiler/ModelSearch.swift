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
    private var rings: [RingKey: Ring] = [:]
    /// The rings around a folder, nearest first.
    private var keys: [String: [RingKey]] = [:]

    /// The manifests of one ring.
    private struct Ring {
        /// Names, sorted.
        var names: [String]
        /// Paths by name, in the order of the walk.
        var paths: [String: [String]]
    }

    init(given: [String], environment: [String]) {
        self.given = given
        self.environment = environment
    }

    /// What `reference` means in a file of `folder`.
    mutating func resolve(_ reference: ModelReference, from folder: String, _ files: inout SourceFiles) -> Resolution {
        var otherVersions: [ModelPlace] = []
        var names: [[String]] = []
        for key in ringKeys(from: folder, files.reader) {
            var matches: [(path: String, place: ModelPlace)] = []
            let ring = self.ring(key, &files)
            names.append(ring.names)
            for path in ring.paths[reference.id] ?? [] {
                guard let manifest = files.load(path, as: .manifest).manifest else { continue }
                let place = Self.place(of: manifest)
                // Of a text that ends early nobody knows the version.
                let isKnown = manifest.isWhole || manifest.version != nil
                if let version = reference.version, isKnown, manifest.version?.value != version {
                    otherVersions.append(place)
                } else {
                    matches.append((path, place))
                }
            }
            if matches.count == 1 { return .found(path: matches[0].path) }
            if matches.count > 1 { return .ambiguous(matches.map(\.place)) }
        }
        if !otherVersions.isEmpty { return .otherVersion(otherVersions) }
        guard let near = nearest(reference.id, in: Set(names.joined()).sorted()) else { return .unknown(near: []) }
        return .unknown(near: place(of: near, from: folder, &files).map { [$0] } ?? [])
    }

    /// The nearest manifest of that name.
    private mutating func place(of name: String, from folder: String, _ files: inout SourceFiles) -> ModelPlace? {
        for key in ringKeys(from: folder, files.reader) {
            guard let path = ring(key, &files).paths[name]?.first else { continue }
            if let manifest = files.load(path, as: .manifest).manifest { return Self.place(of: manifest) }
        }
        return nil
    }

    /// Every manifest that a file of `folder` can name, each once: ring by ring, in a ring by name.
    mutating func manifests(from folder: String, _ files: inout SourceFiles) -> [Manifest] {
        var seen: Set<String> = []
        var found: [Manifest] = []
        for key in ringKeys(from: folder, files.reader) {
            let ring = self.ring(key, &files)
            for path in ring.names.flatMap({ ring.paths[$0] ?? [] }) where seen.insert(path).inserted {
                if let manifest = files.load(path, as: .manifest).manifest { found.append(manifest) }
            }
        }
        return found
    }

    private static func place(of manifest: Manifest) -> ModelPlace {
        ModelPlace(
            name: manifest.name, version: manifest.version?.value, path: manifest.path, span: manifest.place)
    }

    private enum RingKey: Hashable {
        case deep([String])
        case folder(String)
        /// A parent of which nobody says that it belongs to the file: other folders in it may be anybody's.
        case strange(String)
    }

    private mutating func ringKeys(from folder: String, _ reader: any FileReader) -> [RingKey] {
        if let known = keys[folder] { return known }
        var made: [RingKey] = given.isEmpty ? [] : [.deep(given)]
        made += Self.parents(of: folder, reader)
        if !environment.isEmpty { made.append(.deep(environment)) }
        keys[folder] = made
        return made
    }

    /// The folder and its parents up to the one with `.git`; without a repository the folder and its parent, and of that
    /// only its own manifests and what is in `models` and `Manifests`.
    private static func parents(of folder: String, _ reader: any FileReader) -> [RingKey] {
        var folders: [String] = []
        var current = folder
        while folders.count < maximumParents {
            folders.append(current)
            if reader.kind(of: PathText.join(current, ".git")) != nil { return folders.map(RingKey.folder) }
            if current == "/" { break }
            current = PathText.parent(current)
        }
        let parent = PathText.parent(folder)
        return [.folder(folder)] + (parent == "/" ? [] : [.strange(parent)])
    }

    private mutating func ring(_ key: RingKey, _ files: inout SourceFiles) -> Ring {
        if let known = rings[key] { return known }
        let walked = Self.manifests(in: key, files.reader)
        files.load(walked.filter { files.manifestNames[$0] == nil }, as: .manifest)
        var paths: [String: [String]] = [:]
        for path in walked { if let name = files.manifestNames[path] { paths[name, default: []].append(path) } }
        let made = Ring(names: paths.keys.sorted(), paths: paths)
        rings[key] = made
        return made
    }

    private static func manifests(in ring: RingKey, _ reader: any FileReader) -> [String] {
        var walk = FolderWalk(reader, wants: FileNames.isManifest)
        switch ring {
        case .deep(let folders): for folder in folders { walk.add(folder, depth: FolderWalk.maximumDepth) }
        case .folder(let folder), .strange(let folder):
            if case .folder = ring { walk.add(folder, depth: 1) } else { walk.add(folder, depth: 0) }
            for name in ["models", "Manifests"] {
                walk.add(PathText.join(folder, name), depth: FolderWalk.maximumDepth)
            }
        }
        return walk.files
    }
}
