import ImflowCompiler
import ImflowDiagnostics
import ImflowJSON

extension LanguageServer {
    /// `TextEdit`s that lay a manifest or a job out as `imflow fmt` does; none when it is so already. Of a text that
    /// cannot be read the findings say why, so that a save with formatting draws no message of its own.
    func formatting(_ document: Document) throws(RPCError) -> JSONValue {
        guard document.kind != .settings else { return .null }
        let source = Source(name: document.path, bytes: document.text)
        switch ManifestFormatter.format(source) {
        case .unreadable, .left: return .null
        case .failed(let reason): throw RPCError(.requestFailed, reason)
        case .formatted(let text):
            guard text != document.text else { return [] }
            let whole = TextPositions(source, client.encoding).json(0..<document.text.count)
            return [["range": whole, "newText": .string(String(decoding: text, as: UTF8.self))]]
        }
    }
}
