internal import ImflowContent
internal import ImflowExecution
internal import ImflowJSON

/// The object of several stages' results, each under its stage's key: what ``Binder`` would bind, put together from the
/// stored texts, so that results of any size are gathered. Only a result that is an object is read whole, since it may have
/// the value as a member.
struct ResultGathering {
    let content: ContentStore

    /// Nil when the context is no mere list of named results.
    func payload(_ context: InputContext, consumer: String) throws(Failure) -> Payload? {
        guard context.key == nil, context.when == nil, context.jobInput == nil, context.literal == .object([:]) else {
            return nil
        }
        var results: [String: Payload] = [:]
        for source in context.sources.reversed() {
            guard let key = source.outputKey else { return nil }
            results[key] = source.result
        }
        let writer = ContentWriter(content: content)
        try writer.put("{")
        for key in results.keys.sorted(by: { $0.utf16.lexicographicallyPrecedes($1.utf16) }) {
            guard let result = results[key] else { continue }
            try writer.put((writer.size > 1 ? "," : "") + JSONValue.string(key).canonicalText + ":")
            try copy(result, key, to: writer, what: "\(consumer): the result of `\(key)`")
        }
        try writer.put("}")
        return try writer.payload()
    }

    private func copy(_ result: Payload, _ key: String, to writer: ContentWriter, what: String) throws(Failure) {
        var depth = NestingDepth()
        let reader: ContentReader
        do throws(ContentError) { reader = try ContentReader(result, content: content) } catch {
            throw Self.unreadable(result, what, error)
        }
        var isFirst = true
        while true {
            let piece: UnsafeRawBufferPointer?
            do throws(ContentError) { piece = try reader.next() } catch { throw Self.unreadable(result, what, error) }
            guard let piece else { break }
            if isFirst, piece.first == UInt8(ascii: "{") {
                let value = try WholeValue.read(result, content: content, what)
                return try write(value[key] ?? value, to: writer, what: what)
            }
            isFirst = false
            depth.scan(piece)
            try writer.put(piece)
        }
        guard depth.deepest < JSONReader.maximumDepth else { throw Self.tooDeep(what) }
    }

    private func write(_ value: JSONValue, to writer: ContentWriter, what: String) throws(Failure) {
        let bytes = value.canonicalBytes()
        var depth = NestingDepth()
        bytes.withUnsafeBytes { depth.scan($0) }
        guard depth.deepest < JSONReader.maximumDepth else { throw Self.tooDeep(what) }
        try writer.put(bytes)
    }

    private static func unreadable(_ payload: Payload, _ what: String, _ error: ContentError) -> Failure {
        Failure(.infra, "\(what) (\(payload.hash)) cannot be read: \(error.sentence)")
    }

    private static func tooDeep(_ what: String) -> Failure {
        Failure(.app, "\(what) is nested too deeply to be a member of a result: \(JSONReader.maximumDepth) levels are kept")
    }
}
