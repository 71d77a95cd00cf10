import Foundation
import ImflowDiagnostics
import Testing

/// Diffs that the real `patch` and `git apply` turn the old text into the new one with.
@Suite struct UnifiedDiffTests {
    private func diff(_ old: String, _ new: String, _ name: String = "a.yaml") -> String {
        String(decoding: UnifiedDiff.text(from: Array(old.utf8), to: Array(new.utf8), name: name), as: UTF8.self)
    }

    @Test func hunksAreAsGitWritesThem() {
        let old = (1...20).map { "line \($0)\n" }.joined()
        let new = old.replacingOccurrences(of: "line 3\n", with: "line three\n").replacingOccurrences(of: "line 20\n", with: "line 20")
        #expect(diff(old, new) == """
            --- a/a.yaml
            +++ b/a.yaml
            @@ -1,6 +1,6 @@
             line 1
             line 2
            -line 3
            +line three
             line 4
             line 5
             line 6
            @@ -17,4 +17,4 @@
             line 17
             line 18
             line 19
            -line 20
            +line 20
            \\ No newline at end of file

            """)
        #expect(diff(old, old).isEmpty)
        #expect(diff("", "a\n") == "--- a/a.yaml\n+++ b/a.yaml\n@@ -0,0 +1 @@\n+a\n")
        #expect(diff("a\n", "") == "--- a/a.yaml\n+++ b/a.yaml\n@@ -1 +0,0 @@\n-a\n")
        #expect(diff("a\n", "b\n", "x y\"\u{1}z").hasPrefix("--- \"a/x y\\\"\\001z\"\n+++ \"b/x y\\\"\\001z\"\n"))
        #expect(diff("a\n", "b\n", "x y").hasPrefix("--- a/x y\t\n"))
    }

    @Test func theFewestLinesAreTold() {
        let old = "a\nb\nc\na\nb\nb\na\n"
        let new = "c\nb\na\nb\na\nc\n"
        let lines = diff(old, new).split(separator: "\n").dropFirst(3)
        #expect(lines.count { $0.hasPrefix("+") || $0.hasPrefix("-") } == 5)
    }

    @Test func textsWithoutALineInCommonAreBounded() {
        let old = (1...3000).map { "a\($0)\n" }.joined()
        let new = (1...3000).map { "b\($0)\n" }.joined()
        #expect(diff(old, new).split(separator: "\n").count == 6003)
    }

    /// Random texts of few different lines, with every kind of line break and end.
    private static func texts(_ seed: UInt64) -> (old: String, new: String) {
        var generator = SeededGenerator(state: seed)
        let ends = ["\n", "\r\n"]
        func text(_ lines: [String]) -> String {
            let text = lines.map { $0 + (ends.randomElement(using: &generator) ?? "") }.joined()
            return Bool.random(using: &generator) ? text : String(text.dropLast())
        }
        let words = ["a", "b", "", "  c", "-- d", "++ e", "é", "\\ f"]
        let old = (0..<Int.random(in: 1...40, using: &generator)).map { _ in words.randomElement(using: &generator) ?? "" }
        var new = old
        for _ in 0..<Int.random(in: 1...8, using: &generator) {
            let place = Int.random(in: 0...new.count, using: &generator)
            if Bool.random(using: &generator), place < new.count { new.remove(at: place) } else { new.insert("new \(place)", at: place) }
        }
        return (text(old), text(new))
    }

    @Test(arguments: ["patch", "git"]) func theRealToolsTakeThem(_ tool: String) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "imflow-diff-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder.appending(path: "sub dir"), withIntermediateDirectories: true)
        var all: [UInt8] = []
        var expected: [String: String] = [:]
        for seed in 1...60 as ClosedRange<UInt64> {
            let (old, new) = Self.texts(seed)
            let name = seed % 2 == 0 ? "sub dir/\(seed).yaml" : "\(seed).yaml"
            try Data(old.utf8).write(to: folder.appending(path: name))
            all += UnifiedDiff.text(from: Array(old.utf8), to: Array(new.utf8), name: name)
            expected[name] = new
        }
        try Data(all).write(to: folder.appending(path: "all.diff"))
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        // Line ends count: patch takes them as they are, git must be told nothing.
        process.arguments = tool == "git" ? ["git", "apply", "all.diff"] : ["patch", "--binary", "-s", "-p1", "-i", "all.diff"]
        process.currentDirectoryURL = folder
        var environment = ProcessInfo.processInfo.environment
        environment["GIT_CEILING_DIRECTORIES"] = folder.deletingLastPathComponent().path
        process.environment = environment
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        for (name, text) in expected {
            let found = try Data(contentsOf: folder.appending(path: name))
            #expect(found == Data(text.utf8), "\(name)")
        }
    }
}
