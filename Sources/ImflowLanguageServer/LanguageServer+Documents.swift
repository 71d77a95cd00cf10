import ImflowCompiler
import ImflowDiagnostics
import ImflowJSON
import ImflowSyntax

/// Documents that come, change and go.
extension LanguageServer {
    /// A notification. What cannot be taken is logged, since a notification has no answer.
    mutating func takeChange(_ method: String, _ params: JSONValue) {
        do throws(RPCError) {
            switch method {
            case "textDocument/didOpen": try open(params["textDocument"])
            case "textDocument/didChange": try change(params)
            case "textDocument/didClose": close(try document(params).uri)
            case "textDocument/didSave": saved()
            case "workspace/didChangeWatchedFiles": filesChanged(params)
            case "workspace/didChangeWorkspaceFolders": foldersChanged(params["event"])
            default: break
            }
        } catch {
            log("\(method): \(error.message)")
        }
    }

    /// The open document that a request is about.
    func document(_ params: JSONValue) throws(RPCError) -> Document {
        guard let uri = params["textDocument"]?["uri"]?.stringValue else {
            throw RPCError(.invalidParams, "`textDocument.uri` is missing")
        }
        guard let document = documents[uri] else { throw RPCError(.invalidParams, "\(uri) is not open") }
        return document
    }

    private mutating func open(_ item: JSONValue?) throws(RPCError) {
        guard let uri = item?["uri"]?.stringValue, let text = item?["text"]?.stringValue else {
            throw RPCError(.invalidParams, "`textDocument` has a `uri` and a `text`")
        }
        guard documents.count < Self.maximumDocuments || documents[uri] != nil else {
            throw RPCError(.invalidParams, "more than \(Self.maximumDocuments) documents are open")
        }
        let path = session.identity(of: DocumentURI.path(uri, in: session.currentFolder))
        let document = Document(uri: uri, path: path, version: item?["version"]?.intValue, text: Array(text.utf8))
        documents[uri] = document
        guard document.kind != nil else { return }
        session.show(document.text, at: path)
        // What others said of the file while it was closed, it now says itself.
        let plain = PathText.fileURL(path)
        if plain != uri, told[plain] != nil { publish(plain, []) }
        told[plain] = nil
        told[uri] = nil
        touch(uri)
        doubtOthers()
    }

    private mutating func change(_ params: JSONValue) throws(RPCError) {
        let document = try document(params)
        guard let changes = params["contentChanges"]?.arrayValue else {
            throw RPCError(.invalidParams, "`contentChanges` is missing")
        }
        var text = document.text
        for change in changes { try Self.apply(change, to: &text, client.encoding) }
        let version = params["textDocument"]?["version"]?.intValue
        documents[document.uri]?.replace(text, version: version)
        guard document.kind != nil else { return }
        session.show(text, at: document.path)
        touch(document.uri)
        // Nobody refers to a job.
        if document.kind != .job { doubtOthers() }
    }

    /// Lays one change over a text: a range's new content, or all of it.
    static func apply(
        _ change: JSONValue, to text: inout [UInt8], _ encoding: PositionEncoding
    ) throws(RPCError) {
        guard let new = change["text"]?.stringValue else { throw RPCError(.invalidParams, "a change has a `text`") }
        guard let range = change["range"], range != .null else {
            text = Array(new.utf8)
            return
        }
        let bytes = try TextPositions(Source(name: "", bytes: text), encoding).range(range)
        text.replaceSubrange(bytes, with: new.utf8)
    }

    private mutating func close(_ uri: String) {
        guard let document = documents.removeValue(forKey: uri), document.kind != nil else { return }
        recent.removeAll { $0 == uri }
        let isStillOpen = documents.values.first { $0.path == document.path }
        session.show(isStillOpen?.text, at: document.path)
        forgetElsewhere(of: uri)
        publish(uri, [])
        told[uri] = nil
        for other in recent { documents[other]?.doubt() }
    }

    /// A client that does not watch files tells of the disk only in this way.
    private mutating func saved() {
        guard !client.watchesFiles else { return }
        session.forgetAll()
        doubtAll()
    }

    private mutating func filesChanged(_ params: JSONValue) {
        let uris = (params["changes"]?.arrayValue ?? []).compactMap { $0["uri"]?.stringValue }
        session.diskChanged(uris.compactMap(DocumentURI.path).flatMap { [$0, session.identity(of: $0)] })
        doubtAll()
    }

    private mutating func foldersChanged(_ event: JSONValue?) {
        let removed = Set((event?["removed"]?.arrayValue ?? []).compactMap { folder($0["uri"]) })
        folders.removeAll { removed.contains($0) }
        for added in (event?["added"]?.arrayValue ?? []).compactMap({ folder($0["uri"]) })
        where !folders.contains(added) { folders.append(added) }
    }

    private mutating func touch(_ uri: String) {
        recent.removeAll { $0 == uri }
        recent.append(uri)
    }

    private mutating func doubtOthers() { for uri in recent.dropLast() { documents[uri]?.doubt() } }

    private mutating func doubtAll() {
        for uri in recent {
            documents[uri]?.doubt()
            documents[uri]?.analysis = nil
        }
    }

    /// What is known of a document's text now.
    mutating func analysis(_ uri: String) -> Document.Analysis? {
        guard let document = documents[uri] else { return nil }
        if let known = document.analysis { return known }
        guard let file = session.file(document.path) else { return nil }
        let analysis = Document.Analysis(
            tree: parse(file.source).tree, file: file, positions: TextPositions(file.source, client.encoding))
        documents[uri]?.analysis = analysis
        if analysis.tree.isComplete { documents[uri]?.lastGood = analysis }
        return analysis
    }

    /// The URI of a file: as the editor names it, when it is open.
    func uri(_ path: String) -> String {
        documents.values.first { $0.path == path }?.uri ?? PathText.fileURL(path)
    }
}
