import ImflowCompiler
import ImflowPlan
import Testing

/// A seeded generator (SplitMix64, Steele et al. 2014).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite struct RandomGraphTests {
    /// Stages in shuffled file order, each needing some of those before it in a hidden order.
    private static func graph(_ seed: UInt64) -> (json: String, edges: Set<[String]>, count: Int) {
        var generator = SeededGenerator(state: seed)
        let count = Int.random(in: 1...30, using: &generator)
        var edges: Set<[String]> = []
        var stages: [String] = []
        for index in 0..<count {
            var needs: [String] = []
            for earlier in 0..<index where Int.random(in: 0..<4, using: &generator) == 0 {
                needs.append("s\(earlier)")
                edges.insert(["s\(earlier)", "s\(index)"])
            }
            let list = needs.map { "\"\($0)\"" }.joined(separator: ",")
            let output = Bool.random(using: &generator) ? ", \"output_key\": \"o\(index)\"" : ""
            stages.append("{\"name\": \"s\(index)\", \"model\": \"tool\", \"needs\": [\(list)]\(output)}")
        }
        stages.shuffle(using: &generator)
        return ("{\"input\": {}, \"job_graph\": {\"stages\": [\(stages.joined(separator: ","))]}}", edges, count)
    }

    @Test(arguments: 1...200 as ClosedRange<UInt64>) func lowersInOrder(_ seed: UInt64) throws {
        let (json, edges, count) = Self.graph(seed)
        let files = MemoryFiles(["job.json": json, "tool/model.yaml": "name: tool\nentrypoint: [./run]\n"])
        let compilation = files.compile("job.json")
        #expect(compilation.diagnostics.isEmpty)
        let plan = try #require(compilation.plan)
        #expect(plan.stages.count == count)
        let graph = SourceGraph(plan)
        var lowered: Set<[String]> = []
        for (index, stage) in plan.stages.enumerated() {
            for need in stage.needs {
                #expect(need < index)
                lowered.insert([plan.stages[need].name, stage.name])
            }
            let sources = Array(plan.sources(of: index, in: graph))
            #expect(sources == Self.sources(of: index, plan))
            #expect(Set(sources) == Self.ancestors(of: index, plan))
        }
        #expect(lowered == edges)
        let needed = Set(edges.map { $0[0] })
        #expect(Set(plan.outputs.map { plan.stages[$0].name }) == Set((0..<count).map { "s\($0)" }).subtracting(needed))
        #expect(files.compile("job.json").plan == plan)
    }

    /// By definition: all at one distance, the later first, then all that is one need farther away.
    private static func sources(of index: Int, _ plan: Plan) -> [Int] {
        var found: [Int] = []
        var level = Set(plan.stages[index].needs)
        while !level.isEmpty {
            found += level.sorted(by: >)
            level = Set(level.flatMap { plan.stages[$0].needs }).subtracting(found)
        }
        return found
    }

    /// By definition, one need at a time.
    private static func ancestors(of index: Int, _ plan: Plan) -> Set<Int> {
        plan.stages[index].needs.reduce(into: []) { $0.formUnion(ancestors(of: $1, plan).union([$1])) }
    }

    /// An edge turned round somewhere makes a cycle, which is told and never lowered.
    @Test(arguments: 1...50 as ClosedRange<UInt64>) func cyclesAreTold(_ seed: UInt64) {
        var generator = SeededGenerator(state: seed)
        let count = Int.random(in: 2...20, using: &generator)
        let stages = (0..<count).map { index in
            "{\"name\": \"s\(index)\", \"model\": \"tool\", \"needs\": [\"s\((index + 1) % count)\"]}"
        }.shuffled(using: &generator)
        let files = MemoryFiles([
            "job.json": "{\"input\": {}, \"job_graph\": {\"stages\": [\(stages.joined(separator: ","))]}}",
            "tool/model.yaml": "name: tool\nentrypoint: [./run]\n",
        ])
        let compilation = files.compile("job.json")
        #expect(compilation.plan == nil)
        #expect(compilation.diagnostics.map(\.code.slug) == ["stage-cycle"])
        #expect(compilation.diagnostics.first?.secondary.count == Swift.min(count - 1, 16))
    }

    /// One root, all others but the last on it, the last on them all; in the file the last comes first.
    @Test func theWidestFanLowers() throws {
        let middle = (1..<9999).map { "\"s\($0)\"" }
        var stages = middle.map { "{\"name\": \($0), \"model\": \"tool\", \"needs\": [\"root\"]}" }
        stages.insert("{\"name\": \"join\", \"model\": \"tool\", \"needs\": [\(middle.joined(separator: ","))]}", at: 0)
        stages.append("{\"name\": \"root\", \"model\": \"tool\"}")
        let files = MemoryFiles([
            "job.json": "{\"input\": {}, \"job_graph\": {\"stages\": [\(stages.joined(separator: ","))]}}",
            "tool/model.yaml": "name: tool\nentrypoint: [./run]\n",
        ])
        let plan = try #require(files.compile("job.json").plan)
        #expect(plan.stages.map(\.name) == ["root"] + (1..<9999).map { "s\($0)" } + ["join"])
        #expect(Array(plan.sources(of: 9999, in: SourceGraph(plan))) == Array((0...9998).reversed()))
        #expect(plan.outputs == [9999])
    }

    @Test func theLongestChainLowers() throws {
        let stages = (0..<10_000).map {
            "{\"model\": \"tool\", \"output_key\": \"k\($0)\", \"input_key\": \"k\(max($0 - 1, 0))\"}"
        }
        let files = MemoryFiles([
            "job.json": "{\"input\": {\"k0\": 1}, \"job_graph\": {\"stages\": [\(stages.joined(separator: ","))]}}",
            "tool/model.yaml": "name: tool\nentrypoint: [./run]\n",
        ])
        let plan = try #require(files.compile("job.json").plan)
        #expect(plan.stages.count == 10_000)
        #expect(plan.stages[9999].name == "tool-10000")
        #expect(Array(plan.sources(of: 9999, in: SourceGraph(plan))) == Array((0..<9999).reversed()))
    }
}
