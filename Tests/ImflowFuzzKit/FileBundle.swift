import ImflowCompiler

/// Several files in one text, so that a fuzzer can cut, join and keep them as one input. Every file stands behind a
/// line `%%% path`; a text without such a line is one file, a job when it begins with `{` and a manifest otherwise.
package struct FileBundle: Sendable, Equatable {
    package struct File: Sendable, Equatable {
        /// Absolute, in the folder ``FileBundle/folder``.
        package var path: String
        package var bytes: [UInt8]

        package init(path: String, bytes: [UInt8]) {
            self.path = path
            self.bytes = bytes
        }
    }

    /// The repository that the files are in.
    package static let folder = "/repo"
    private static let mark = Array("%%% ".utf8)
    private static let maximumFiles = 300

    /// Each path once.
    package private(set) var files: [File] = []

    package init(_ files: [File] = []) { for file in files { add(file.path, file.bytes) } }

    /// Any bytes at all.
    package init(bytes: [UInt8]) {
        var path: String?
        var start = 0
        for line in Self.lineStarts(bytes) where bytes[line...].starts(with: Self.mark) {
            if let path { add(path, Array(bytes[start..<max(start, line - 1)])) }
            let end = bytes[line...].firstIndex(of: 0x0A) ?? bytes.count
            path = String(decoding: bytes[(line + Self.mark.count)..<end], as: UTF8.self)
            start = min(end + 1, bytes.count)
        }
        if let path {
            add(path, Array(bytes[start...]))
        } else {
            let isObject = bytes.first { $0 > 0x20 } == UInt8(ascii: "{")
            add(isObject ? "job.json" : "model.yaml", bytes)
        }
    }

    private static func lineStarts(_ bytes: [UInt8]) -> [Int] {
        [0] + bytes.indices.filter { bytes[$0] == 0x0A && $0 + 1 < bytes.count }.map { $0 + 1 }
    }

    private mutating func add(_ path: String, _ bytes: [UInt8]) {
        let absolute = PathText.absolute(path, from: Self.folder)
        let isInside = absolute.hasPrefix(Self.folder + "/") && !absolute.contains("/.git")
        guard isInside, absolute.utf8.count < 200, files.count < Self.maximumFiles,
            !files.contains(where: { $0.path == absolute || $0.path.hasPrefix(absolute + "/") }),
            !files.contains(where: { absolute.hasPrefix($0.path + "/") })
        else { return }
        files.append(File(path: absolute, bytes: bytes))
    }

    /// The same files as one text.
    package var bytes: [UInt8] {
        var out: [UInt8] = []
        for file in files {
            out += Self.mark + file.path.dropFirst(Self.folder.count + 1).utf8 + [0x0A] + file.bytes + [0x0A]
        }
        if !out.isEmpty { out.removeLast() }
        return out
    }

    /// The file at an absolute path.
    package subscript(path: String) -> [UInt8]? { files.first { $0.path == path }?.bytes }

    /// The same files with other bytes in one of them.
    package func replacing(_ path: String, by bytes: [UInt8]) -> FileBundle {
        var copy = self
        for index in copy.files.indices where copy.files[index].path == path { copy.files[index].bytes = bytes }
        return copy
    }

    /// The other files than those of a name.
    package func without(_ name: String) -> FileBundle { FileBundle(files.filter { PathText.last($0.path) != name }) }
}
