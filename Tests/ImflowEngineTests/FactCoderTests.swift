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
            .paused(at: 1), .outputsLost(tasks: [0, 3]), .resumed(at: 2), .timedOut(at: 3),
            .attemptSucceeded(
                task: 7, attempt: 2, result: Payload(hash: payload("x").hash, size: 1 << 40, inline: nil),
                evidence: Evidence(
                    inputHash: payload("in").hash, startedAt: -5, finishedAt: 6, latencyMilliseconds: 0.1,
                    node: "0x01")),
            .finished(at: 4, status: .partial, output: payload("[1]")),
        ]
    }()

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
