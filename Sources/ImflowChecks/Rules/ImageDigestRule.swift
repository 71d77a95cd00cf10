package import ImflowDiagnostics
package import ImflowIR

/// An image is named by what it holds, so that the same manifest runs the same program tomorrow.
package struct ImageDigestRule: Rule {
    package static let codes: [DiagnosticCode] = [.imageWithoutDigest]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        guard let image = scope.model?.manifest.image, !image.value.contains("@") else { return }
        let name = image.value.utf8
        let tagAt = name.lastIndex(of: UInt8(ascii: ":"))
        let slash = name.lastIndex(of: UInt8(ascii: "/"))
        // A colon before the last slash is a registry's port.
        let tag = tagAt.flatMap { at in
            slash.map { $0 < at } ?? true ? String(image.value[name.index(after: at)...]) : nil
        }
        let moves =
            tag.map { "the tag `\(printable($0))` may name another image tomorrow" } ?? "without a tag it is `latest`"
        findings.add(
            Diagnostic(
                .imageWithoutDigest, "the image has no digest: \(moves)", at: image.span.firstLine,
                help: "write `\(printable(image.value))@sha256:…`, as `docker image inspect` tells it"))
    }
}
