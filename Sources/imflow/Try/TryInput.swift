import ArgumentParser
import ImflowCompiler
import ImflowJSON

/// The input of one call, as its author types it.
enum TryInput {
    /// More than this is no input of one call, in bytes.
    private static let limit = FileLimit.bytes

    /// The input of `--input`: members as key=value, or one whole: JSON, `@file`, or `-` for standard input.
    static func members(_ texts: [String], files: LocalFiles = LocalFiles()) throws -> JSONObject {
        let whole = texts.first { isWhole($0) }
        guard let whole else {
            do throws(InputArgumentError) { return try InputArguments.members(texts) } catch {
                throw CommandFailure(.usage, error.message)
            }
        }
        guard texts.count == 1 else {
            throw CommandFailure(.usage, "--input takes one whole input (JSON, @file or -), or members as key=value, not both")
        }
        let (bytes, name) = try bytes(of: whole, files)
        let value: JSONValue
        do { value = try JSONValue.parse(bytes) } catch {
            throw CommandFailure(.usage, "\(name) is not JSON: \(error)")
        }
        guard let members = value.objectValue else {
            throw CommandFailure(.usage, "\(name) is \(value.kindName), and the input of a model is an object of members")
        }
        return members
    }

    private static func isWhole(_ text: String) -> Bool {
        text == "-" || text.hasPrefix("@") || text.first { !$0.isWhitespace } == "{" || !text.contains("=")
    }

    private static func bytes(of text: String, _ files: LocalFiles) throws -> ([UInt8], name: String) {
        do {
            if text == "-" { return (try files.readStandardInput(), "standard input") }
            if text.hasPrefix("@") {
                let path = String(text.dropFirst())
                return (try files.read(PathText.absolute(path, from: files.currentFolder)), path)
            }
        } catch { throw CommandFailure(.usage, "--input \(text): \(error.message)") }
        return (Array(text.utf8), "--input")
    }
}
