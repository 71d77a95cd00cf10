import Foundation
import ImflowCompiler
import ImflowDiagnostics
import ImflowFuzzKit
import ImflowPlan
import Testing

/// `check` is clean exactly when `plan` makes a plan; ``CheckSoundness`` says what that means, and holds more besides.
@Suite struct AgreementTests {
    static let kinds = ["ok", "err", "examples", "lower", "projects"]

    /// The manifests and jobs of a case of the corpus.
    static func bundle(_ entry: Corpus.Case) -> FileBundle {
        let files = entry.files.files.filter { path, _ in
            let isText = path.hasSuffix(".yaml") || path.hasSuffix(".json")
            return isText && !path.contains("/.git") && !path.hasSuffix("/plan.json")
        }
        return FileBundle(files.sorted { $0.key < $1.key }.map { FileBundle.File(path: $0.key, bytes: $0.value) })
    }

    @Test(arguments: kinds.flatMap { Corpus.cases($0) }) func overTheCorpus(_ entry: Corpus.Case) {
        let sound = CheckSoundness(Self.bundle(entry))
        #expect(sound.faults.isEmpty, "\(sound.faults.joined(separator: "\n"))")
    }

    /// A thousand repositories with small changes to the corpus and to drawn graphs; a good part of them stays right.
    @Test(arguments: 0..<10) func overFuzzedFiles(_ part: UInt64) {
        let cases = Self.kinds.flatMap { Corpus.cases($0) }.map(Self.bundle).filter { !$0.files.isEmpty }
        var planned = 0
        var refused = 0
        for seed in part * 100..<part * 100 + 100 {
            var dice = Dice(seed)
            var bundle =
                dice.oneIn(2)
                ? DrawnWorkspaceTests.bundle(DrawnWorkspace.drawn(seed).written(seed))
                : dice.pick(cases) ?? FileBundle()
            guard let file = dice.pick(bundle.files) else { continue }
            var mutator = TextMutator(Dice(seed))
            let bytes = dice.oneIn(4) ? mutator.mutate(file.bytes) : mutator.nudge(file.bytes)
            bundle = bundle.replacing(file.path, by: bytes)
            let sound = CheckSoundness(bundle, planning: file.path)
            planned += sound.planned
            if sound.report.diagnostics.contains(where: { $0.severity == .error }) { refused += 1 }
            #expect(sound.faults.isEmpty, "seed \(seed): \(sound.faults.joined(separator: "\n"))")
        }
        #expect(planned > 25 && refused > 20, "\(planned) planned, \(refused) refused")
    }
}

/// What the fuzzer once found, and what it never may: ``Soundness`` of texts that are kept.
@Suite struct SoundnessTests {
    private static let texts: [String] = [
        "", "\u{FEFF}", "%%% a\n", "{", "[1, {\"a\": \"\\u00e9\"}]", "a: &a [*a]\n", "- &a b\n- *a\n",
        "\u{FEFF}{\"a\" : 1 , \"é\":[ 1.5e3, -0, \"\\/\"]}\r\n", "a: 'x\n\n  y'\nb: \"c\\\n  d\"\n", "? a\n: b\n? {c: d}\n",
        "model: \u{85}\u{2028}\n", "\u{7F}", "when: \"a\\u2028 == é\"\n",
    ]

    @Test(arguments: texts) func holds(_ text: String) {
        let faults = Soundness.faults(Array(text.utf8))
        #expect(faults.isEmpty, "\(faults)")
    }

    /// Every byte by itself, and behind a key.
    @Test func everyByte() {
        for byte in UInt8.min...UInt8.max {
            for bytes in [[byte], Array("a: ".utf8) + [byte], Array("{\"a\": \"".utf8) + [byte] + Array("\"}".utf8)] {
                let faults = Soundness.faults(bytes)
                #expect(faults.isEmpty, "\(bytes): \(faults)")
            }
        }
    }

    @Test func mutations() {
        let seeds = AgreementTests.kinds.flatMap { Corpus.cases($0) }.map { AgreementTests.bundle($0).bytes }
        for seed in 0..<80 as Range<UInt64> {
            var dice = Dice(seed)
            var mutator = TextMutator(Dice(seed))
            guard let one = dice.pick(seeds), let other = dice.pick(seeds) else { return }
            let bytes = dice.oneIn(4) ? mutator.splice(one, other) : mutator.mutate(one)
            let faults = Soundness.faults(bytes)
            #expect(faults.isEmpty, "seed \(seed): \(faults)\n\(String(decoding: bytes, as: UTF8.self))")
        }
    }
}
