import ImflowContent
import ImflowExecution
import Testing

@Suite struct HashingTests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func knownAnswers(text: String, hex: String) {
        #expect(ContentHash(of: Array(text.utf8)).hex == hex)
        #expect(ContentHash(of: Array(text.utf8)).description == "0x" + hex)
    }

    @Test func aMillionLettersInUnevenPieces() {
        var hasher = SHA256Hasher()
        var rest = 1_000_000
        var size = 1
        while rest > 0 {
            let count = min(size, rest)
            hasher.update([UInt8](repeating: UInt8(ascii: "a"), count: count))
            rest -= count
            size = size * 3 + 1
        }
        #expect(hasher.finish().hex == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func canonicalValuesHashAlikeWhateverTheOrderOfTheirMembers() {
        #expect(ContentHash(canonical: ["b": 1, "a": [true]]) == ContentHash(canonical: ["a": [true], "b": 1.0]))
        #expect(ContentHash(canonical: ["a": 1]) == ContentHash(of: Array(#"{"a":1}"#.utf8)))
    }

    @Test(arguments: [0, 1, 1 << 20, (1 << 20) + 1, 3 << 20])
    func filesHashAsTheirBytes(size: Int) throws {
        let folder = try TemporaryFolder()
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let found = try ContentHash.ofFile(folder.file("a", bytes))
        #expect(found.hash == ContentHash(of: bytes))
        #expect(found.size == Int64(size))
    }
}
