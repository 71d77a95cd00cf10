package import ImflowExecution
package import ImflowJSON

/// What a folder holds: for every file its hash (with ` x` when it can be executed), for every symbolic link `-> TARGET`.
package struct FolderListing: Sendable, Equatable {
    /// By path relative to the folder.
    package var files: [String: String]

    package init(files: [String: String]) { self.files = files }

    /// Nil when `json` is no listing.
    package init?(_ json: JSONValue) {
        guard let members = json.objectValue else { return nil }
        files = [:]
        for (path, value) in members {
            guard let text = value.stringValue else { return nil }
            files[path] = text
        }
    }

    package var json: JSONValue {
        var members = JSONObject(minimumCapacity: files.count)
        for (path, text) in files { members[path] = .string(text) }
        return .object(members)
    }

    /// SHA-256 of the listing's RFC 8785 bytes.
    package var digest: ContentHash { ContentHash(canonical: json) }

    /// The paths of what is not alike in both, sorted.
    package func difference(to other: FolderListing) -> [String] {
        Set(files.keys).union(other.files.keys).filter { files[$0] != other.files[$0] }.sorted()
    }
}
