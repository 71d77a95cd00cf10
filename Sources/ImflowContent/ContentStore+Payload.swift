package import ImflowExecution
package import ImflowJSON

extension ContentStore {
    /// The value's canonical bytes, inline up to ``Payload/inlineLimit``, else stored. What no reader would take back
    /// is refused: a value nested deeper than ``JSONReader/maximumDepth``, or a number that is not finite.
    package func payload(_ value: JSONValue) throws(ContentError) -> Payload {
        if let reason = Self.objection(to: value, depth: 0) {
            throw ContentError(.other, path: folder, "the value cannot be stored: \(reason)")
        }
        let bytes = value.canonicalBytes()
        guard bytes.count > Payload.inlineLimit else {
            let text = String(decoding: bytes, as: UTF8.self)
            return Payload(hash: ContentHash(of: bytes), size: bytes.count, inline: text)
        }
        return Payload(hash: try put(bytes), size: bytes.count, inline: nil)
    }

    /// Reads a payload back; its bytes, inline ones too, are re-hashed before they are trusted.
    package func value(of payload: Payload) throws(ContentError) -> JSONValue {
        let bytes: [UInt8]
        if let inline = payload.inline {
            bytes = Array(inline.utf8)
            guard ContentHash(of: bytes) == payload.hash else {
                throw ContentError(.corrupt, path: folder, "the inline value of \(payload.hash) holds other bytes")
            }
        } else {
            bytes = try read(payload.hash, limit: max(payload.size, 0))
        }
        do {
            return try JSONValue.parse(bytes)
        } catch {
            throw ContentError(.corrupt, path: path(of: payload.hash), "\(payload.hash) is not JSON: \(error)")
        }
    }

    /// Reads a payload back that has at most `limit` bytes; a larger one, called `what`, is an error.
    package func value(of payload: Payload, limit: Int, what: String) throws(ContentError) -> JSONValue {
        guard payload.size <= limit else {
            throw ContentError(
                .other, path: path(of: payload.hash),
                "\(what) (\(payload.hash)) has \(payload.size) bytes, more than the \(limit >> 20) MiB that are read at once")
        }
        return try value(of: payload)
    }

    private static func objection(to value: JSONValue, depth: Int) -> String? {
        switch value {
        case .number(let number): return number.isFinite ? nil : "it has a number that is not finite"
        case .array(let items):
            if depth >= JSONReader.maximumDepth { return "it is nested deeper than \(JSONReader.maximumDepth) levels" }
            for item in items { if let reason = objection(to: item, depth: depth + 1) { return reason } }
        case .object(let members):
            if depth >= JSONReader.maximumDepth { return "it is nested deeper than \(JSONReader.maximumDepth) levels" }
            for member in members.values { if let reason = objection(to: member, depth: depth + 1) { return reason } }
        default: break
        }
        return nil
    }
}
