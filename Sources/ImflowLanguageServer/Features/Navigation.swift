import ImflowChecks
import ImflowCompiler
import ImflowDiagnostics
import ImflowIR
import ImflowJSON

/// Definitions and references.
extension LanguageServer {
    /// Where what the word names is defined: a list of `Location`.
    mutating func definition(_ place: Place) -> JSONValue {
        guard let symbol = place.symbol?.symbol else { return .null }
        switch symbol {
        case .ownModel: return .array(place.analysis.file.manifest.map { [location($0.place)] } ?? [])
        case .stage(let index): return [location(place.place(ofStage: index))]
        case .model(let reference):
            return .array(places(of: reference, from: PathText.parent(place.document.path)).map(location))
        }
    }

    /// The names of the manifests that a reference means; several when it is ambiguous or pins a version that is not there.
    private mutating func places(of reference: ModelReference, from folder: String) -> [Span] {
        switch session.resolve(reference, from: folder) {
        case .found(let path): [session.file(path)?.manifest?.place].compactMap { $0 }
        case .ambiguous(let places), .otherVersion(let places): places.map(\.span)
        case .unknown: []
        }
    }

    /// Everywhere that what the word names is mentioned: a list of `Location`.
    mutating func references(_ place: Place, isWithDeclaration: Bool) -> JSONValue {
        guard let symbol = place.symbol?.symbol else { return .null }
        switch symbol {
        case .stage(let index):
            let stages = place.stages
            let own = isWithDeclaration ? [place.place(ofStage: index)] : []
            return .array((own + stages.mentions(of: stages.stages[index].name)).map(location))
        case .ownModel:
            guard let manifest = place.analysis.file.manifest else { return .null }
            return references(to: manifest, from: place.document.path, isWithDeclaration)
        case .model(let reference):
            let folder = PathText.parent(place.document.path)
            guard case .found(let path) = session.resolve(reference, from: folder),
                let manifest = session.file(path)?.manifest
            else { return [] }
            return references(to: manifest, from: place.document.path, isWithDeclaration)
        }
    }

    private mutating func references(
        to manifest: Manifest, from path: String, _ isWithDeclaration: Bool
    ) -> JSONValue {
        var found = isWithDeclaration ? [location(manifest.place)] : []
        for path in workspaceFiles(around: path) {
            guard let file = session.file(path), let folder = file.folder else { continue }
            for reference in file.references where reference.value.id == manifest.name {
                guard case .found(manifest.path) = session.resolve(reference.value, from: folder) else { continue }
                found.append(location(reference.span))
            }
        }
        return .array(found)
    }

    /// Every manifest and job of the workspace, of the file's repository, and all that is open; each once, sorted.
    private mutating func workspaceFiles(around path: String) -> [String] {
        var files = Set(documents.values.map(\.path))
        for folder in folders + [session.repository(of: path)] { files.formUnion(session.files(in: folder)) }
        return files.sorted()
    }
}
