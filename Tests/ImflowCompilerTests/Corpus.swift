import Foundation
import ImflowCompiler
import ImflowDiagnostics
import ImflowPlan
import Testing

/// The cases in `Manifests/`: each a folder of files and what comes of them.
enum Corpus {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Manifests")
    static let isBlessing = ProcessInfo.processInfo.environment["IMFLOW_BLESS"] == "1"

    static func cases(_ kind: String) -> [Case] {
        let folder = root.appending(path: kind)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.sorted().map { Case(kind: kind, name: $0) }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let kind: String
        let name: String
        var testDescription: String { "\(kind)/\(name)" }
        var folder: URL { Corpus.root.appending(path: kind).appending(path: name) }

        /// The case's folder, as a repository of its own.
        var files: MemoryFiles {
            var bytes: [String: [UInt8]] = [:]
            let walker = FileManager.default.enumerator(atPath: folder.path)
            while let path = walker?.nextObject() as? String {
                let url = folder.appending(path: path)
                if let data = try? Data(contentsOf: url), !url.hasDirectoryPath { bytes[path] = Array(data) }
            }
            return MemoryFiles(bytes: bytes)
        }

        /// The words of the file `args`, else those that the case's form stands for.
        func arguments(_ files: MemoryFiles) -> [String] {
            if let args = files.files["/repo/args"] {
                return String(decoding: args, as: UTF8.self).split(whereSeparator: \.isWhitespace).map(String.init)
            }
            if kind == "lower" { return ["plan", "job.json"] }
            for name in ["case.yaml", "case.json"] where files.files["/repo/" + name] != nil { return ["check", name] }
            return ["check", kind == "err" ? "case" : "."]
        }

        /// What the case's command finds and makes; of other files, if they are given.
        func run(_ changed: MemoryFiles? = nil) -> (diagnostics: [Diagnostic], plan: Plan?) {
            let files = changed ?? self.files
            var words = arguments(files)
            let command = words.removeFirst()
            var options = CompileOptions()
            if let flag = words.firstIndex(of: "--model") {
                options.model = words[flag + 1]
                words.removeSubrange(flag...flag + 1)
            }
            options.isSubmitted = command == "submit"
            if command == "check" { return (Compiler(files).check(words, options: options).diagnostics, nil) }
            let compilation = Compiler(files).compileJob(words.first, options: options)
            return (compilation.diagnostics, compilation.plan)
        }

        /// Whether `text` is what the file `name` holds, nil for no file; writes it when blessing.
        func matches(_ text: String?, _ name: String) throws -> (isSame: Bool, expected: String) {
            let url = folder.appending(path: name)
            if Corpus.isBlessing {
                if let text { try Data(text.utf8).write(to: url) } else { try? FileManager.default.removeItem(at: url) }
            }
            let expected = (try? Data(contentsOf: url)).map { String(decoding: $0, as: UTF8.self) }
            return (expected == text, expected ?? "(no such file)")
        }
    }

    /// The plan as `imflow plan --format json` writes it.
    static func json(_ plan: Plan) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(plan), as: UTF8.self) + "\n"
    }
}
