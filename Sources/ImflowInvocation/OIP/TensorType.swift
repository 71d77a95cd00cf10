import ImflowJSON

/// The datatypes of the Open Inference Protocol v2 that imflow knows.
enum TensorType: String, CaseIterable, Sendable {
    case bool = "BOOL"
    case int8 = "INT8"
    case int16 = "INT16"
    case int32 = "INT32"
    case int64 = "INT64"
    case uint8 = "UINT8"
    case uint16 = "UINT16"
    case uint32 = "UINT32"
    case uint64 = "UINT64"
    case fp16 = "FP16"
    case fp32 = "FP32"
    case fp64 = "FP64"
    case bytes = "BYTES"

    /// Bytes of one element in binary data; nil: each element says its own length.
    var size: Int? {
        switch self {
        case .bool, .int8, .uint8: 1
        case .int16, .uint16, .fp16: 2
        case .int32, .uint32, .fp32: 4
        case .int64, .uint64, .fp64: 8
        case .bytes: nil
        }
    }

    /// Of an integer type: what can be sent. JSON here keeps integers to 2^63 - 1, also those of UINT64.
    var integers: ClosedRange<Int64>? {
        switch self {
        case .int8: -0x80...0x7F
        case .int16: -0x8000...0x7FFF
        case .int32: -0x8000_0000...0x7FFF_FFFF
        case .int64: .min ... .max
        case .uint8: 0...0xFF
        case .uint16: 0...0xFFFF
        case .uint32: 0...0xFFFF_FFFF
        case .uint64: 0 ... .max
        case .bool, .fp16, .fp32, .fp64, .bytes: nil
        }
    }

    /// Of a floating-point type: the largest finite value.
    var largest: Double? {
        switch self {
        case .fp16: 65504
        case .fp32: Double(Float.greatestFiniteMagnitude)
        case .fp64: .greatestFiniteMagnitude
        default: nil
        }
    }

    /// The JSON Schema (draft-07) of one element.
    var schema: JSONObject {
        if self == .int64 { return ["type": "integer"] }
        if let integers {
            var schema: JSONObject = ["type": "integer", "minimum": .int(integers.lowerBound)]
            if self != .uint64 { schema["maximum"] = .int(integers.upperBound) }
            return schema
        }
        return ["type": self == .bool ? "boolean" : self == .bytes ? "string" : "number"]
    }
}

/// Numbers that JSON has no words for, in the words of Protocol Buffers' JSON mapping.
enum NonFinite {
    static func text(_ value: Double) -> String {
        value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity"
    }

    static func value(_ text: String) -> Double? {
        switch text {
        case "NaN": .nan
        case "Infinity": .infinity
        case "-Infinity": -.infinity
        default: nil
        }
    }
}
