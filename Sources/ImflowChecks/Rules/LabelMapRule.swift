package import ImflowDiagnostics
package import ImflowIR
import ImflowPlan

/// Label maps are numbers of objects: they are not mixed, filled or cut down to 16 bits.
package struct LabelMapRule: Rule {
    package static let codes: [DiagnosticCode] = [.labelMapOption]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        for stage in scope.expansion?.stages ?? [] {
            guard let block = stage.multiNode, block.splits, block.reducer == nil,
                block.mergeStrategy?.value == .tileStitch, let merge = block.merge, let content = merge.content,
                content.value == .labels
            else { continue }
            if let blend = merge.blend, blend.value == .feather {
                add("labels cannot be mixed: the mean of objects 2 and 4 is not object 3", blend.span, content, &findings)
            }
            if let format = merge.format, format.value == .png {
                add("stitched labels have 32 bits, and PNG holds 16", format.span, content, &findings)
            }
            if let fill = merge.fill {
                add("holes of a label map are background, 0", fill.span, content, &findings)
            }
        }
    }

    private func add(
        _ message: String, _ span: Span, _ content: Located<MergePlan.Content>, _ findings: inout FindingList
    ) {
        findings.add(
            Diagnostic(
                .labelMapOption, message, at: span, secondary: [Label(content.span, "the tiles are label maps")],
                help: "remove one of the two"))
    }
}
