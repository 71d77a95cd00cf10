import ImflowCompiler
import ImflowDiagnostics
import ImflowIR
import ImflowJSON

/// Requests about open documents.
extension LanguageServer {
    mutating func answerFeature(_ method: String, _ params: JSONValue) throws(RPCError) -> JSONValue {
        if Self.methods.contains(method), try document(params).kind == nil { return .null }
        switch method {
        case "textDocument/hover": return try hover(try place(params))
        case "textDocument/completion": return completion(try place(params))
        case "textDocument/definition": return definition(try place(params))
        case "textDocument/references":
            let isWithDeclaration = params["context"]?["includeDeclaration"]?.boolValue ?? true
            return references(try place(params), isWithDeclaration: isWithDeclaration)
        case "textDocument/prepareRename": return try prepareRename(try place(params))
        case "textDocument/rename": return try rename(try place(params), params["newName"]?.stringValue)
        case "textDocument/documentSymbol": return documentSymbols(try document(params))
        case "textDocument/formatting": return try formatting(try document(params))
        case "textDocument/codeAction": return try codeActions(try document(params), params)
        default: throw RPCError(.methodNotFound, "no method is `\(method.prefix(64))`")
        }
    }

    private static let methods = Set(
        [
            "hover", "completion", "definition", "references", "prepareRename", "rename", "documentSymbol", "codeAction",
            "formatting",
        ].map { "textDocument/" + $0 })

    /// A place in an open document, as it is now.
    struct Place {
        var document: Document
        var analysis: Document.Analysis
        var offset: Int

        var keys: FileKeys { document.keys }
        var positions: TextPositions { analysis.positions }
        var source: Source { analysis.tree.source }

        func text(_ range: Range<Int>) -> String { String(decoding: source.bytes[range], as: UTF8.self) }
    }

    private mutating func place(_ params: JSONValue) throws(RPCError) -> Place {
        let uri = try document(params).uri
        guard let analysis = analysis(uri), let document = documents[uri] else {
            throw RPCError(.requestFailed, "\(uri) cannot be read")
        }
        let offset = try analysis.positions.offset(params["position"])
        return Place(document: document, analysis: analysis, offset: offset)
    }

    /// A `TextEdit` of the protocol.
    static func edit(_ range: Range<Int>, _ text: String, _ positions: TextPositions) -> JSONValue {
        ["range": positions.json(range), "newText": .string(text)]
    }

    /// A `WorkspaceEdit` of the protocol.
    func workspaceEdit(_ edits: [(uri: String, edits: [JSONValue])]) -> JSONValue {
        guard client.takesVersionedEdits else {
            let changes = edits.map { ($0.uri, JSONValue.array($0.edits)) }
            return ["changes": .object(JSONObject(changes, uniquingKeysWith: { first, _ in first }))]
        }
        return [
            "documentChanges": .array(
                edits.map { change in
                    let version = documents[change.uri]?.version.map { JSONValue.int(Int64($0)) } ?? .null
                    return [
                        "textDocument": ["uri": .string(change.uri), "version": version],
                        "edits": .array(change.edits),
                    ]
                })
        ]
    }
}
