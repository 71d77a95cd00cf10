import Foundation
import ImflowEngine
import ImflowExecution
import Testing

@testable import ImflowStore

@Suite("The journal's format")
struct FactCoderTests {
    private static func decode(_ row: [UInt8]) throws -> [Fact] {
        var facts: [Fact] = []
        try row.withUnsafeBytes { try FactCoder.decode($0) { facts.append($0) } }
        return facts
    }

    /// Every kind of fact that a job with retries, holes and a resume brings.
    private static let facts: [Fact] = {
        var world = SimulatedWorld(plan([stage("a", split: true), stage("b", needs: [0])]))
        world.run { $0.attempt == 1 ? .failed(Failure(.infra, "gone \u{1F4A5}")) : obedient()($0) }
        return world.facts + [
            .reportIgnored(task: "a~00", attempt: -1, token: "", at: .min), .cancelRequested(at: .max),
            .queueTimedOut(task: 3, failure: Failure(.timeout, "it waited"), at: 5),
            .replanned(
                Replan(at: 1, plan: payload("p"), input: payload("i"), fetches: true, run: [0, 2], merge: [1])),
            .paused(at: 1), .outputsLost(tasks: [0, 3]), .resumed(at: 2), .timedOut(at: 3),
            .attemptSucceeded(
                task: 7, attempt: 2, result: Payload(hash: payload("x").hash, size: 1 << 40, inline: nil),
                evidence: Evidence(
                    inputHash: payload("in").hash, startedAt: -5, finishedAt: 6, latencyMilliseconds: 0.1,
                    node: "0x01")),
            cachedSuccess(.hit, from: "other/a~00", waitedFor: "other/a~00", note: nil),
            startedSuccess(cached: true), startedSuccess(cached: false),
            cachedSuccess(.missed, from: nil, waitedFor: nil, note: "not noted \u{1F4A5}"),
            .finished(at: 4, status: .partial, output: payload("[1]")),
        ]
    }()

    private static func startedSuccess(cached: Bool) -> Fact {
        var evidence = Evidence(inputHash: nil, startedAt: 1, finishedAt: 2, latencyMilliseconds: 3, node: "0x01")
        evidence.startMilliseconds = 1234.5
        if cached { evidence.cache = CacheEvidence(.off) }
        return .attemptSucceeded(task: 9, attempt: 1, result: payload("1"), evidence: evidence)
    }

    private static func cachedSuccess(
        _ outcome: CacheEvidence.Outcome, from: String?, waitedFor: String?, note: String?
    ) -> Fact {
        let key = CacheKey(fields: ["model": payload("m").hash, "input.a": payload("a").hash]) { payload($0.text).hash }
        var evidence = Evidence(
            inputHash: nil, startedAt: 1, finishedAt: 2, latencyMilliseconds: 3, node: "0x01")
        evidence.cache = CacheEvidence(outcome, key: key, from: from, waitedFor: waitedFor, note: note)
        return .attemptSucceeded(task: 8, attempt: 1, result: payload("1"), evidence: evidence)
    }

    @Test("what was written is read, also in one row with everything else")
    func roundTrip() throws {
        #expect(try Self.decode(FactCoder.encode(Self.facts)) == Self.facts)
        for fact in Self.facts { #expect(try Self.decode(FactCoder.encode([fact])) == [fact]) }
    }

    @Test("a fact alone as JSON, as the first versions wrote it, is read")
    func firstFormat() throws {
        for fact in Self.facts {
            #expect(try Self.decode(Array(JSONEncoder().encode(fact))) == [fact])
        }
    }

    @Test("any flipped bit and any missing end is told, and nothing of the row counts")
    func damage() throws {
        let row = try FactCoder.encode(Self.facts)
        for place in row.indices {
            var flipped = row
            flipped[place] ^= 1 << (place % 8)
            #expect(throws: FactCoder.Damaged.self) { try Self.decode(flipped) }
            #expect(throws: FactCoder.Damaged.self) { try Self.decode(Array(row[..<place])) }
        }
    }

    @Test("a row whose checksum holds but whose records end early is told")
    func malformed() throws {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<2_000 {
            var row: [UInt8] = [1]
            row += (0..<Int.random(in: 0...60, using: &random)).map { _ in
                UInt8(truncatingIfNeeded: random.next() & (random.next() & 1 == 0 ? 0x07 : 0xFF))
            }
            let sum = row.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
            row += (0..<8).map { UInt8(truncatingIfNeeded: sum >> UInt64(8 * $0)) }
            // Either it happens to be facts, or it is told; it is never a crash.
            do { _ = try Self.decode(row) } catch { #expect(error is FactCoder.Damaged) }
        }
    }
}
