package import ImflowDiagnostics
package import ImflowIR
import ImflowJSON
import ImflowPlan

/// Places in a tile mean nothing once tiles are joined, unless the merge moves them.
package struct SpatialConcatRule: Rule {
    package static let codes: [DiagnosticCode] = [.spatialConcat]

    package init() {}

    private static let names: Set<String> = [
        "bbox", "bboxes", "box", "boxes", "bounding_box", "bounding_boxes", "detections", "polygon", "polygons",
        "keypoints",
        "landmarks", "segmentation", "xmin", "xyxy", "xywh",
    ]

    package func check(_ scope: Scope, into findings: inout FindingList) {
        for stage in scope.expansion?.stages ?? [] {
            guard let block = stage.multiNode, block.splits, block.splitMode?.value == .tile, block.reducer == nil,
                block.mergeStrategy?.value ?? .concatJSON == .concatJSON, let path = stage.modelPath,
                let schema = scope.workspace.models[path]?.manifest.outputSchema,
                let name = Self.spatialName(schema.value)
            else { continue }
            findings.add(
                Diagnostic(
                    .spatialConcat,
                    "`concat-json` leaves the `\(name)` of every tile in the tile's own coordinates",
                    at: block.mergeStrategy?.span ?? block.splitMode?.span ?? block.span.firstLine,
                    secondary: [Label(schema.keySpan, "the output has places in the image")],
                    help: "`merge_strategy: detections` moves boxes into the image and joins those that tiles share"))
        }
    }

    /// The first property anywhere in `schema` whose name speaks of places in an image.
    private static func spatialName(_ schema: JSONValue) -> String? {
        var pending = [schema]
        while let value = pending.popLast() {
            switch value {
            case .array(let items): pending += items
            case .object(let members):
                let properties = members["properties"]?.objectValue ?? [:]
                if let name = properties.keys.first(where: names.contains) { return name }
                if ["x", "y", "width", "height"].allSatisfy({ properties[$0] != nil }) { return "x, y, width, height" }
                pending += members.values
            default: break
            }
        }
        return nil
    }
}
