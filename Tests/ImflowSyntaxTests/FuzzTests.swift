import ImflowDiagnostics
import ImflowSyntax
import Testing

/// Thousands of seeded mutations: no crash, and every tree is sound whatever the bytes.
@Suite struct FuzzTests {
    static let seeds: [String] = [
        "multi_node:\n  enabled: true\n  split_mode: tile\n  tile_size: 512 # px\n  merge_strategy: concat-json\n",
        "chained_models:\n  - name: transcription\n    model_id: asr-v1\n    output_key: transcript\n  - name: s\n",
        "a: &x {k: v, l: [1, 2]}\nb:\n  <<: *x\n  c: !!str 12\nd: [*x, 'é', \"\\u00e9\"]\n",
        "t: |\n  one\n   two\n\nu: >-\n  folded\n  text\n# note\nv: ''\nw:\n- - 1\n  - ~\n",
        "\u{FEFF}---\r\nkey: välue 😀\r\nflow: {a: , ? b : [c: d, e]}\r\n...\r\n",
        "{ \"job_id\": \"bd92-e3f1\",\n  \"input\": { \"image_url\": \"ipfs://Qm123...\", \"n\": -1.5e3 },\n  \"shard_count\": 16 }",
        "[true, false, null, \"\\ud83d\\ude00\", {\"é\": [[], {}]}]",
    ]

    private static let fragments: [String] = [
        "\n", "\r\n", "\t", " ", "  ", ":", ": ", "-", "- ", "? ", "[", "]", "{", "}", ",", "#", " #", "&a ", "*a",
        "*x",
        "!!int ", "!", "|", "|\n", ">", "'", "\"", "\\", "\\u", "---\n", "...\n", "%YAML 1.2\n", "<<: ", "é", "😀",
        "\u{FEFF}",
        "\u{85}", "\u{2028}", "\0", "0x", "1e9", "null", "@", "`",
    ]

    private func mutate(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            let end = min(bytes.count, place + Int.random(in: 0...8, using: &random))
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes.insert(contentsOf: Self.fragments.randomElement(using: &random)!.utf8, at: place)
            case 1: bytes.removeSubrange(place..<end)
            case 2: bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...bytes.count, using: &random))
            case 3 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &random)
            default: bytes.removeSubrange(end..<bytes.count)
            }
        }
        return bytes
    }

    @Test(arguments: seeds.indices) func mutations(_ seed: Int) throws {
        var random = SeededGenerator(seed: 0x1F10_0000 + UInt64(seed))
        let start = Array(Self.seeds[seed].utf8)
        var readable = 0
        for round in 0..<600 {
            let bytes = mutate(start, &random)
            for name in ["f.yaml", "f.json"] {
                let result = parse(Source(name: name, bytes: bytes))
                try check(result, "\(name), round \(round): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
                if result.diagnostics.isEmpty { readable += 1 }
            }
        }
        // The mutations leave enough texts whole to test more than errors.
        #expect(readable > 20)
    }

    private func check(_ result: SyntaxResult, _ context: String) throws {
        let fault = shapeFault(result.tree)
        #expect(fault == nil, "\(context)")
        #expect(result.tree.isComplete || !result.diagnostics.isEmpty, "\(context)")
        let size = result.tree.source.bytes.count
        let found = result.diagnostics + duplicateKeys(in: result.tree) + mergeKeys(in: result.tree)
        for span in found.flatMap({ [$0.primary] + $0.secondary }).map(\.span) {
            #expect(span.range.lowerBound >= 0 && span.range.upperBound <= size, "\(context)")
        }
        for index in result.tree.records.indices where fault == nil {
            let node = SyntaxNode(tree: result.tree, index: index)
            _ = node.mergedMembers
            let record = result.tree.records[index]
            guard record.kind == .scalar, record.style == .plain, let text = node.scalarText else { continue }
            // A plain scalar on one line says what its bytes say.
            let written = node.sourceText
            let breaks = "\n\r\u{85}\u{2028}\u{2029}".unicodeScalars
            let isOneLine = !written.unicodeScalars.contains { breaks.contains($0) }
            if isOneLine { #expect(written == text, "\(context)") }
        }
        _ = result.tree.root?.jsonValue()
        for format in DiagnosticRenderer.Format.allCases {
            let text = DiagnosticRenderer(format).render(found)
            let isSafe = text.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control }
            #expect(isSafe || [.json, .sarif, .gitlab].contains(format), "\(context)")
        }
    }
}
