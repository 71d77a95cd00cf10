import ImflowChecks
import ImflowCompiler
import ImflowDiagnostics
import ImflowFuzzKit
import Testing

/// One mistake in a drawn graph is found where it is, and nothing else is.
@Suite struct SeededMistakeTests {
    /// Whether the rules about schemas are there.
    private static let knowsSchemas = RuleSet.codes.contains { (501...519).contains($0.number) }

    static let kinds = SeededMistake.Kind.allCases.filter { kind in
        kind != .schema && kind != .port || knowsSchemas
    }

    @Test(arguments: kinds) func isFoundInItsPlace(_ kind: SeededMistake.Kind) throws {
        var found = 0
        var seed = UInt64(1000)
        while found < 30, seed < 1600 {
            seed += 1
            var dice = Dice(seed)
            guard let mistake = SeededMistake.drawn(kind, in: DrawnWorkspace.drawn(seed), &dice) else { continue }
            found += 1
            expect(mistake, seed)
        }
        #expect(found == 30, "too few places for \(kind)")
    }

    private func expect(_ mistake: SeededMistake, _ seed: UInt64) {
        let written = mistake.written(seed)
        let report = Compiler(BundleReader(DrawnWorkspaceTests.bundle(written))).check(["."])
        let errors = report.diagnostics.filter { $0.severity == .error }
        let context = "seed \(seed), \(mistake.kind) at \(mistake.paths):\n\(DiagnosticRenderer(.full).render(errors))"
        guard errors.count == 1, let error = errors.first else {
            Issue.record("not one error: \(context)")
            return
        }
        #expect(mistake.codes.contains(error.code.number), "\(context)")
        guard let text = written.first(where: { $0.path == mistake.file })?.text else {
            Issue.record("no file \(mistake.file)")
            return
        }
        let places = mistake.paths.compactMap { path in
            mistake.part == .key ? text.places[path]?.key : text.places[path]?.value
        }
        #expect(places.count == mistake.paths.count, "no place: \(context)")
        let labels = [error.primary] + error.secondary
        switch mistake.kind {
        case .schema, .port:
            // Which of the two schemas comes first is the rule's; this one is shown.
            let isShown = labels.contains { label in
                label.span.source.name == mistake.file
                    && places.contains { label.span.range.overlaps($0) || label.span.range.contains($0.lowerBound) }
            }
            #expect(isShown, "\(places): \(context)")
        case .cycle:
            #expect(Set(labels.map(\.span.range)) == Set(places), "\(places): \(context)")
        default:
            #expect(error.primary.span.source.name == mistake.file, "\(context)")
            let range = error.primary.span.range
            let isThere = places.contains { place in
                let isWithin = place.lowerBound <= range.lowerBound && range.upperBound <= place.upperBound
                return mistake.part == .within ? isWithin : place == range
            }
            #expect(isThere, "\(range), not \(places): \(context)")
        }
    }

    /// A mistake in front of the first syntax error is told beside it.
    @Test(arguments: 0..<4) func whatStandsBeforeASyntaxErrorIsChecked(_ part: UInt64) throws {
        var found = 0
        for seed in part * 40..<part * 40 + 40 {
            var dice = Dice(seed)
            let kind = dice.pick(SeededMistake.Kind.type, .key, .twice, .value)
            guard let mistake = SeededMistake.drawn(kind, in: DrawnWorkspace.drawn(seed), &dice) else { continue }
            var files = DrawnWorkspaceTests.bundle(mistake.written(seed))
            let path = "/repo/" + mistake.file
            guard var bytes = files[path] else { continue }
            bytes += Array(mistake.file.hasSuffix(".json") ? "}".utf8 : "\"never closed: [\n".utf8)
            files = files.replacing(path, by: bytes)
            let codes = Set(Compiler(BundleReader(files)).check([mistake.file]).diagnostics.map(\.code.number))
            let isFound = codes.contains { mistake.codes.contains($0) }
            #expect(codes.contains(1) && isFound, "seed \(seed), \(kind), \(mistake.paths): \(codes)")
            found += 1
        }
        #expect(found > 20)
    }

    /// A right file that ends in the middle says that it does, and nothing of what is not there.
    @Test(arguments: 0..<4) func whatIsCutOffIsNotMissed(_ part: UInt64) throws {
        var cut = 0
        for seed in part * 40..<part * 40 + 40 {
            var dice = Dice(seed)
            let files = DrawnWorkspaceTests.bundle(DrawnWorkspace.drawn(seed).written(seed))
            guard let file = dice.pick(files.files) else { continue }
            let bytes: [UInt8]
            if file.path.hasSuffix(".json") {
                bytes = Array(file.bytes.prefix(dice.int(4...file.bytes.count - 3)))
            } else {
                let values = file.bytes.indices.dropFirst(2).filter { place in
                    let line = file.bytes[..<place].reversed().prefix { $0 != 0x0A }
                    return line.starts(with: " :".utf8) && !line.contains(UInt8(ascii: "#"))
                }
                guard let place = dice.pick(values) else { continue }
                bytes = Array(file.bytes[..<place]) + Array("\"never closed".utf8)
            }
            let report = Compiler(BundleReader(files.replacing(file.path, by: bytes))).check(["."])
            let found = report.diagnostics.filter { $0.severity > .note }
            let isSaid = found.contains { $0.code.number < 20 }
            let others = found.filter { $0.code.number >= 20 }
            #expect(
                isSaid && others.isEmpty,
                "seed \(seed), \(String(decoding: bytes, as: UTF8.self))\n\(DiagnosticRenderer(.full).render(found))")
            cut += 1
        }
        #expect(cut > 20)
    }
}
