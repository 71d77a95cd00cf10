import Foundation
import ImflowJSON
import Testing

@testable import ImflowInvocation

/// The parts of `oip` and `cog` that no server is needed for.
struct ProtocolPartsTests {
    @Test func base64IsThatOfFoundation() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37 + count) }
            let text = Base64.text(of: bytes)
            #expect(text == Data(bytes).base64EncodedString())
            #expect(Base64.bytes(of: text[...].utf8) == bytes)
        }
        #expect(Base64.bytes(of: "AAEC/w"[...].utf8) == [0, 1, 2, 255])
        let wrong = [
            "A", "AA=", "AAAAA", "A=AA", "AA*A", "AAA=A", "====", "A===", "AA=A", "=AAA", "AAAA====", "AA\n==", " AAA", "AA-_",
        ]
        for text in wrong { #expect(Base64.bytes(of: text[...].utf8) == nil) }
    }

    @Test func dataURIsKeepTheKindOfFile() {
        let text = DataURI.text(of: [1, 2, 3], name: "Page.One.PNG")
        #expect(text == "data:image/png;base64,AQID")
        #expect(DataURI.file(text)?.bytes == [1, 2, 3] && DataURI.file(text)?.ending == "png")
        #expect(DataURI.text(of: [], name: "none") == "data:application/octet-stream;base64,")
        #expect(DataURI.file("data:text/plain;charset=utf-8;base64,YQ==")?.ending == "txt")
        for text in ["data:,a", "data:text/plain;base64,%%", "data", "https://a/b;base64,AA=="] {
            #expect(DataURI.file(text) == nil)
        }
    }

    /// Every size of every datatype, at its edges.
    @Test func bytesOfElementsAreReadBack() throws {
        let edges: [(TensorType, [JSONValue])] = [
            (.bool, [true, false]), (.int8, [-128, 127, -1]), (.int16, [-32768, 32767]), (.int32, [-2_147_483_648, 5]),
            (.int64, [.int(.min), .int(.max)]), (.uint8, [0, 255]), (.uint16, [65535]), (.uint32, [4_294_967_295]),
            (.uint64, [0, .int(.max)]), (.fp16, [0.5, -65504, 0]), (.fp32, [1.5, -0.25]), (.fp64, [5e-300, 1e308]),
        ]
        for (type, values) in edges {
            let bytes = try TensorBytes.bytes(of: values, as: type)
            #expect(bytes.count == values.count * (type.size ?? 0))
            #expect(TensorBytes.elements(of: bytes[...], as: type) == values, "\(type)")
            #expect(TensorBytes.elements(of: (bytes + [0])[...], as: type) == nil || type.size == 1)
        }
        #expect(try TensorBytes.bytes(of: [258], as: .int32) == [2, 1, 0, 0])
        #expect(TensorBytes.elements(of: [255, 255, 255, 255, 255, 255, 255, 255], as: .uint64) == [.number(0x1p64)])
        #expect(throws: ElementProblem.self) { try TensorBytes.bytes(of: [.number(0x1p53 + 2)], as: .uint64) }
    }

    @Test func stringsThatLeadBeyondTheirBytesAreNone() {
        let whole = TensorBytes.lengthPrefixed([[65], [], [66, 67]])
        #expect(TensorBytes.strings(of: whole[...])?.map { Array($0) } == [[65], [], [66, 67]])
        for count in 1..<whole.count where count != 5 && count != 9 {
            #expect(TensorBytes.strings(of: whole.prefix(count)) == nil, "\(count)")
        }
        #expect(TensorBytes.strings(of: [255, 255, 255, 255, 0]) == nil)
    }

    @Test func shapesAreBounded() {
        #expect(Tensor.count(of: []) == 1)
        #expect(Tensor.count(of: [2, 3]) == 6)
        #expect(Tensor.count(of: [2, 0]) == 0)
        #expect(Tensor.count(of: [1 << 40, 0]) == nil)
        #expect(Tensor.count(of: [.max, .max]) == nil)
        #expect(Tensor.count(of: [-1]) == nil)
        #expect(Tensor.count(of: Array(repeating: 1, count: 33)) == nil)
    }

    @Test func nestedListsAndTensorsAreOne() throws {
        let values: [JSONValue] = [3, [], [[], []], [1, 2], [[[1], [2]], [[3], [4]]]]
        for value in values { #expect(try Tensor(value).value == value) }
        #expect(try Tensor([[], []]).shape == [2, 0])
        for value: JSONValue in [[[1], 2], [1, [2]], [[], [1]], [[1], []], [[[1]], [[1, 2]]]] {
            #expect(throws: TensorProblem.self) { try Tensor(value) }
        }
    }

    @Test func bareNumbersAreQuotedOutsideOfStrings() throws {
        let text = #"{"NaN": [NaN, -Infinity, Infinity, -1, null, "a NaN \" NaN"], "nan": [nan, -inf]}"#
        let value = try JSONValue.parse(BareNumbers.quoted(Array(text.utf8)))
        let expected: JSONValue = [
            "NaN": ["NaN", "-Infinity", "Infinity", -1, nil, "a NaN \" NaN"], "nan": ["NaN", "-Infinity"],
        ]
        #expect(value == expected)
        for broken in ["\"a\\", "-", "N", "["] { _ = BareNumbers.quoted(Array(broken.utf8)) }
    }

    @Test func componentsOfOpenAPIAreDraft07() throws {
        let document: JSONValue = [
            "components": [
                "schemas": [
                    "Input": [
                        "type": "object", "required": ["a"],
                        "properties": [
                            "a": ["$ref": "#/components/schemas/A"], "b": ["type": "integer", "nullable": true],
                            "f": ["anyOf": [["type": "string", "format": "uri"], ["type": "null"]]],
                        ],
                    ],
                    "A": ["enum": ["x", "y"]], "Unused": ["type": "string"],
                ]
            ]
        ]
        let ports = CogPorts(document)
        #expect(ports.names == ["a", "b", "f"])
        #expect(ports.complaint(of: ["a": "x", "b": nil]) == nil)
        #expect(ports.complaint(of: ["a": "z"]) != nil)
        #expect(ports.complaint(of: ["a": "x", "b": "1"]) != nil)
        #expect(ports.complaint(of: ["b": 1]) != nil)
        #expect(ports.takesFiles("f") && !ports.takesFiles("a"))
        #expect(ports.input?["definitions"]?.objectValue.map { Array($0.keys) } == ["A"])
        #expect(ports.output == nil)
    }

    @Test func aServerThatSaysNothingTakesAnything() {
        for document: JSONValue in [nil, [], ["components": 3], ["components": ["schemas": ["Input": [1]]]]] {
            let ports = CogPorts(document)
            #expect(ports.complaint(of: ["anything": 1]) == nil)
            #expect(ports.takesFiles("anything"))
        }
    }

    @Test func circlesOfReferencesEnd() {
        let schemas: JSONValue = ["Input": ["properties": ["a": ["$ref": "#/components/schemas/Input"]]]]
        let ports = CogPorts(["components": ["schemas": schemas]])
        #expect(ports.names == ["a"])
    }
}
