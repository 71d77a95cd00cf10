import Foundation
import ImflowContent
import Testing

@Suite struct TarReaderTests {
    /// What an archive holds: each entry, and a file's bytes.
    private func read(_ archive: [UInt8], piece: Int) throws -> [(entry: TarReader.Entry, bytes: [UInt8])] {
        var reader = TarReader()
        var found: [(entry: TarReader.Entry, bytes: [UInt8])] = []
        for start in stride(from: 0, to: archive.count, by: piece) {
            let isWanted = try reader.read(archive[start..<min(start + piece, archive.count)]) { event in
                switch event {
                case .entry(let entry): found.append((entry, []))
                case .bytes(let bytes): found[found.count - 1].bytes += bytes
                }
                return true
            }
            #expect(isWanted)
        }
        #expect(reader.isBetweenEntries)
        return found
    }

    private func archive(_ files: [(TarHeader, [UInt8])]) -> [UInt8] {
        files.flatMap { $0.bytes + $1 + TarHeader.padding(after: Int64($1.count)) } + TarHeader.end
    }

    @Test(arguments: [1, 7, 512, 100_000]) func whatWasWrittenIsRead(piece: Int) throws {
        let long = String(repeating: "long/", count: 60) + "ü"
        let bytes = (0..<1500).map { UInt8(truncatingIfNeeded: $0) }
        let found = try read(
            archive([
                (TarHeader(path: "work/", size: 0, isFolder: true, mode: 0o700, user: 3_000_000, group: 7), []),
                (TarHeader(path: long, size: 1500, mode: 0o640), bytes), (TarHeader(path: "empty", size: 0), []),
                (TarHeader(path: "second", size: 0, link: long), []),
            ]), piece: piece)
        #expect(found.map(\.entry.path) == ["work/", long, "empty", "second"])
        #expect(found.map(\.entry.kind) == [.folder, .file, .file, .secondName(long)])
        #expect(found.map(\.bytes) == [[], bytes, [], []])
    }

    @Test(arguments: ["v7", "ustar", "gnu", "pax"]) func archivesOfTheTarProgram(format: String) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "imflow-tar-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        // Neither format splits or shortens what all can say; the longer name is for those that have a way.
        let name = format == "v7" ? "a b.txt" : String(repeating: "n", count: 90) + "/" + String(repeating: "m", count: 90)
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(repeating: 7, count: 1025).write(to: file)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/link", withDestinationPath: "/etc/passwd")
        let tar = Process()
        tar.executableURL = URL(filePath: "/usr/bin/env")
        tar.arguments = ["tar", "--format=\(format)", "-C", folder.path, "-c", name, "link"]
        let pipe = Pipe()
        tar.standardOutput = pipe
        try tar.run()
        let bytes = Array(try #require(try pipe.fileHandleForReading.readToEnd()))
        tar.waitUntilExit()
        let found = try read(bytes, piece: 333)
        #expect(found.map(\.entry.path) == [name, "link"])
        #expect(found.map(\.entry.kind) == [.file, .link("/etc/passwd")])
        #expect(found.first?.bytes == [UInt8](repeating: 7, count: 1025))
    }

    @Test func whoHasEnoughIsNotReadOn() throws {
        var reader = TarReader()
        let all = archive([(TarHeader(path: "a", size: 3), [1, 2, 3]), (TarHeader(path: "b", size: 0), [])])
        var paths: [String] = []
        let isWanted = try reader.read(all[...]) { event in
            if case .entry(let entry) = event { paths.append(entry.path) }
            return false
        }
        #expect(!isWanted && paths == ["a"])
    }

    @Test func damageIsSaid() throws {
        let good = archive([(TarHeader(path: "a", size: 3), [1, 2, 3])])
        for place in [0, 124, 156] {
            var bad = good
            bad[place] ^= 0x15
            #expect(throws: TarReader.Damage.self) { _ = try read(bad, piece: 512) }
        }
        // Whatever comes, nothing breaks, and half an archive is not a whole one.
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            var noise = (0..<2048).map { _ in UInt8.random(in: 0...255, using: &generator) }
            if Bool.random(using: &generator) { noise = Array(good.prefix(512)) + noise }
            var reader = TarReader()
            _ = try? reader.read(noise[...]) { _ in true }
        }
        var reader = TarReader()
        #expect(try reader.read(good[..<514]) { _ in true })
        #expect(!reader.isBetweenEntries)
    }

    @Test func sizesThatAreNoneAreRefused() throws {
        var header = TarHeader(path: "a", size: 1).bytes
        // A negative number, as GNU would write it.
        header.replaceSubrange(124..<136, with: [UInt8](repeating: 0xFF, count: 12))
        for place in 148..<156 { header[place] = 0x20 }
        let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
        header.replaceSubrange(148..<154, with: Array((String(repeating: "0", count: 6 - sum.count) + sum).utf8))
        let damage = #expect(throws: TarReader.Damage.self) { _ = try read(header, piece: 512) }
        #expect(damage?.reason == "a size is no number")
    }
}
