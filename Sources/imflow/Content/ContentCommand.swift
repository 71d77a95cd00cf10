import ArgumentParser
import ImflowContent
import ImflowExecution

/// `imflow cas`: what looks after the content store by itself.
struct ContentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cas", abstract: "Look after stored content: list, show, check, collect, export.",
        discussion: """
            Input files, results and values over 16 KiB are kept once each, by the SHA-256 of their bytes. A HASH is given as \
            its 64 hexadecimal digits, with 0x or without, as its beginning, or as a reference (cas://sha256/…/NAME).
            """,
        subcommands: [
            ContentListCommand.self, ContentShowCommand.self, ContentVerifyCommand.self, CollectCommand.self,
            ContentExportCommand.self,
        ])
}

extension StateOptions {
    /// The content store alone: it may lie where nobody can write.
    func openContent() throws -> ContentStore {
        do {
            return try ContentStore(reading: folder.content)
        } catch {
            guard error.missing else { throw error }
            throw CommandFailure(.usage, "nothing is stored in \(folder.root): name another folder with --state")
        }
    }
}

/// A hash as people write it.
enum ContentName {
    /// Fewer digits than these are not taken for the beginning of one.
    private static let fewestDigits = 4

    /// Nil where the text is no whole hash: with `0x`, without, or in a reference.
    static func hash(_ text: String) -> ContentHash? {
        if let reference = ContentReference(text) { return reference.hash }
        return ContentHash(hex: digits(text))
    }

    /// The content that a text names.
    /// - Throws: ``CommandFailure`` when it names none, or several.
    static func find(_ text: String, in content: ContentStore) throws -> ContentHash {
        let digits = digits(text)
        guard hash(text) != nil || digits.utf8.count >= fewestDigits && digits.allSatisfy(\.isHexDigit) else {
            throw CommandFailure(.usage, "\(text) is no hash: give 64 hexadecimal digits, or at least the first \(fewestDigits)")
        }
        let found = try hash(text).map { content.contains($0) ? [$0] : [] } ?? content.contents(withPrefix: digits)
        if found.count == 1 { return found[0] }
        if found.isEmpty {
            throw CommandFailure(
                .failed, "the content store \(content.folder) lacks \(text); values of up to 16 KiB stand in their jobs: imflow job --id JOB")
        }
        throw CommandFailure(.usage, "\(text) may be \(found.prefix(5).map(\.description).joined(separator: ", ")): give more of it")
    }

    private static func digits(_ text: String) -> String {
        var digits = text.lowercased()
        for prefix in ["cas://sha256/", "sha256:", "0x"] where digits.hasPrefix(prefix) { digits.removeFirst(prefix.count) }
        return digits
    }
}
