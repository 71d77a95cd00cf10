/// The files that a compilation may read. The command line gives it the real ones, tests give it a dictionary.
/// Paths are absolute, with `/` between parts, no `.` or `..` and no final `/`.
package protocol FileReader: Sendable {
    /// Where relative paths start.
    var currentFolder: String { get }

    /// A file's bytes; refuses more than ``FileLimit/bytes``, and all that is no file.
    func read(_ path: String) throws(FileProblem) -> [UInt8]

    /// What stands on standard input, under the same limit.
    func readStandardInput() throws(FileProblem) -> [UInt8]

    /// What is at a path, links followed; nil: nothing.
    func kind(of path: String) -> FileKind?

    /// What is in a folder, sorted by name; at most ``FileLimit/entries``.
    func entries(of folder: String) throws(FileProblem) -> [FileEntry]

    /// One path for one file: links resolved where that can be done.
    func identity(of path: String) -> String
}

package enum FileKind: Sendable, Equatable {
    case file, folder, other
}

package struct FileEntry: Sendable, Equatable {
    package var name: String
    /// With links followed.
    package var kind: FileKind
    /// Whether it may be a link: then ``FileReader/identity(of:)`` tells which file it is.
    package var isLink: Bool

    package init(name: String, kind: FileKind, isLink: Bool = false) {
        self.name = name
        self.kind = kind
        self.isLink = isLink
    }
}

package enum FileLimit {
    /// Of one file.
    package static let bytes = 16 << 20
    /// Of one folder.
    package static let entries = 50_000
}

/// Why a file cannot be read: a sentence for people, and the way out.
package struct FileProblem: Error, Sendable, Equatable {
    package var message: String
    package var help: String?

    package init(_ message: String, help: String? = nil) {
        self.message = message
        self.help = help
    }
}
