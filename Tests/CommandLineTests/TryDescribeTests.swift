import Foundation
import ImflowJSON
import Testing

/// `imflow try --describe` of servers that say what they take.
@Suite("imflow try --describe", .onThreads, .timeLimit(.minutes(10)))
struct TryDescribeTests {
    private let place: Workplace

    init() throws {
        place = try Workplace()
        try FileManager.default.createDirectory(atPath: place.path + "/tmp", withIntermediateDirectories: true)
    }

    /// A server whose answer to `GET /openapi.json` or `GET /v2/models/NAME` is `answer`: a Python expression of a status
    /// and bytes.
    private func server(_ name: String, _ callProtocol: String, answer: String, keys: String = "") throws {
        try place.write(
            "models/\(name)/serve.py",
            """
            import json, os, sys
            from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
            class Handler(BaseHTTPRequestHandler):
                def log_message(self, *words): pass
                def do_GET(self):
                    status, body = 200, b'{"status": "READY"}'
                    if self.path in ("/openapi.json", "/v2/models/\(name)"):
                        status, body = \(answer)
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
            print("serves", file=sys.stderr, flush=True)
            ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
            """)
        try place.write(
            "models/\(name)/model.yaml",
            "name: \(name)\nentrypoint: [python3, serve.py]\nprotocol: \(callProtocol)\n" + keys)
    }

    private func described(_ arguments: String...) throws -> Ended {
        let ended = try place.run(
            [Workplace.binary, "try", "--describe"] + arguments, environment: ["TMPDIR": place.path + "/tmp"])
        #expect(((try? FileManager.default.contentsOfDirectory(atPath: place.path + "/tmp")) ?? ["?"]).isEmpty)
        return ended
    }

    private static let schema = """
        200, json.dumps({"components": {"schemas": {
            "Input": {"type": "object", "title": "Input", "required": ["n"], "properties": {
                "n": {"type": "integer", "minimum": 0, "title": "N", "x-order": 0},
                "kind": {"allOf": [{"$ref": "#/components/schemas/Kind"}], "description": "no: yes\\u0085\\u202e", "default": "a"}}},
            "Kind": {"type": "string", "enum": ["a", "no", "0"]}, "Output": {"type": "string"}}}}).encode()
        """

    @Test("what the server says is held against the manifest, and the snippet, once pasted, makes them say the same")
    func snippet() throws {
        let manifest = "input_schema: {type: object, properties: {n: {type: string}}}\n"
        try server("differs", "cog", answer: Self.schema, keys: manifest)
        let text = try described("differs")
        #expect(text.code == 1, "\(text.errors)")
        #expect(text.output.contains("conflict input `n`: the manifest says"), "\(text.output)")
        #expect(text.output.contains("kind  anything {") && text.output.contains("(may be left out)"))
        #expect(text.output.contains("input `kind`: only the server names it"))
        #expect(text.errors.contains("log        │ serves"))
        let ended = try described("differs", "--output", "json")
        let json = try ended.json
        #expect(ended.code == 1 && json["source"] == "server")
        let kinds = (json["differences"]?.arrayValue ?? []).map { "\($0["member"]?.stringValue ?? "-") \($0["kind"]?.stringValue ?? "?")" }
        #expect(kinds == ["n conflict", "kind undeclared", "n different", "- undeclared"])
        let snippet = try #require(json["suggestion"]?.stringValue)
        #expect(text.output.contains(snippet))
        #expect(!text.output.contains("\u{202E}") && !text.output.contains("\u{85}"))

        try server("differs", "cog", answer: Self.schema, keys: snippet + "\n")
        let check = try place.imflow("check", "models/differs/model.yaml", "--fail-on", "warning")
        #expect(check.code == 0, "\(check.output)\(check.errors)")
        let same = try described("differs")
        #expect(same.code == 0 && same.output.contains("manifest and server say the same"), "\(same.output)")
    }

    @Test(
        "garbage, too much and refusals are told as what they are",
        arguments: [
            ("cog", "200, b'<html>'", 0, "what it answers is no JSON: “<html>”"),
            ("cog", "404, b''", 0, "it answers with status 404"),
            ("cog", "200, b'[]'", 0, "it has no #/components/schemas/Input and no #/components/schemas/Output"),
            ("cog", "200, b' ' * (5 << 20)", 1, "4194304 bytes"),
            ("oip", "200, b'<html>'", 1, "“<html>”"), ("oip", "200, b'{}'", 0, "it lists no inputs and no outputs"),
            ("oip", "200, b'[' * 100000", 1, "at GET /v2/models/m"), ("oip", "404, b''", 1, "with status 404"),
            ("oip", "200, b' ' * (5 << 20)", 1, "4194304 bytes"),
        ])
    func garbage(_ callProtocol: String, _ answer: String, _ code: Int32, _ words: String) throws {
        try server("m", callProtocol, answer: answer, keys: "input_schema: {type: object, properties: {n: {type: string}}}\n")
        let ended = try described("m")
        #expect(ended.code == code, "\(ended.errors)")
        #expect((ended.output + ended.errors).contains(words), "\(ended.output)\(ended.errors)")
        // What the manifest says is shown whatever the server says.
        #expect(ended.output.contains("n  string"))
    }

    @Test("a server that does not start is told with its log, and what the manifest says is shown all the same")
    func dead() throws {
        try server("m", "oip", answer: "200, b''")
        try place.write("models/m/serve.py", "import sys\nsys.exit('no weights')\n")
        let ended = try described("m", "--output", "json")
        #expect(ended.code == 1)
        #expect(ended.errors.contains("no weights"))
        #expect(try ended.json["source"] == "manifest")
    }
}
