import ImflowContent
import Testing

@Suite struct TarHeaderTests {
    private func field(_ bytes: [UInt8], _ place: Int, _ width: Int) -> String {
        String(decoding: bytes[place..<(place + width)].prefix { $0 != 0 }, as: UTF8.self)
    }

    /// The key and value of each record, whose length must be what it says.
    private func records(_ bytes: [UInt8]) throws -> [String: String] {
        var found: [String: String] = [:]
        var rest = bytes.prefix { $0 != 0 }[...]
        while !rest.isEmpty {
            let length = try #require(Int(String(decoding: rest.prefix { $0 != 0x20 }, as: UTF8.self)))
            let record = String(decoding: rest.prefix(length), as: UTF8.self)
            #expect(record.hasSuffix("\n"))
            let parts = record.dropLast().split(separator: " ", maxSplits: 1)[1].split(separator: "=", maxSplits: 1)
            found[String(parts[0])] = String(parts[1])
            rest = rest.dropFirst(length)
        }
        return found
    }

    @Test func aPlainFileIsOneBlock() {
        let bytes = TarHeader(path: "jobs/a/input.json", size: 1234).bytes
        #expect(bytes.count == 512)
        #expect(field(bytes, 0, 100) == "jobs/a/input.json")
        #expect(field(bytes, 124, 12) == "00000002322")
        #expect(field(bytes, 257, 8) == "ustar")
        #expect(bytes[156] == UInt8(ascii: "0"))
        var blank = bytes
        for place in 148..<156 { blank[place] = 0x20 }
        let sum = blank.reduce(0) { $0 + Int($1) }
        #expect(Int(field(bytes, 148, 6), radix: 8) == sum)
        #expect(Array(bytes[154...155]) == [0, 0x20])
    }

    @Test func aSecondNameHasNoBytes() {
        let bytes = TarHeader(path: "b", size: 99, link: "a").bytes
        #expect(bytes[156] == UInt8(ascii: "1"))
        #expect(field(bytes, 157, 100) == "a")
        #expect(field(bytes, 124, 12) == "00000000000")
    }

    @Test(arguments: [90, 91, 99, 100, 101, 980, 990])
    func whatDoesNotFitStandsInRecords(length: Int) throws {
        let path = String(repeating: "n", count: length)
        let bytes = TarHeader(path: path, size: 1 << 40, link: nil).bytes
        #expect(bytes.count % 512 == 0)
        #expect(bytes[156] == UInt8(ascii: "x"))
        let size = try #require(Int(field(bytes, 124, 12), radix: 8))
        let records = try records(Array(bytes[512..<(512 + size)]))
        #expect(records["size"] == String(1 << 40))
        #expect(records["path"] == (length > 100 ? path : nil))
        #expect(bytes.count == 512 + (size + 511) / 512 * 512 + 512)
        #expect(field(bytes, bytes.count - 512, 100) == String(path.prefix(100)))
    }

    @Test func aNameThatIsNoASCIIStandsInARecord() throws {
        let bytes = TarHeader(path: "jobs/ü", size: 1, link: "jobs/é").bytes
        #expect(try records(Array(bytes[512..<1024])) == ["path": "jobs/ü", "linkpath": "jobs/é"])
    }

    @Test(arguments: [(0, 0), (1, 511), (511, 1), (512, 0), (513, 511)])
    func blocksAreFilledUp(size: Int64, count: Int) {
        #expect(TarHeader.padding(after: size).count == count)
    }
}
