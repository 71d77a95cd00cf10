package import ImflowDiagnostics
package import ImflowIR
import ImflowPlan

/// A tile is smaller than the image that it is cut from, where the job states the image's size.
package struct TileSizeRule: Rule {
    package static let codes: [DiagnosticCode] = [.tileCoversImage]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        guard let job = scope.job, let expansion = scope.expansion, let target = expansion.target,
            let image = StatedImage(job)
        else { return }
        let stage = expansion.stages[target]
        guard stage.needs.isEmpty, let block = stage.multiNode, block.splits, block.splitMode?.value == .tile,
            image.tiles(block) == 1, let place = block.tileSize?.span ?? block.splitMode?.span
        else { return }
        let defaults = SplitPlan(mode: .tile)
        let width = block.tileSize?.value.x ?? defaults.tileWidth
        let height = block.tileSize?.value.y ?? defaults.tileHeight
        findings.add(
            Diagnostic(
                .tileCoversImage,
                "one tile of \(width) × \(height) px covers the whole image of \(image.width) × \(image.height) px",
                at: image.place ?? place, secondary: image.place == nil ? [] : [Label(place, "the tile")],
                help: "choose a smaller `tile_size`, or `split_strategy: none`"))
    }
}
