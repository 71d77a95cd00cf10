package import ImflowJSON

extension DataStaging {
    package func files(named result: JSONValue, guestFolder: String) -> [String] {
        let folder = (guestFolder.hasSuffix("/") ? String(guestFolder.dropLast()) : guestFolder) + "/"
        var found: [String] = []
        var known: Set<String> = []
        var open = [result]
        while let value = open.popLast() {
            switch value {
            case .array(let items): open += items
            case .object(let members): open += members.values
            case .string(let text):
                guard let path = FileURL.path(text), path.hasPrefix(folder) else { continue }
                let name = String(path.dropFirst(folder.count))
                if known.insert(name).inserted { found.append(name) }
            default: break
            }
        }
        return found
    }
}
