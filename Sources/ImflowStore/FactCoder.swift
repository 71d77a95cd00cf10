import FoundationEssentials
import ImflowEngine
import ImflowExecution

/// The journal's format: the facts of one commit as one row.
///
/// A row is the version (1), the records of its facts, and eight bytes of checksum (FNV-1a, 64 bits, of all before). A
/// record is a kind, its length in bytes, and its fields; a reader ignores fields that stand after those it knows. What
/// happens once for each shard has a record of its own kind; every other fact is a record of JSON. Rows of the first
/// format, which begin with `{`, are one fact as JSON.
enum FactCoder {
    struct Damaged: Error, CustomStringConvertible {
        var description: String
    }

    private static let version: UInt8 = 1
    private static let checksumLength = 8

    private enum Kind: UInt8 {
        case json = 0
        case attemptStarted = 1
        case attemptSucceeded = 2
        case shardPlanned = 3
    }

    static func encode(_ facts: [Fact]) throws -> [UInt8] {
        var row = ByteWriter()
        row.put(version)
        var nodes = NodeTable()
        for fact in facts {
            var record = ByteWriter()
            let kind = try put(fact, into: &record, nodes: &nodes)
            row.put(kind.rawValue)
            row.put(record.bytes)
        }
        row.put(fixed: row.bytes.withUnsafeBytes { checksum($0) })
        return row.bytes
    }

    /// - Throws: ``Damaged`` when the row is not what was written.
    static func decode(_ row: UnsafeRawBufferPointer, each body: (Fact) throws -> Void) throws {
        if row.first == UInt8(ascii: "{") { return try body(json(row[...])) }
        let content = UnsafeRawBufferPointer(rebasing: row.dropLast(checksumLength))
        guard row.count > checksumLength, row.first == version else {
            throw Damaged(description: "a row of the journal has a format that this version does not know")
        }
        do {
            var tail = ByteReader(UnsafeRawBufferPointer(rebasing: row.suffix(checksumLength)))
            guard try tail.fixed() == checksum(content) else {
                throw Damaged(description: "a row of the journal does not match its checksum")
            }
            var records = ByteReader(UnsafeRawBufferPointer(rebasing: content.dropFirst()))
            var nodes = NodeTable()
            while !records.isAtEnd {
                let kind = Kind(rawValue: try records.byte())
                let fields = UnsafeRawBufferPointer(rebasing: try records.raw(try records.int()))
                try body(fact(kind, fields, nodes: &nodes))
            }
        } catch is ByteReader.Malformed {
            throw Damaged(description: "a row of the journal ends in the middle of a fact")
        }
    }

    private static func put(_ fact: Fact, into record: inout ByteWriter, nodes: inout NodeTable) throws -> Kind {
        switch fact {
        case .attemptStarted(let task, let attempt, let token, let at):
            record.put(task)
            record.put(attempt)
            record.put(token)
            record.put(Int(at))
            return .attemptStarted
        case .attemptSucceeded(let task, let attempt, let result, let evidence):
            record.put(task)
            record.put(attempt)
            put(result, into: &record)
            put(evidence, into: &record, nodes: &nodes)
            return .attemptSucceeded
        case .shardPlanned(let stage, let index, let units):
            record.put(stage)
            record.put(index)
            put(units, into: &record)
            return .shardPlanned
        default:
            record.put(raw: Array(try JSONEncoder().encode(fact)))
            return .json
        }
    }

    private static func fact(_ kind: Kind?, _ fields: UnsafeRawBufferPointer, nodes: inout NodeTable) throws -> Fact {
        var record = ByteReader(fields)
        switch kind {
        case .attemptStarted:
            return .attemptStarted(
                task: try record.int(), attempt: try record.int(), token: try record.text(), at: try record.signed())
        case .attemptSucceeded:
            return .attemptSucceeded(
                task: try record.int(), attempt: try record.int(), result: try payload(from: &record),
                evidence: try evidence(from: &record, nodes: &nodes))
        case .shardPlanned:
            return .shardPlanned(
                stage: try record.int(), index: try record.int(), units: try payload(from: &record))
        case .json: return try json(fields[...])
        case nil:
            throw Damaged(description: "a row of the journal holds a kind of fact that this version does not know")
        }
    }

    private static func json(_ bytes: Slice<UnsafeRawBufferPointer>) throws -> Fact {
        do {
            return try JSONDecoder().decode(Fact.self, from: Data(bytes))
        } catch {
            throw Damaged(description: "a fact of the journal cannot be read: \(error)")
        }
    }

    private static func put(_ payload: Payload, into record: inout ByteWriter) {
        record.put(raw: payload.hash.bytes)
        record.put(payload.size)
        record.put(payload.inline == nil ? 0 : 1 as UInt8)
        if let inline = payload.inline { record.put(inline) }
    }

    private static func payload(from record: inout ByteReader) throws -> Payload {
        let hash = try hash(from: &record)
        let size = try record.int()
        return Payload(hash: hash, size: size, inline: try record.byte() == 0 ? nil : try record.text())
    }

    static func hash(from record: inout ByteReader) throws -> ContentHash {
        guard let hash = ContentHash(bytes: UnsafeRawBufferPointer(rebasing: try record.raw(32))) else { throw ByteReader.Malformed() }
        return hash
    }

    private static func put(_ evidence: Evidence, into record: inout ByteWriter, nodes: inout NodeTable) {
        record.put(Int(evidence.startedAt))
        record.put(Int(evidence.finishedAt))
        record.put(fixed: evidence.latencyMilliseconds.bitPattern)
        record.put(evidence.inputHash == nil ? 0 : 1 as UInt8)
        if let hash = evidence.inputHash { record.put(raw: hash.bytes) }
        nodes.put(evidence.node, into: &record)
        put(
            evidence.cache, start: evidence.startMilliseconds, engine: evidence.engine,
            imageDigest: evidence.imageDigest, into: &record)
    }

    private static func evidence(from record: inout ByteReader, nodes: inout NodeTable) throws -> Evidence {
        let startedAt = try record.signed()
        let finishedAt = try record.signed()
        let latency = Double(bitPattern: try record.fixed())
        let inputHash = try record.byte() == 0 ? nil : try hash(from: &record)
        var evidence = Evidence(
            inputHash: inputHash, startedAt: startedAt, finishedAt: finishedAt, latencyMilliseconds: latency,
            node: try nodes.take(from: &record))
        try readRest(of: &evidence, from: &record)
        return evidence
    }

    /// Fowler, Noll, Vo (RFC 9923).
    private static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}

/// The names of nodes in one row: each stands there once, and after that its number does. Few nodes work for a job.
private struct NodeTable {
    private var names: [String] = []

    mutating func put(_ name: String, into record: inout ByteWriter) {
        if let number = names.firstIndex(of: name) { return record.put(number + 1) }
        names.append(name)
        record.put(0)
        record.put(name)
    }

    mutating func take(from record: inout ByteReader) throws -> String {
        let number = try record.int()
        if number == 0 {
            let name = try record.text()
            names.append(name)
            return name
        }
        guard names.indices.contains(number - 1) else { throw ByteReader.Malformed() }
        return names[number - 1]
    }
}
