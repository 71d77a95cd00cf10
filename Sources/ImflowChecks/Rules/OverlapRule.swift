package import ImflowDiagnostics
package import ImflowIR
import ImflowPlan

/// What neighbours share is smaller than what they are: else a split would never come to an end.
package struct OverlapRule: Rule {
    package static let codes: [DiagnosticCode] = [.overlapTooLarge]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        let defaults = SplitPlan(mode: .tile)
        for block in scope.expansion?.stages.compactMap(\.multiNode) ?? []
        where block.splits && block.broken.isDisjoint(with: ["tile_size", "sequence_length", "audio_length"]) {
            switch block.splitMode?.value {
            case .tile:
                guard let overlap = block.tileOverlap else { continue }
                let width = block.tileSize?.value.x ?? defaults.tileWidth
                let height = block.tileSize?.value.y ?? defaults.tileHeight
                let isTooWide = overlap.value.x >= width
                guard isTooWide || overlap.value.y >= height else { continue }
                findings.add(
                    finding(
                        "tile_overlap", "\(isTooWide ? overlap.value.x : overlap.value.y)", overlap.span, "tile_size",
                        "\(isTooWide ? width : height)", block.tileSize?.span))
            case .sequence:
                let length = block.sequenceLength?.value ?? defaults.sequenceLength
                guard let overlap = block.sequenceOverlap, overlap.value >= length else { continue }
                findings.add(
                    finding(
                        "sequence_overlap", "\(overlap.value)", overlap.span, "sequence_length", "\(length)",
                        block.sequenceLength?.span))
            case .audio:
                let length = block.audioLength?.value ?? SplitPlan.defaultAudioLength
                guard let overlap = block.audioOverlap, overlap.value >= length else { continue }
                findings.add(
                    finding(
                        "audio_overlap", overlap.value.text, overlap.span, "audio_length", length.text,
                        block.audioLength?.span))
            default: continue
            }
        }
    }

    private func finding(
        _ key: String, _ overlap: String, _ place: Span, _ sizeKey: String, _ size: String, _ sizePlace: Span?
    ) -> Diagnostic {
        Diagnostic(
            .overlapTooLarge, "`\(key)` is \(overlap), and must be less than `\(sizeKey)`, \(size)", at: place,
            secondary: sizePlace.flatMap { $0 == place ? nil : [Label($0, "the size")] } ?? [],
            notes: sizePlace == nil ? ["`\(sizeKey)` is not set, and \(size) by default"] : [])
    }
}
