import Foundation
import ImflowSimulation
import Testing

/// The engine in drawn worlds: `Tools/simulate` runs more of them, and shows one step by step.
@Suite("Simulation")
struct SimulationTests {
    @Test("1,000 worlds: safe while faults last, done as if there had been none once they stop", arguments: 0..<20)
    func worlds(block: UInt64) {
        for seed in block * 50..<block * 50 + 50 {
            let verdict = Simulation(seed: seed).run()
            #expect(verdict.violation == nil, "Tools/simulate \(seed) --trace")
        }
    }

    @Test(
        "every graph of up to three tasks, with every single failure; Tools/simulate --enumerate goes on to four",
        arguments: [(1, 119), (2, 450), (3, 2_624)])
    func enumeration(size: Int, cases: Int) {
        var enumeration = Enumeration(size: size)
        enumeration.run()
        #expect(enumeration.violations == [])
        #expect(enumeration.total == cases)
    }

    @Test(
        "worlds that once broke a promise, or were judged wrongly",
        arguments: [UInt64(199_651_714_960_976), 151_255_087_739_380, 7_058_423, 7_068_952, 31_090_329, 31_337_377])
    func known(seed: UInt64) { #expect(Simulation(seed: seed).run().violation == nil) }

    @Test("the same seeds make the same steps in two processes")
    func sameTrace() throws {
        let first = try Self.simulate("--seeds", "100", "--from", "7")
        let second = try Self.simulate("--seeds", "100", "--from", "7")
        let other = try Self.simulate("--seeds", "100", "--from", "8")
        let hash = try #require(first.hash)
        #expect(first.code == 0)
        #expect(hash == second.hash)
        #expect(hash != other.hash)
    }

    /// Runs the simulator that the build put beside the tests.
    private static func simulate(_ words: String...) throws -> (code: Int32, hash: Substring?) {
        let bundle = ProcessInfo.processInfo.arguments.first { $0.hasSuffix(".xctest") } ?? ""
        let process = Process()
        process.executableURL = URL(filePath: bundle).deletingLastPathComponent().appending(path: "imflow-simulate")
        process.arguments = words
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let told = output.split(separator: "\n").last { $0.hasPrefix("simulate: trace hash") }
        return (process.terminationStatus, told?.split(separator: " ").last)
    }
}
