internal import ImflowContent
internal import ImflowExecution
internal import ImflowJSON

/// Makes the files of one call in its folder, and remembers which of them the content store shares.
struct StagedFiles {
    private let content: ContentStore
    private let folder: String
    private let guestFolder: String
    private let copies: Bool
    private var names: StagedNames
    private(set) var links: [StagedLink] = []

    /// - Parameters:
    ///   - copies: each file has bytes of its own.
    ///   - taken: names that are in the folder already.
    init(content: ContentStore, folder: String, guestFolder: String, copies: Bool, taken: Set<String>) {
        self.content = content
        self.folder = folder
        self.guestFolder = guestFolder
        self.copies = copies
        names = StagedNames(reserved: taken)
    }

    /// `value` with each content reference replaced by the URL of a file that is made in the folder.
    mutating func replacing(_ value: JSONValue) throws(Failure) -> JSONValue {
        switch value {
        case .string(let text):
            guard let reference = ContentReference(text) else { return value }
            let (name, isNew) = names.name(of: reference)
            if isNew { try make(reference, named: name) }
            return .string(FileURL.text(folder: guestFolder, name: name))
        case .array(let items):
            var out: [JSONValue] = []
            out.reserveCapacity(items.count)
            for item in items { out.append(try replacing(item)) }
            return .array(out)
        case .object(let members):
            var out = members
            for (key, member) in members { out[key] = try replacing(member) }
            return .object(out)
        default: return value
        }
    }

    private mutating func make(_ reference: ContentReference, named name: String) throws(Failure) {
        let path = folder + "/" + name
        do throws(ContentError) {
            if copies { return try content.copy(reference.hash, to: path) }
            guard let linked = try content.place(reference.hash, at: path) else { return }
            links.append(StagedLink(name: reference.name, content: linked))
        } catch {
            throw Failure(.infra, "the input file `\(reference.name)` cannot be staged: \(error.sentence)")
        }
    }
}
