/// The texts of templates whose models stay warm.
extension TemplateText {
    static func lineManifest(_ name: String) -> String {
        """
        # A model that is a program which stays: a line in, a line out. `imflow check` tells what is wrong in it.
        name: \(name)
        version: "0.1"
        description: Measures each text of a list.
        entrypoint: [python3, measure.py]
        protocol: jsonl
        input_schema:
          type: object
          required: [texts]
          properties:
            texts: {type: array, items: {type: string}}
        # The list in the input is cut into units of one item; the answers are joined into one list.
        multi_node:
          split_mode: batch
          batch_size: 1
          max_shards: 2
          merge_strategy: concat-json
        timeout: 30s

        """
    }

    static let lineProgram = """
        #!/usr/bin/env python3
        \"\"\"Loads once, then answers each line of standard input with one line on standard output.\"\"\"
        import json
        import sys

        print("loaded", file=sys.stderr)
        for line in sys.stdin:
            texts = json.loads(line)["input"]["texts"]
            print(json.dumps({"result": [{"text": text, "length": len(text)} for text in texts]}), flush=True)

        """

    static func tensorManifest(_ name: String) -> String {
        """
        # A model behind MLServer, a server of the Open Inference Protocol. `imflow try . --describe` asks it for its ports.
        name: \(name)
        version: "0.1"
        description: Measures each text of a list.
        entrypoint: [./serve]
        protocol: oip
        input_schema:
          type: object
          required: [texts]
          properties:
            texts: {type: array, items: {type: string}}
        output_schema:
          type: object
          properties:
            lengths: {type: array, items: {type: integer}}
        timeout: 60s

        """
    }

    static func tensorSettings(_ name: String) -> String {
        """
        {
          "name": "\(name)",
          "implementation": "measure.Measure",
          "inputs": [{ "name": "texts", "datatype": "BYTES", "shape": [-1] }],
          "outputs": [{ "name": "lengths", "datatype": "INT64", "shape": [-1] }]
        }

        """
    }

    static let tensorProgram = """
        \"\"\"A runtime of MLServer: texts to their lengths.\"\"\"
        from mlserver import MLModel
        from mlserver.codecs import StringCodec
        from mlserver.types import InferenceRequest, InferenceResponse, ResponseOutput


        class Measure(MLModel):
            async def predict(self, payload: InferenceRequest) -> InferenceResponse:
                lengths = [len(text) for text in StringCodec.decode_input(payload.inputs[0])]
                output = ResponseOutput(name="lengths", shape=[len(lengths)], datatype="INT64", data=lengths)
                return InferenceResponse(model_name=self.name, outputs=[output])

        """

    static let tensorServe = """
        #!/bin/sh
        # imflow tells an MLServer where to listen by MLSERVER_HTTP_PORT.
        export MLSERVER_PARALLEL_WORKERS=0
        exec .venv/bin/python -c 'from mlserver.cli import main; main()' start .

        """

    static func predictorManifest(_ name: String) -> String {
        """
        # A predictor for Cog. An image that `cog build` made needs nothing but `image` and `protocol: cog`; here its server
        # runs as a process. `imflow try . --describe` asks it what it takes.
        name: \(name)
        version: "0.1"
        description: Counts the words of a text.
        entrypoint: [./serve]
        protocol: cog
        env:
          # What `cog build` writes into its images, as it does .cog/openapi_schema.json.
          COG_PREDICT_TYPE_STUB: predict.py:Predictor
        input_schema:
          type: object
          required: [text]
          properties:
            text: {type: string, description: The text}
        output_schema: {type: integer}
        timeout: 60s

        """
    }

    static let predictorProgram = """
        \"\"\"A predictor for Cog: how many words a text has.\"\"\"
        from cog import BasePredictor, Input


        class Predictor(BasePredictor):
            def predict(self, text: str = Input(description="The text")) -> int:
                return len(text.split())

        """

    static let predictorSchema = """
        {
          "openapi": "3.0.2",
          "info": { "title": "Cog", "version": "0.1.0" },
          "paths": {},
          "components": {
            "schemas": {
              "Input": {
                "title": "Input",
                "type": "object",
                "required": ["text"],
                "properties": { "text": { "title": "Text", "type": "string", "description": "The text", "x-order": 0 } }
              },
              "Output": { "title": "Output", "type": "integer" }
            }
          }
        }

        """

    static let predictorServe = """
        #!/bin/sh
        # imflow tells the server where to listen by PORT. Cog finds the Python of its worker by PATH.
        export PATH="$PWD/.venv/bin:$PATH"
        exec python -m cog.server.http --host 127.0.0.1

        """

    static let predictorSettings = """
        build:
          python_version: "3.11"
        predict: "predict.py:Predictor"

        """
}
