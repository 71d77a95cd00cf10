import ImflowJSON

/// What the client said it can do (LSP 3.17, "ClientCapabilities"), as far as answers depend on it.
struct ClientAbilities {
    var encoding = PositionEncoding.utf16
    var showsRelatedPlaces = false
    var showsTags = false
    var nestsSymbols = false
    var takesVersionedEdits = false
    var takesCodeActions = false
    var showsMarkdown = false
    var preparesRenames = false
    /// Whether it tells of files that change on the disk when asked to.
    var watchesFiles = false

    init() {}

    init(_ capabilities: JSONValue?) {
        let text = capabilities?["textDocument"]
        let workspace = capabilities?["workspace"]
        let encodings = capabilities?["general"]?["positionEncodings"]?.arrayValue ?? []
        encoding = PositionEncoding(offered: encodings.compactMap(\.stringValue))
        showsRelatedPlaces = text?["publishDiagnostics"]?["relatedInformation"]?.boolValue ?? false
        let tags = text?["publishDiagnostics"]?["tagSupport"]?["valueSet"]?.arrayValue ?? []
        showsTags = tags.contains(1)
        nestsSymbols = text?["documentSymbol"]?["hierarchicalDocumentSymbolSupport"]?.boolValue ?? false
        takesVersionedEdits = workspace?["workspaceEdit"]?["documentChanges"]?.boolValue ?? false
        takesCodeActions = text?["codeAction"]?["codeActionLiteralSupport"] != nil
        let formats = text?["hover"]?["contentFormat"]?.arrayValue ?? []
        showsMarkdown = formats.contains("markdown")
        preparesRenames = text?["rename"]?["prepareSupport"]?.boolValue ?? false
        watchesFiles = workspace?["didChangeWatchedFiles"]?["dynamicRegistration"]?.boolValue ?? false
    }
}
