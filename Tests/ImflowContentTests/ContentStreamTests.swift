import FoundationEssentials
import ImflowContent
import ImflowExecution
import ImflowJSON
import Testing

/// Values that are written and read piece by piece.
@Suite struct ContentStreamTests {
    private let folder = Folder()

    private final class Folder {
        let path = FileManager.default.temporaryDirectory.path + "/imflow-stream-\(UUID().uuidString)"
        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    private func store() throws -> ContentStore { try ContentStore(folder: folder.path) }

    private func temporaryFiles() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path + "/tmp")
    }

    private func bytes(_ payload: Payload, _ content: ContentStore, pieceSize: Int) throws -> [UInt8] {
        let reader = try ContentReader(payload, content: content, pieceSize: pieceSize)
        var bytes: [UInt8] = []
        while let piece = try reader.next() {
            #expect(piece.count <= pieceSize)
            bytes.append(contentsOf: piece)
        }
        return bytes
    }

    @Test(arguments: [0, 1, 99, 16 * 1024, 16 * 1024 + 1, 300_000], [1, 1000, 1 << 20])
    func whatIsWrittenInPiecesIsRead(size: Int, bufferSize: Int) throws {
        let content = try store()
        let value = (0..<size).map { UInt8($0 % 95 + 32) }
        let writer = ContentWriter(content: content, bufferSize: bufferSize)
        for start in stride(from: 0, to: size, by: 700) { try writer.write(Array(value[start..<min(start + 700, size)])) }
        let payload = try writer.finish()
        #expect(payload.hash == ContentHash(of: value))
        #expect(payload.size == size)
        #expect((payload.inline == nil) == (size > Payload.inlineLimit))
        #expect(try bytes(payload, content, pieceSize: 777) == value)
        if payload.inline == nil { #expect(try content.verify(payload.hash)) }
    }

    @Test func aWriterTakesOverAnother() throws {
        let content = try store()
        for size in [10, 5000] {
            let left = ContentWriter(content: content, bufferSize: 1000)
            try left.write("[1")
            let right = ContentWriter(content: content, bufferSize: 100)
            try right.write("[")
            for number in 0..<size { try right.write(",\(number)") }
            try left.write(right, from: 1)
            try left.write("]")
            let payload = try left.finish()
            #expect(
                try content.value(of: payload) == .array([1] + (0..<size).map { .int(Int64($0)) }))
        }
        #expect(try temporaryFiles().isEmpty)
    }

    @Test func whatIsNotFinishedLeavesNothing() throws {
        let content = try store()
        do {
            let writer = ContentWriter(content: content, bufferSize: 10)
            try writer.write(String(repeating: "x", count: 100))
            #expect(try temporaryFiles().count == 1)
        }
        #expect(try temporaryFiles().isEmpty)
    }

    @Test func damagedBytesHaveNoEnd() throws {
        let content = try store()
        let payload = try content.payload(.string(String(repeating: "x", count: 20_000)))
        let path = content.path(of: payload.hash)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        try Data(String(repeating: "y", count: 20_002).utf8).write(to: URL(filePath: path))
        #expect(throws: ContentError.self) { try bytes(payload, content, pieceSize: 1000) }
        let inline = Payload(hash: ContentHash(of: [1]), size: 1, inline: "2")
        #expect(throws: ContentError.self) { try bytes(inline, content, pieceSize: 10) }
        #expect(throws: ContentError.self) { try content.namedFiles(in: payload) }
    }

    @Test(arguments: [1, 2, 5, 80, 1 << 18])
    func filesThatAValueNamesAreFound(pieceSize: Int) throws {
        let content = try store()
        let hex = String(repeating: "ab", count: 32)
        let other = String(repeating: "cd", count: 32)
        let texts = [
            "cas://sha256/\(other)/é.tif", "see cas://sha256/\(hex)/x", "cas://sha256/\(hex)/", "cas://sha256/ab/x",
        ]
        let value: JSONValue = [
            "a": .string("cas://sha256/\(hex)/a \"quoted\" name.png"), "b": .array(texts.map { .string($0) }),
            "cas://sha256/\(hex)/name": "no file", "c": .string("\"cas://sha256/\(hex)/escaped\""),
            "d": [.string("cas://sha256/\(hex)/last")],
        ]
        let found = try content.namedFiles(in: try content.payload(value), pieceSize: pieceSize)
        #expect(found.map(\.text).sorted() == value.contentReferences.map(\.text).sorted())
        #expect(found.count == 3)
        let sole = try content.payload(.string("cas://sha256/\(hex)/sole"))
        #expect(try content.namedFiles(in: sole, pieceSize: pieceSize).map(\.name) == ["sole"])
    }
}
