import ImflowExecution
import ImflowJSON

/// Reading what a model answered.
enum ModelReply {
    /// One JSON value. Throws ``Failure`` with cause `app` that quotes the beginning of anything else.
    /// - Parameter origin: what holds the bytes, such as “on its standard output”.
    static func parse(_ bytes: [UInt8], model: String, origin: String) throws(Failure) -> JSONValue {
        do {
            return try JSONValue.parse(bytes)
        } catch {
            throw Failure(
                .app,
                "model \(model) wrote \(Quotation.beginning(of: bytes)) \(origin), which is not one JSON value: \(error)"
            )
        }
    }

    /// The result in the reply of a warm model: the value of its member `result`, else the reply itself.
    static func result(in reply: JSONValue) -> JSONValue { reply["result"] ?? reply }

    /// Whether there is nothing to read in `bytes`.
    static func isBlank(_ bytes: [UInt8]) -> Bool {
        bytes.allSatisfy { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
    }
}
