/// How deep lists and objects lie in each other, in JSON text that comes in pieces.
struct NestingDepth {
    private(set) var deepest = 0
    private var depth = 0
    private var isString = false
    private var isEscaped = false

    mutating func scan(_ text: UnsafeRawBufferPointer) {
        for byte in text {
            if isString {
                isString = isEscaped || byte != UInt8(ascii: "\"")
                isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isString = true
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                deepest = max(deepest, depth)
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            default: break
            }
        }
    }
}
