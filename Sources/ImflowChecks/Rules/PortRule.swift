package import ImflowDiagnostics
package import ImflowIR
import ImflowPlan

/// Ports can be listened on: not below 1024 by an ordinary user, and not by two at once.
package struct PortRule: Rule {
    package static let codes: [DiagnosticCode] = [.privilegedPort, .portTaken]

    private static let firstOrdinary = 1024

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        // In a container of its own a model may listen where it likes.
        if let manifest = scope.model?.manifest, manifest.image == nil, let port = manifest.port {
            checkPrivilege("port", port, into: &findings)
        }
        for block in scope.multiNodes where block.isEnabled {
            if let port = block.coordinationPort { checkPrivilege("coordination_port", port, into: &findings) }
        }
        for stage in scope.blockStages { checkTaken(stage, scope, into: &findings) }
    }

    private func checkPrivilege(_ key: String, _ port: Located<Int>, into findings: inout FindingList) {
        guard port.value < Self.firstOrdinary else { return }
        findings.add(
            Diagnostic(
                .privilegedPort, "`\(key)` is \(port.value): only root may listen below \(Self.firstOrdinary)",
                at: port.span, help: "choose a port from \(Self.firstOrdinary) on"))
    }

    /// The head of a gang listens for its peers, and as a model for requests.
    private func checkTaken(_ stage: ExpandedStage, _ scope: Scope, into findings: inout FindingList) {
        guard let block = stage.multiNode, block.gangs, let meeting = block.coordinationPort,
            let path = stage.modelPath,
            let manifest = scope.workspace.models[path]?.manifest
        else { return }
        let isServer = manifest.port != nil || manifest.image != nil
        let callProtocol = manifest.callProtocol?.value ?? (isServer ? .rest : .exec)
        guard callProtocol.isHTTP else { return }
        let port = manifest.port?.value ?? callProtocol.defaultPort
        guard port == meeting.value, scope.owns(meeting.span) else { return }
        findings.add(
            Diagnostic(
                .portTaken, "`coordination_port` and `port` are both \(port)", at: meeting.span,
                secondary: manifest.port.map { [Label($0.span, "where the model takes requests")] } ?? [],
                notes: manifest.port == nil ? ["`port` is not set, and \(port) by default"] : [],
                help: "choose another `coordination_port`"))
    }
}
