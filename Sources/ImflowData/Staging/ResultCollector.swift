import Glibc
internal import ImflowContent
internal import ImflowExecution
internal import ImflowJSON

/// Stores the files that one result names, and puts content references in their place.
struct ResultCollector {
    private let content: ContentStore
    private let folder: String
    private let guestFolder: String
    /// The model has ended: its files become the store's.
    private let ended: Bool
    /// By path on this machine: a result may name one file more than once.
    private var stored: [String: ContentHash] = [:]

    init(content: ContentStore, folder: String, guestFolder: String, ended: Bool) {
        self.content = content
        self.ended = ended
        self.folder = folder
        self.guestFolder = guestFolder.hasSuffix("/") ? String(guestFolder.dropLast()) : guestFolder
    }

    mutating func collect(_ value: JSONValue) throws(Failure) -> JSONValue {
        switch value {
        case .string(let text): return text.hasPrefix("file://") ? .string(try store(text)) : value
        case .array(let items):
            var out: [JSONValue] = []
            out.reserveCapacity(items.count)
            for item in items { out.append(try collect(item)) }
            return .array(out)
        case .object(let members):
            var out = members
            for (key, member) in members { out[key] = try collect(member) }
            return .object(out)
        default: return value
        }
    }

    private mutating func store(_ url: String) throws(Failure) -> String {
        let (root, components, name) = try locate(url)
        let key = components.joined(separator: "/")
        if let hash = stored[key] { return ContentReference(hash: hash, name: name).text }
        do throws(ContentError) {
            let hash = try content.put(fileBelow: root, at: components, sharing: ended).hash
            stored[key] = hash
            return ContentReference(hash: hash, name: name).text
        } catch {
            if error.missing || error.corrupt {
                throw Failure(.app, "the result names `\(url)`, which is no file that can be stored: \(error.sentence)")
            }
            throw Failure(storing: error)
        }
    }

    /// Where the file really is, below the folder's real path, and the name that the result gave it.
    private func locate(_ url: String) throws(Failure) -> (root: String, components: [String], name: String) {
        let outside = Failure(
            .app, "the result names `\(url)`, which is not below the work folder `\(guestFolder)`; write results there")
        guard let path = FileURL.path(url), !path.utf8.contains(0), path.hasPrefix(guestFolder + "/") else {
            throw outside
        }
        let relative = path.dropFirst(guestFolder.count)
        guard let root = Self.realPath(folder), let real = Self.realPath(folder + relative) else {
            throw Failure(.app, "the result names `\(url)`, but there is no such file")
        }
        guard real.hasPrefix(root + "/") else {
            guard Self.staysBelow(relative) else { throw outside }
            throw Failure(
                .app,
                "the result names `\(url)`, which is a link that leads out of the work folder `\(guestFolder)`; "
                    + "write the file itself there")
        }
        let components = real.dropFirst(root.count + 1).split(separator: "/").map(String.init)
        let name = relative.split(separator: "/").last.map(String.init) ?? ""
        guard let last = components.last else { throw outside }
        return (root, components, name == "." || name == ".." || name.isEmpty ? last : name)
    }

    /// Whether `..` alone does not lead out of the folder, nor to it.
    private static func staysBelow(_ relative: Substring) -> Bool {
        var depth = 0
        for component in relative.split(separator: "/") where component != "." {
            depth += component == ".." ? -1 : 1
            if depth < 0 { return false }
        }
        return depth > 0
    }

    /// Nil when the path leads nowhere.
    private static func realPath(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(validatingCString: real)
    }
}
