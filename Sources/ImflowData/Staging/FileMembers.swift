internal import ImflowExecution
internal import ImflowJSON

/// Finds the strings of an input that stand for files, and puts content references in their place.
struct FileMembers {
    static let schemes: Set<String> = ["file", "http", "https", "data", "ipfs", "s3"]
    /// So many files of one attempt are fetched at once.
    static let fetchWidth = 4

    /// Members at the top level that the model's schema calls URIs.
    private let uriKeys: Set<String>

    /// `file`: a further member at the top level that names a file.
    init(inputSchema: JSONValue?, file: String? = nil) {
        let properties = inputSchema?["properties"]?.objectValue ?? [:]
        let uris = properties.filter { Self.isURI($0.value) || Self.isURI($0.value["items"] ?? .null) }.keys
        uriKeys = Set(uris).union(file.map { [$0] } ?? [])
    }

    private static func isURI(_ schema: JSONValue) -> Bool { schema["format"]?.stringValue == "uri" }

    /// The URLs in `inputs` that are fetched, each once, in the order in which they are met.
    func urls(in inputs: [JSONObject]) -> [String] {
        var seen: Set<String> = []
        var found: [String] = []
        for input in inputs {
            for (key, value) in input {
                collect(value, isFile: namesFile(key) || uriKeys.contains(key), seen: &seen, into: &found)
            }
        }
        return found
    }

    /// `input` with what `references` has for a URL in its place.
    func replacing(_ input: JSONObject, by references: [String: String]) -> JSONObject {
        if references.isEmpty { return input }
        var out = input
        for (key, value) in input {
            out[key] = replace(value, isFile: namesFile(key) || uriKeys.contains(key), by: references)
        }
        return out
    }

    private func namesFile(_ key: String) -> Bool { key.hasSuffix("_url") || key.hasSuffix("_uri") }

    /// A list under such a key is a list of files.
    private func collect(_ value: JSONValue, isFile: Bool, seen: inout Set<String>, into found: inout [String]) {
        switch value {
        case .string(let text):
            if isFile, Self.isFetchable(text), seen.insert(text).inserted { found.append(text) }
        case .array(let items): for item in items { collect(item, isFile: isFile, seen: &seen, into: &found) }
        case .object(let members):
            for (key, value) in members { collect(value, isFile: namesFile(key), seen: &seen, into: &found) }
        default: break
        }
    }

    private func replace(_ value: JSONValue, isFile: Bool, by references: [String: String]) -> JSONValue {
        switch value {
        case .string(let text): return isFile ? .string(references[text] ?? text) : value
        case .array(let items): return .array(items.map { replace($0, isFile: isFile, by: references) })
        case .object(let members):
            var out = members
            for (key, value) in members { out[key] = replace(value, isFile: namesFile(key), by: references) }
            return .object(out)
        default: return value
        }
    }

    /// Whether `text` is a URL of a scheme that files are fetched by.
    static func isFetchable(_ text: String) -> Bool {
        let head = text.utf8.prefix(8)
        guard let colon = head.firstIndex(of: UInt8(ascii: ":")) else { return false }
        let scheme = String(decoding: head[..<colon], as: UTF8.self).lowercased()
        guard schemes.contains(scheme) else { return false }
        return scheme == "data" || text.utf8[colon...].starts(with: "://".utf8)
    }
}

extension Fetcher {
    /// Fetches each URL, a few at a time; answers the content reference of each. The first failure ends the others.
    func references(of urls: [String]) async throws(Failure) -> [String: String] {
        let outcome: Result<[String: String], Failure> = await withTaskGroup(
            of: (String, Result<ContentReference, Failure>).self
        ) { group in
            var pending = urls.makeIterator()
            func startNext() {
                guard let url = pending.next() else { return }
                group.addTask {
                    // In two steps: Swift 6.3's optimizer loses a result that is made in place in the returned tuple.
                    let result: Result<ContentReference, Failure>
                    do throws(Failure) { result = .success(try await self.fetch(url)) } catch { result = .failure(error) }
                    return (url, result)
                }
            }
            for _ in 0..<FileMembers.fetchWidth { startNext() }
            var references: [String: String] = [:]
            while let (url, result) = await group.next() {
                switch result {
                case .success(let reference): references[url] = reference.text
                case .failure(let failure):
                    group.cancelAll()
                    return .failure(failure)
                }
                startNext()
            }
            return .success(references)
        }
        return try outcome.get()
    }
}
