import ImflowJSON

/// An element that its datatype does not take.
struct ElementProblem: Error {
    /// In row-major order.
    let index: Int
    let sentence: String

    init(_ index: Int, _ sentence: String) {
        self.index = index
        self.sentence = sentence
    }
}

/// Elements as Triton's extension for binary tensor data lays them out: little-endian, without gaps.
enum TensorBytes {
    /// Of any datatype but BYTES.
    static func bytes(of elements: [JSONValue], as type: TensorType) throws(ElementProblem) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(elements.count * (type.size ?? 1))
        for (index, element) in elements.enumerated() {
            let bits: UInt64
            if type == .bool {
                bits = try truth(element, index) ? 1 : 0
            } else if type.integers != nil {
                bits = UInt64(bitPattern: try integer(element, type, index))
            } else {
                bits = pattern(try real(element, type, index), type)
            }
            for byte in 0..<(type.size ?? 1) { bytes.append(UInt8(truncatingIfNeeded: bits >> (8 * byte))) }
        }
        return bytes
    }

    /// The elements as they are, once each fits the datatype, which is not BYTES.
    static func json(of elements: [JSONValue], as type: TensorType) throws(ElementProblem) -> [JSONValue] {
        var values: [JSONValue] = []
        values.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            if type == .bool {
                values.append(.bool(try truth(element, index)))
            } else if type.integers != nil {
                values.append(.int(try integer(element, type, index)))
            } else {
                guard try real(element, type, index).isFinite else {
                    throw ElementProblem(
                        index,
                        "is no finite number, which only a server with the extension "
                            + "\(OIPModel.binaryExtension) can be sent")
                }
                values.append(element)
            }
        }
        return values
    }

    /// Each behind its length.
    static func lengthPrefixed(_ strings: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = []
        for string in strings {
            let length = UInt32(truncatingIfNeeded: string.count)
            for byte in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: length >> (8 * byte))) }
            bytes += string
        }
        return bytes
    }

    /// The elements that these bytes are, of any datatype but BYTES; nil: their number is no whole one.
    static func elements(of bytes: ArraySlice<UInt8>, as type: TensorType) -> [JSONValue]? {
        guard let size = type.size, bytes.count % size == 0 else { return nil }
        var values: [JSONValue] = []
        values.reserveCapacity(bytes.count / size)
        var start = bytes.startIndex
        while start < bytes.endIndex {
            var bits: UInt64 = 0
            for byte in 0..<size { bits |= UInt64(bytes[start + byte]) << (8 * byte) }
            values.append(value(of: bits, type, size))
            start += size
        }
        return values
    }

    /// The strings that these bytes are; nil: a length leads beyond their end.
    static func strings(of bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>]? {
        var strings: [ArraySlice<UInt8>] = []
        var rest = bytes
        while !rest.isEmpty {
            guard rest.count >= 4 else { return nil }
            let length = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(4)
            guard rest.count >= length, strings.count < Tensor.elementLimit else { return nil }
            strings.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return strings
    }

    private static func value(of bits: UInt64, _ type: TensorType, _ size: Int) -> JSONValue {
        switch type {
        case .bool: return .bool(bits != 0)
        case .uint8, .uint16, .uint32: return .int(Int64(bits))
        case .uint64: return bits <= UInt64(Int64.max) ? .int(Int64(bits)) : .number(Double(bits))
        case .fp16: return real(Double(half(UInt16(bits))))
        case .fp32: return real(Double(Float(bitPattern: UInt32(bits))))
        case .fp64: return real(Double(bitPattern: bits))
        default:
            let shift = 64 - 8 * size
            return .int(Int64(bitPattern: bits << shift) >> shift)
        }
    }

    private static func real(_ value: Double) -> JSONValue {
        value.isFinite ? .number(value) : .string(NonFinite.text(value))
    }

    private static func truth(_ element: JSONValue, _ index: Int) throws(ElementProblem) -> Bool {
        if case .bool(let value) = element { return value }
        throw ElementProblem(index, "is \(element.kindName), and BOOL takes true and false")
    }

    private static func integer(
        _ element: JSONValue, _ type: TensorType, _ index: Int
    ) throws(ElementProblem) -> Int64 {
        guard let range = type.integers else { throw ElementProblem(index, "is no integer") }
        let number: Int64
        switch element {
        case .int(let value): number = value
        case .number(let value):
            // Beyond 2^53 nobody knows which integer was written.
            guard value.rounded() == value, value.magnitude <= 9_007_199_254_740_992 else {
                throw ElementProblem(index, "is \(element.text), and \(type.rawValue) takes integers to 2^63 - 1")
            }
            number = Int64(value)
        default: throw ElementProblem(index, "is \(element.kindName), and \(type.rawValue) takes integers")
        }
        guard range.contains(number) else {
            throw ElementProblem(
                index, "is \(number), and \(type.rawValue) takes \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private static func real(
        _ element: JSONValue, _ type: TensorType, _ index: Int
    ) throws(ElementProblem) -> Double {
        if case .string(let text) = element, let value = NonFinite.value(text) { return value }
        guard let value = element.doubleValue else {
            throw ElementProblem(index, "is \(element.kindName), and \(type.rawValue) takes numbers")
        }
        guard value.magnitude <= type.largest ?? .infinity else {
            throw ElementProblem(index, "is \(element.text), which is beyond \(type.rawValue)")
        }
        return value
    }

    private static func pattern(_ value: Double, _ type: TensorType) -> UInt64 {
        switch type {
        case .fp16: UInt64(Float16(value).bitPattern)
        case .fp32: UInt64(Float(value).bitPattern)
        default: value.bitPattern
        }
    }

    private static func half(_ bits: UInt16) -> Float { Float(Float16(bitPattern: bits)) }
}
