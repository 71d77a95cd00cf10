/// The files that paths on a command line stand for.
package enum PathSelection {
    /// Files as they are, folders as ``FolderWalk/ofFiles(in:_:)`` has them; each file once, by its absolute path, links
    /// resolved, and by its name for people.
    package static func files(_ paths: [String], _ reader: any FileReader) -> [(path: String, name: String)] {
        var files: [(path: String, name: String)] = []
        var seen: Set<String> = []
        for given in paths {
            let absolute = PathText.absolute(given, from: reader.currentFolder)
            guard let walk = FolderWalk.ofFiles(in: given, reader) else {
                let path = reader.identity(of: absolute)
                if seen.insert(path).inserted { files.append((path, given)) }
                continue
            }
            for path in walk.files where seen.insert(path).inserted {
                files.append((path, PathText.shown(path, from: reader.currentFolder)))
            }
        }
        return files
    }
}
