import ImflowJSON
import ImflowPlan
import Testing

@testable import ImflowInvocation

/// What a server says that its model takes and gives, beside what the manifest says.
struct PortComparisonTests {
    private func tensors(_ inputs: JSONValue, _ outputs: JSONValue = []) -> ModelPorts {
        let server = OIPModel(metadata: ["inputs": inputs, "outputs": outputs], server: .null)
        return ModelPorts(server, of: model())
    }

    private func cog(_ input: JSONValue, _ output: JSONValue = ["type": "string"], others: JSONObject = [:]) -> ModelPorts {
        var schemas = others
        (schemas["Input"], schemas["Output"]) = (input, output)
        return ModelPorts(CogPorts(["components": ["schemas": .object(schemas)]]))
    }

    private func model(_ input: JSONValue? = nil, _ output: JSONValue? = nil) -> ModelPlan {
        ModelPlan(
            name: "m", folder: "/m", command: ["x"], callProtocol: .oip, path: "/v2/models/m", inputSchema: input,
            outputSchema: output)
    }

    private static let port: JSONValue = ["name": "x", "datatype": "FP32", "shape": [-1, 2]]

    private func found(_ comparison: PortComparison) -> [String] {
        comparison.differences.map { "\($0.side.rawValue) \($0.member ?? "-") \($0.kind.rawValue)" }
    }

    private func object(_ properties: JSONValue, required: JSONValue = []) -> JSONValue {
        ["type": "object", "properties": properties, "required": required]
    }

    @Test func aBatchAndOneItemAreBothWhatAPortTakes() {
        let row: JSONValue = ["type": "array", "items": ["type": "number"], "minItems": 2, "maxItems": 2, "title": "a row"]
        for schema in [row, ["type": "array", "items": row]] as [JSONValue] {
            let comparison = PortComparison(of: model(object(["x": schema])), with: tensors([Self.port]))
            #expect(found(comparison).isEmpty && comparison.input == nil)
        }
        let scalar = PortComparison(
            of: model(object(["x": ["type": "number"]])), with: tensors([["name": "x", "datatype": "FP32", "shape": [-1, 1]]]))
        #expect(found(scalar).isEmpty)
        let long = PortComparison(
            of: model(object(["x": ["type": "array", "items": ["type": "number"], "minItems": 3]])), with: tensors([Self.port]))
        #expect(found(long) == ["input x conflict"])
    }

    @Test func whatNeverFitsIsAConflictAndTheRestADifference() {
        let cases: [(JSONValue, [String], agrees: Bool)] = [
            (["x": ["type": "string"]], ["input x conflict"], false),
            (["x": ["type": "array"]], ["input x different"], true),
            (["y": ["type": "number"]], ["input y conflict", "input x undeclared"], false),
            ([:], ["input x undeclared"], true),
            (["parameters": ["type": "object"]], ["input x undeclared"], true),
        ]
        for (properties, differences, agrees) in cases {
            let comparison = PortComparison(of: model(object(properties)), with: tensors([Self.port]))
            #expect(found(comparison) == differences)
            #expect(comparison.agrees == agrees)
            #expect(comparison.input?["properties"]?["x"] != nil)
            #expect(comparison.input?["additionalProperties"] == nil)
        }
        let closed: JSONValue = ["type": "object", "additionalProperties": false]
        let comparison = PortComparison(of: model(closed), with: cog(object(["n": ["type": "integer"]], required: ["n"])))
        #expect(found(comparison).first == "input n conflict")
    }

    @Test func suggestionsKeepTheAuthorsWords() {
        let own = object(
            ["n": ["type": "string", "description": "how many"], "same": ["type": "string", "description": "mine"]],
            required: ["same"])
        let theirs = object(
            [
                "n": ["type": "integer", "maximum": 5, "title": "N", "x-order": 0], "same": ["type": "string"],
                "new": ["allOf": [["$ref": "#/components/schemas/Kind"]], "description": "of these"],
            ], required: ["n"])
        let comparison = PortComparison(
            of: model(own, ["type": "string"]),
            with: cog(theirs, others: ["Kind": ["title": "Kind", "type": "string", "enum": ["a", "b"]]]))
        #expect(found(comparison) == ["input n conflict", "input new undeclared", "input n different"])
        #expect(
            comparison.input
                == [
                    "type": "object",
                    "properties": [
                        "n": ["type": "integer", "maximum": 5, "description": "how many"],
                        "same": ["type": "string", "description": "mine"],
                        "new": ["type": "string", "enum": ["a", "b"], "description": "of these"],
                    ], "required": ["n", "same"],
                ])
        #expect(comparison.output == nil)
        let again = PortComparison(
            of: model(comparison.input, ["type": "string"]),
            with: cog(theirs, others: ["Kind": ["title": "Kind", "type": "string", "enum": ["a", "b"]]]))
        #expect(found(again).isEmpty)
    }

    @Test func outputsThatAreRequiredMustBeGiven() {
        let outputs: JSONValue = [["name": "score", "datatype": "FP64", "shape": [1]]]
        let ports = tensors([], outputs)
        #expect(ports.input == nil && ports.remark == "it lists no inputs")
        let required = object(["label": ["type": "string"], "score": ["type": "number"]], required: ["label"])
        let comparison = PortComparison(of: model(nil, required), with: ports)
        #expect(found(comparison) == ["output label conflict"])
        #expect(comparison.input == nil)
    }

    /// A schema that names itself, or grows when it is written out, is left as it is.
    @Test func endlessSchemasEnd() throws {
        let tree: JSONValue = ["type": "object", "properties": ["left": ["$ref": "#/components/schemas/Tree"]]]
        let comparison = PortComparison(
            of: model(object(["t": ["type": "array"]])), with: cog(object(["t": ["$ref": "#/components/schemas/Tree"]]), others: ["Tree": tree]))
        #expect(found(comparison) == ["input t conflict", "output - undeclared"])
        #expect(comparison.input?["definitions"]?["Tree"] != nil)
        var others: JSONObject = [:]
        for level in 0..<40 {
            let next: JSONValue = ["$ref": .string("#/components/schemas/L\(level + 1)")]
            others["L\(level)"] = ["type": "object", "properties": ["a": next, "b": next]]
        }
        let growing = PortComparison(
            of: model(object(["t": ["type": "string"]])),
            with: cog(object(["t": ["$ref": "#/components/schemas/L0"]]), others: others))
        #expect(found(growing).count == 2 && growing.input?["properties"]?["t"] != nil)
    }

    @Test func strangePortsDoNotCrash() {
        let ports: JSONValue = [
            ["name": "x", "datatype": "FP32", "shape": [0]], ["name": "x", "datatype": 7, "shape": "?"], 1, ["name": 2],
            ["name": "\u{1b}[2J", "datatype": "INT8", "shape": .array((0..<100).map { .int($0 % 2 == 0 ? .max : .min) })],
        ]
        let comparison = PortComparison(of: model(object(["x": true])), with: tensors(ports, ["a", [:]]))
        #expect(comparison.input?["properties"]?.objectValue?.count == 2)
    }
}
