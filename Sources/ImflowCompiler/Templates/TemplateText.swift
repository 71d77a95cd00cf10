/// The texts of ``ProjectTemplate``.
enum TemplateText {
    static func execManifest(_ name: String) -> String {
        """
        # A model: a program that answers one request. `imflow check` tells what is wrong in it.
        name: \(name)
        version: "0.1"
        description: Counts the words of a text.
        # Run once per request in this folder: the request on standard input, the result on standard output, as JSON.
        entrypoint: [python3, count.py]
        protocol: exec
        input_schema:
          type: object
          required: [text]
          properties:
            text: {type: string}
        output_schema:
          type: object
          properties:
            words: {type: integer}
        timeout: 30s

        """
    }

    static let countProgram = """
        #!/usr/bin/env python3
        \"\"\"Reads one request from standard input and writes its result to standard output.\"\"\"
        import json
        import sys

        request = json.load(sys.stdin)
        text = request["input"]["text"]
        json.dump({"words": len(text.split())}, sys.stdout)

        """

    static func textJob(_ name: String) -> String {
        """
        {
          "model": "\(name)",
          "input": { "text": "the quick brown fox jumps over the lazy dog" }
        }

        """
    }

    static func restManifest(_ name: String) -> String {
        """
        # A model that is a server: started once, kept warm, called for each unit. `imflow check` tells what is wrong in it.
        name: \(name)
        version: "0.1"
        description: Measures each text of a list.
        entrypoint: serve.py
        runtime: python3
        protocol: rest
        port: 9000
        path: /inference
        health: /health
        # The list in the input is cut into units of one item; the answers are joined into one list.
        multi_node:
          split_mode: batch
          batch_size: 1
          max_shards: 2
          merge_strategy: concat-json
        timeout: 30s

        """
    }

    static let serverProgram = """
        #!/usr/bin/env python3
        \"\"\"Answers requests on the port that imflow chose: GET /health when ready, POST /inference for each unit.\"\"\"
        import json
        import os
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, status, value):
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                self.answer(200 if self.path == "/health" else 404, {})

            def do_POST(self):
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                texts = request["input"]["texts"]
                self.answer(200, {"result": [{"text": text, "length": len(text)} for text in texts]})

            def log_message(self, *arguments):
                pass


        # In a container, listen on every address: "" in place of 127.0.0.1.
        ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "9000"))), Handler).serve_forever()

        """

    static func listJob(_ name: String) -> String {
        """
        {
          "model": "\(name)",
          "input": { "texts": ["one", "two", "three", "four"] }
        }

        """
    }

    static func pipelineManifest(_ name: String) -> String {
        """
        # A pipeline: a model made of other models. Without `needs` its stages are a chain in this order.
        name: \(name)
        version: "0.1"
        description: Cleans a text, then counts its words.
        chained_models:
          - name: clean
            model_id: \(name)-clean
            input_key: text
            output_key: text
          - name: count
            model_id: \(name)-count
            input_key: text

        """
    }

    static func cleanManifest(_ name: String) -> String {
        """
        name: \(name)-clean
        description: Drops everything but letters, digits and spaces.
        entrypoint: [python3, clean.py]
        output_schema:
          type: object
          properties:
            text: {type: string}
        timeout: 30s

        """
    }

    static let cleanProgram = """
        #!/usr/bin/env python3
        \"\"\"Reads one request from standard input and writes its result to standard output.\"\"\"
        import json
        import sys

        request = json.load(sys.stdin)
        text = request["input"]["text"]
        json.dump({"text": "".join(c for c in text if c.isalnum() or c.isspace())}, sys.stdout)

        """

    static func stageCountManifest(_ name: String) -> String {
        """
        name: \(name)-count
        description: Counts the words of a text.
        entrypoint: [python3, count.py]
        output_schema:
          type: object
          properties:
            words: {type: integer}
        timeout: 30s

        """
    }
}
