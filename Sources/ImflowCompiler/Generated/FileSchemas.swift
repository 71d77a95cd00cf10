// Made by Tools/generate from Grammar/keys.yaml. Do not edit.

extension FileSchema {
    static let modelText = #"""
        {
          "$schema": "http://json-schema.org/draft-07/schema#",
          "title": "imflow model.yaml",
          "description": "A model: a program or a container that answers one request, or, with `chained_models`, a pipeline of other models. The file is called `model.yaml`, `imflow.yaml` or `*.imflow.yaml`.",
          "type": "object",
          "properties": {
            "name": {
              "description": "What jobs and pipelines refer to. Default: the folder's name.",
              "type": "string",
              "pattern": "^[a-z0-9][a-z0-9._-]{0,62}$",
              "examples": [
                "asr-v1"
              ]
            },
            "version": {
              "description": "The model's version, free text or semver. A reference `id@version` asks for it.",
              "type": [
                "string",
                "number"
              ],
              "examples": [
                "1.4.0"
              ]
            },
            "description": {
              "description": "Shown to people.",
              "type": "string"
            },
            "labels": {
              "description": "Shown to people.",
              "type": "object",
              "additionalProperties": {
                "type": "string"
              },
              "maxProperties": 10000,
              "examples": [
                {
                  "team": "vision"
                }
              ]
            },
            "image": {
              "description": "OCI reference of the container image that the model runs in. Default: a process in the model's folder.",
              "type": "string",
              "minLength": 1,
              "examples": [
                "registry.example.org/asr:1.4"
              ]
            },
            "entrypoint": {
              "description": "What is started. A list is the argv; a string is split into words as a shell does, and is run by `runtime` where that is an interpreter: `python3.10` makes `serve.py` into `python3.10 serve.py`. Default: the image's own command.",
              "type": [
                "string",
                "array"
              ],
              "pattern": "\\S",
              "minItems": 1,
              "maxItems": 10000,
              "items": {
                "type": [
                  "string",
                  "number",
                  "boolean"
                ]
              },
              "examples": [
                "serve.py --port 9000",
                [
                  "./detect",
                  "--fast"
                ]
              ]
            },
            "runtime": {
              "description": "The interpreter of a string `entrypoint`, such as `python3.10`; any other word is only informative.",
              "type": [
                "string",
                "number"
              ],
              "examples": [
                "python3.10",
                "onnx"
              ]
            },
            "max_parallel": {
              "description": "Most calls of the model at once, over all stages of a job. Default: as many as there are slots.",
              "type": "integer",
              "minimum": 1,
              "maximum": 65536,
              "examples": [
                2
              ]
            },
            "network": {
              "description": "What the model's container may reach. `imflow plan` shows a model that reaches out.",
              "type": "string",
              "enum": [
                "none",
                "outbound"
              ],
              "markdownEnumDescriptions": [
                "Nothing but the engine that calls it.",
                "Whatever the machine reaches, with a resolver for names; nobody reaches the container."
              ],
              "default": "none",
              "examples": [
                "outbound"
              ]
            },
            "protocol": {
              "description": "How the model is called. Default: `rest` with `port` or `image`, else `exec`.",
              "type": "string",
              "enum": [
                "rest",
                "exec",
                "jsonl",
                "oip",
                "cog"
              ],
              "markdownEnumDescriptions": [
                "An instance listens on `port` and answers `POST path`; it stays warm between requests.",
                "The program is started for each unit, with the request on its standard input.",
                "The program is started once; it reads a request a line and writes a reply a line.",
                "An instance is a server of the Open Inference Protocol v2, such as MLServer, Triton or KServe's.",
                "An instance is a server that Cog made; it is asked by `PUT /predictions/{id}`."
              ]
            },
            "port": {
              "description": "Where a server listens; without it, 8080 with `protocol: oip` and 5000 with `protocol: cog`.",
              "type": "integer",
              "minimum": 1,
              "maximum": 65535,
              "default": 9000
            },
            "path": {
              "description": "Where a server takes requests; without it, `/v2/models/` and the model's name with `protocol: oip`, and `/predictions` with `protocol: cog`.",
              "type": "string",
              "pattern": "^/",
              "default": "/inference"
            },
            "health": {
              "description": "What a server is asked until it is ready: 200 says so. Where a `rest` model answers 404, an open port is enough. Without it, `/v2/health/ready` with `protocol: oip` and `/health-check` with `protocol: cog`, which says its state.",
              "type": "string",
              "pattern": "^/",
              "default": "/health"
            },
            "concurrency": {
              "description": "How many requests one instance takes at once.",
              "type": "integer",
              "minimum": 1,
              "maximum": 1024,
              "default": 1
            },
            "min_instances": {
              "description": "How many warm instances are started with the first call of a job and kept even when idle, never more than there are slots.",
              "type": "integer",
              "minimum": 0,
              "maximum": 1024,
              "default": 0,
              "examples": [
                1
              ]
            },
            "max_instances": {
              "description": "Most warm instances at once. Default: as many as there are slots.",
              "type": "integer",
              "minimum": 1,
              "maximum": 1024,
              "examples": [
                2
              ]
            },
            "idle_timeout": {
              "description": "A warm instance beyond `min_instances` that nobody wanted for so long is stopped.",
              "type": [
                "string",
                "number"
              ],
              "pattern": "^([0-9]+(\\.[0-9]+)?d)?([0-9]+(\\.[0-9]+)?h)?([0-9]+(\\.[0-9]+)?m)?([0-9]+(\\.[0-9]+)?s)?([0-9]+(\\.[0-9]+)?ms)?$",
              "minLength": 2,
              "exclusiveMinimum": 0,
              "maximum": 31622400,
              "default": "120s",
              "examples": [
                "10m"
              ]
            },
            "start_timeout": {
              "description": "How long a warm instance may take from its start until it is ready and its hooks are done. An attempt's `timeout` does not run meanwhile.",
              "type": [
                "string",
                "number"
              ],
              "pattern": "^([0-9]+(\\.[0-9]+)?d)?([0-9]+(\\.[0-9]+)?h)?([0-9]+(\\.[0-9]+)?m)?([0-9]+(\\.[0-9]+)?s)?([0-9]+(\\.[0-9]+)?ms)?$",
              "minLength": 2,
              "exclusiveMinimum": 0,
              "maximum": 31622400,
              "default": "60s",
              "examples": [
                "5m"
              ]
            },
            "env": {
              "description": "Environment of the model. `${NAME}` in a value takes the submitter's variable, which is where secrets belong.",
              "type": "object",
              "additionalProperties": {
                "type": "string"
              },
              "maxProperties": 10000,
              "examples": [
                {
                  "MODE": "fast",
                  "TOKEN": "${MODEL_TOKEN}"
                }
              ]
            },
            "hooks": {
              "description": "Commands that are run inside a warm instance before its first request, or now and then.",
              "$ref": "#/definitions/hooks"
            },
            "resources": {
              "description": "What one attempt may use.",
              "$ref": "#/definitions/resources"
            },
            "requires": {
              "description": "Which nodes may run the model.",
              "$ref": "#/definitions/requires"
            },
            "input_schema": {
              "description": "JSON Schema (draft-07) of the model's input. It is checked before each call.",
              "$ref": "http://json-schema.org/draft-07/schema#",
              "examples": [
                {
                  "type": "object",
                  "required": [
                    "text"
                  ],
                  "properties": {
                    "text": {
                      "type": "string"
                    }
                  }
                }
              ]
            },
            "output_schema": {
              "description": "JSON Schema (draft-07) of the model's result. It is checked after each call.",
              "$ref": "http://json-schema.org/draft-07/schema#",
              "examples": [
                {
                  "type": "object",
                  "properties": {
                    "transcript": {
                      "type": "string"
                    }
                  }
                }
              ]
            },
            "multi_node": {
              "description": "How the model's input is cut into units and their results are merged, or which gang it runs as.",
              "$ref": "#/definitions/multi_node"
            },
            "chained_models": {
              "description": "Makes this manifest a pipeline of these stages. Without any `needs` they run in this order.",
              "type": "array",
              "items": {
                "$ref": "#/definitions/chained_model"
              },
              "maxItems": 10000,
              "examples": [
                [
                  {
                    "name": "transcription",
                    "model_id": "asr-v1",
                    "output_key": "transcript"
                  },
                  {
                    "name": "summarize",
                    "model_id": "summary-v1",
                    "input_key": "transcript"
                  }
                ]
              ]
            },
            "timeout": {
              "description": "How long one attempt may take. Default: no limit.",
              "type": [
                "string",
                "number"
              ],
              "pattern": "^([0-9]+(\\.[0-9]+)?d)?([0-9]+(\\.[0-9]+)?h)?([0-9]+(\\.[0-9]+)?m)?([0-9]+(\\.[0-9]+)?s)?([0-9]+(\\.[0-9]+)?ms)?$",
              "minLength": 2,
              "exclusiveMinimum": 0,
              "maximum": 31622400,
              "examples": [
                "30s"
              ]
            },
            "queue_timeout": {
              "description": "How long a task may wait between being ready and being started. Default: no limit.",
              "type": [
                "string",
                "number"
              ],
              "pattern": "^([0-9]+(\\.[0-9]+)?d)?([0-9]+(\\.[0-9]+)?h)?([0-9]+(\\.[0-9]+)?m)?([0-9]+(\\.[0-9]+)?s)?([0-9]+(\\.[0-9]+)?ms)?$",
              "minLength": 2,
              "exclusiveMinimum": 0,
              "maximum": 31622400,
              "examples": [
                "5m"
              ]
            },
            "job_timeout": {
              "description": "How long the whole job may take. Default: no limit.",
              "type": [
                "string",
                "number"
              ],
              "pattern": "^([0-9]+(\\.[0-9]+)?d)?([0-9]+(\\.[0-9]+)?h)?([0-9]+(\\.[0-9]+)?m)?([0-9]+(\\.[0-9]+)?s)?([0-9]+(\\.[0-9]+)?ms)?$",
              "minLength": 2,
              "exclusiveMinimum": 0,
              "maximum": 31622400,
              "examples": [
                "2h"
              ]
            },
            "retry": {
              "description": "How often the model's own failures are tried again, and when.",
              "$ref": "#/definitions/retry"
            },
            "hedge": {
              "description": "Whether stragglers among the shards of a split stage get a second attempt; `true`, or a mapping that says when.",
              "$ref": "#/definitions/hedge",
              "default": false,
              "examples": [
                true,
                {
                  "factor": 3,
                  "budget": 0.05
                }
              ]
            },
            "on_failure": {
              "description": "What becomes of a job with a stage that failed.",
              "type": "string",
              "enum": [
                "fail",
                "continue",
                "partial"
              ],
              "markdownEnumDescriptions": [
                "The job fails and stops.",
                "What does not need the stage goes on.",
                "The merge takes what there is, and the holes are reported."
              ],
              "default": "fail"
            },
            "min_success_ratio": {
              "description": "With `on_failure: partial`: the share of shards that must succeed.",
              "type": "number",
              "minimum": 0,
              "maximum": 1,
              "default": 0,
              "examples": [
                0.98
              ]
            },
            "cache": {
              "description": "Whether another job's result for the same work is reused.",
              "type": "boolean",
              "default": false
            }
          },
          "patternProperties": {
            "^x-": {}
          },
          "additionalProperties": false,
          "definitions": {
            "chained_model": {
              "description": "A stage of a pipeline, a member of `chained_models`: one call of a model.",
              "type": "object",
              "properties": {
                "name": {
                  "description": "The stage's name, unique in its graph. Default: the model's id, with `-2`, `-3` … when repeated.",
                  "type": "string",
                  "pattern": "^[a-z0-9][a-z0-9._-]{0,62}$"
                },
                "model_id": {
                  "description": "The model that the stage calls.",
                  "type": "string",
                  "pattern": "^[a-z0-9][a-z0-9._-]{0,62}(@[\\s\\S]+)?$",
                  "examples": [
                    "asr-v1",
                    "asr-v1@1.4.0"
                  ]
                },
                "input_key": {
                  "description": "The stage gets `{input_key: value}`, looked up in the stages it needs, nearest first, then in the job's input. Default: the whole context of its upstreams.",
                  "type": "string",
                  "minLength": 1,
                  "examples": [
                    "transcript"
                  ]
                },
                "output_key": {
                  "description": "The name under which the stage's result is published. Default: the result's members are published.",
                  "type": "string",
                  "minLength": 1,
                  "examples": [
                    "transcript"
                  ]
                },
                "needs": {
                  "description": "Names of the stages that must have succeeded before this one starts. Default: the stage before it, where no stage of the graph has `needs` or `soft_needs`.",
                  "type": "array",
                  "items": {
                    "type": "string",
                    "pattern": "^[a-z0-9][a-z0-9._-]{0,62}$"
                  },
                  "maxItems": 10000,
                  "examples": [
                    [
                      "transcription"
                    ]
                  ]
                },
                "soft_needs": {
                  "description": "Names of further stages that only must have ended before this one starts, however they did: of one that failed or was skipped there are no values.",
                  "type": "array",
                  "items": {
                    "type": "string",
                    "pattern": "^[a-z0-9][a-z0-9._-]{0,62}$"
                  },
                  "maxItems": 10000,
                  "examples": [
                    [
                      "thumbnail"
                    ]
                  ]
                },
                "repeat": {
                  "description": "Runs the stage in rounds, each over the result of the one before.",
                  "$ref": "#/definitions/repeat",
                  "examples": [
                    {
                      "times": 5,
                      "until": "done"
                    }
                  ]
                },
                "max_parallel": {
                  "description": "Most calls of the stage at once. Default: as many as there are slots.",
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 65536,
                  "examples": [
                    8
                  ]
                },
                "input": {
                  "description": "Literal members, laid over the input that the stage is bound to.",
                  "type": "object",
                  "examples": [
                    {
                      "language": "en"
                    }
                  ]
                },
                "when": {
                  "description": "The stage runs only if this holds over the values it would be bound to; else it is skipped.",
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 4096,
                  "examples": [
                    "transcript",
                    "score >= 0.5 && language != 'en'"
                  ]
                },
                "priority": {
                  "description": "Larger goes first among what is ready. Default: the job's.",
                  "type": "integer",
                  "minimum": -2147483648,
                  "maximum": 2147483647
                },
                "multi_node": {
                  "description": "Laid over the `multi_node` of the stage's model.",
                  "$ref": "#/definitions/multi_node"
                },
                "timeout": {
                  "description": "How long one attempt may take. Default: no limit.",
                  "type": [
                    "string",
                    "number"
                  ],
                  "pattern": "^([0-9]+(\\.[0-9]+)?d)?([0-9]+(\\.[0-9]+)?h)?([0-9]+(\\.[0-9]+)?m)?([0-9]+(\\.[0-9]+)?s)?([0-9]+(\\.[0-9]+)?ms)?$",
                  "minLength": 2,
                  "exclusiveMinimum": 0,
                  "maximum": 31622400,
                  "examples": [
                    "30s"
                  ]
                },
                "queue_timeout": {
                  "description": "How long a task may wait between being ready and being started. Default: no limit.",
                  "type": [
                    "string",
                    "number"
                  ],
                  "pattern": "^([0-9]+(\\.[0-9]+)?d)?([0-9]+(\\.[0-9]+)?h)?([0-9]+(\\.[0-9]+)?m)?([0-9]+(\\.[0-9]+)?s)?([0-9]+(\\.[0-9]+)?ms)?$",
                  "minLength": 2,
                  "exclusiveMinimum": 0,
                  "maximum": 31622400,
                  "examples": [
                    "5m"
                  ]
                },
                "job_timeout": {
                  "description": "How long the whole job may take. Default: no limit.",
                  "type": [
                    "string",
                    "number"
                  ],
                  "pattern": "^([0-9]+(\\.[0-9]+)?d)?([0-9]+(\\.[0-9]+)?h)?([0-9]+(\\.[0-9]+)?m)?([0-9]+(\\.[0-9]+)?s)?([0-9]+(\\.[0-9]+)?ms)?$",
                  "minLength": 2,
                  "exclusiveMinimum": 0,
                  "maximum": 31622400,
                  "examples": [
                    "2h"
                  ]
                },
                "retry": {
                  "description": "How often the model's own failures are tried again, and when.",
                  "$ref": "#/definitions/retry"
                },
                "hedge": {
                  "description": "Whether stragglers among the shards of a split stage get a second attempt; `true`, or a mapping that says when.",
                  "$ref": "#/definitions/hedge",
                  "default": false,
                  "examples": [
                    true,
                    {
                      "factor": 3,
                      "budget": 0.05
                    }
                  ]
                },
                "on_failure": {
                  "description": "What becomes of a job with a stage that failed.",
                  "type": "string",
                  "enum": [
                    "fail",
                    "continue",
                    "partial"
                  ],
                  "markdownEnumDescriptions": [
                    "The job fails and stops.",
                    "What does not need the stage goes on.",
                    "The merge takes what there is, and the holes are reported."
                  ],
                  "default": "fail"
                },
                "min_success_ratio": {
                  "description": "With `on_failure: partial`: the share of shards that must succeed.",
                  "type": "number",
                  "minimum": 0,
                  "maximum": 1,
                  "default": 0,
                  "examples": [
                    0.98
                  ]
                },
                "cache": {
                  "description": "Whether another job's result for the same work is reused.",
                  "type": "boolean",
                  "default": false
                }
              },
              "required": [
                "model_id"
              ],
              "patternProperties": {
                "^x-": {}
              },
              "additionalProperties": false
            },
            "multi_node": {
              "description": "Splitting, merging, gangs. The input is cut into units, neighbouring units are bundled into shards, and the results are merged in the units' order, whichever shard ends first.",
              "type": "object",
              "properties": {
                "enabled": {
                  "description": "Whether the block is in force.",
                  "type": "boolean",
                  "default": true
                },
                "split_mode": {
                  "description": "What the input is cut into. Default: not split.",
                  "type": "string",
                  "enum": [
                    "tile",
                    "batch",
                    "sequence",
                    "lines",
                    "candidates",
                    "rows",
                    "audio",
                    "none"
                  ],
                  "markdownEnumDescriptions": [
                    "An image is cut into tiles.",
                    "A list is cut into batches.",
                    "A text is cut into windows.",
                    "A text is cut into lines.",
                    "The same input is called for several times, each with its own `seed`.",
                    "A table (CSV, TSV or JSON Lines) is cut into runs of rows.",
                    "A recording is cut into windows of time.",
                    "Not split."
                  ]
                },
                "split_key": {
                  "description": "Which member of the input is cut. Default: the only member that fits the mode.",
                  "type": "string",
                  "minLength": 1,
                  "examples": [
                    "image_url"
                  ]
                },
                "tile_size": {
                  "description": "Size of a tile in px, one number for both sides or `[width, height]`. Tiles at an edge are smaller. Only with `split_mode: tile`.",
                  "type": [
                    "integer",
                    "array"
                  ],
                  "minimum": 1,
                  "maximum": 1000000,
                  "items": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 1000000
                  },
                  "minItems": 2,
                  "maxItems": 2,
                  "default": 512,
                  "examples": [
                    512,
                    [
                      1024,
                      512
                    ]
                  ]
                },
                "tile_overlap": {
                  "description": "How many px neighbouring tiles share, one number for both axes or `[x, y]`. Less than the tile's size. Only with `split_mode: tile`.",
                  "type": [
                    "integer",
                    "array"
                  ],
                  "minimum": 0,
                  "maximum": 1000000,
                  "items": {
                    "type": "integer",
                    "minimum": 0,
                    "maximum": 1000000
                  },
                  "minItems": 2,
                  "maxItems": 2,
                  "default": 0,
                  "examples": [
                    64,
                    [
                      64,
                      32
                    ]
                  ]
                },
                "tile_pad": {
                  "description": "Whether tiles at an edge are padded to the full size. Only with `split_mode: tile`.",
                  "type": "boolean",
                  "default": false
                },
                "tile_whole": {
                  "description": "Whether there is one unit more than tiles: the whole image, scaled down to fit a tile. It is for objects that are larger than a tile. Only with `split_mode: tile`.",
                  "type": "boolean",
                  "default": false
                },
                "tile_file": {
                  "description": "What a model gets of its tile. Only with `split_mode: tile`.",
                  "type": "string",
                  "enum": [
                    "auto",
                    "png",
                    "tiff",
                    "source"
                  ],
                  "markdownEnumDescriptions": [
                    "A PNG for 8 and 16 bit pixels of up to four bands, else an uncompressed TIFF.",
                    "A PNG; an image whose pixels do not fit is refused.",
                    "An uncompressed TIFF, which takes the least time.",
                    "The whole image, upright, in a file of which any rectangle is read fast; nothing is cut, and the unit's geometry says which rectangle is meant."
                  ],
                  "default": "auto"
                },
                "batch_size": {
                  "description": "How many items of the list, or rows of the table, make a unit. Only with `split_mode: batch` or `split_mode: rows`.",
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 1000000,
                  "default": 1
                },
                "sequence_length": {
                  "description": "How many `sequence_unit`s make a window. Only with `split_mode: sequence`.",
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 1000000,
                  "default": 2048
                },
                "sequence_overlap": {
                  "description": "How many `sequence_unit`s neighbouring windows share. Less than `sequence_length`. Only with `split_mode: sequence`.",
                  "type": "integer",
                  "minimum": 0,
                  "maximum": 1000000,
                  "default": 0
                },
                "sequence_unit": {
                  "description": "What a window's length is counted in. Only with `split_mode: sequence`.",
                  "type": "string",
                  "enum": [
                    "chars",
                    "words",
                    "lines"
                  ],
                  "markdownEnumDescriptions": [
                    "Characters.",
                    "Words.",
                    "Lines."
                  ],
                  "default": "words"
                },
                "row_format": {
                  "description": "How the table is written. Only with `split_mode: rows`. Default: by the file's extension.",
                  "type": "string",
                  "enum": [
                    "csv",
                    "tsv",
                    "jsonl"
                  ],
                  "markdownEnumDescriptions": [
                    "Comma-separated values (RFC 4180).",
                    "The same, separated by tabs.",
                    "JSON Lines, one value a line."
                  ]
                },
                "row_header": {
                  "description": "Whether the first row of a CSV or TSV names the columns: a row is then an object, else a list of texts. Only with `split_mode: rows`.",
                  "type": "boolean",
                  "default": true
                },
                "row_delimiter": {
                  "description": "What stands between the fields of a row. Only with `split_mode: rows`. Default: a comma in CSV, a tab in TSV.",
                  "type": "string",
                  "enum": [
                    "comma",
                    "semicolon",
                    "tab",
                    "pipe"
                  ],
                  "markdownEnumDescriptions": [
                    "Commas.",
                    "Semicolons.",
                    "Tabs.",
                    "Vertical bars."
                  ]
                },
                "audio_length": {
                  "description": "How long a window of a recording is. The last may be shorter. Only with `split_mode: audio`.",
                  "type": [
                    "string",
                    "number"
                  ],
                  "pattern": "^([0-9]+(\\.[0-9]+)?d)?([0-9]+(\\.[0-9]+)?h)?([0-9]+(\\.[0-9]+)?m)?([0-9]+(\\.[0-9]+)?s)?([0-9]+(\\.[0-9]+)?ms)?$",
                  "minLength": 2,
                  "exclusiveMinimum": 0,
                  "maximum": 31622400,
                  "default": "30s"
                },
                "audio_overlap": {
                  "description": "How much of a recording neighbouring windows share. Less than `audio_length`. Only with `split_mode: audio`.",
                  "type": [
                    "string",
                    "number"
                  ],
                  "pattern": "^([0-9]+(\\.[0-9]+)?d)?([0-9]+(\\.[0-9]+)?h)?([0-9]+(\\.[0-9]+)?m)?([0-9]+(\\.[0-9]+)?s)?([0-9]+(\\.[0-9]+)?ms)?$",
                  "minLength": 2,
                  "minimum": 0,
                  "maximum": 31622400,
                  "default": "0s",
                  "examples": [
                    "2s"
                  ]
                },
                "candidates": {
                  "description": "How many times the model is called with the same input. Only with `split_mode: candidates`.",
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 1000000,
                  "default": 1
                },
                "seed": {
                  "description": "`seed` of the first call; each further call gets one more. Only with `split_mode: candidates`.",
                  "type": "integer",
                  "minimum": -2147483648,
                  "maximum": 2147483647,
                  "default": 0
                },
                "max_shards": {
                  "description": "Most shards. A job's `shard_count` wins, but may not be more.",
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 65536,
                  "default": 32
                },
                "merge_strategy": {
                  "description": "How the units' results become one.",
                  "type": "string",
                  "enum": [
                    "concat-json",
                    "concat-text",
                    "json-merge",
                    "tile-stitch",
                    "detections",
                    "segments",
                    "mean",
                    "sum",
                    "max",
                    "min",
                    "vote",
                    "top-k",
                    "none"
                  ],
                  "markdownEnumDescriptions": [
                    "One JSON array in the units' order; arrays are joined, anything else is appended.",
                    "Text in the units' order; what `sequence_overlap` repeats is dropped.",
                    "Deep merge of objects in the units' order.",
                    "One image of the units' images, each laid at its place.",
                    "Boxes moved into the source image, duplicates across the seams of tiles merged.",
                    "Segments with `start` and `end` moved into the recording's time, those doubled in overlaps dropped.",
                    "The mean of numbers or of equally shaped arrays, element by element.",
                    "The sum of numbers or of equally shaped arrays, element by element.",
                    "The greatest of numbers or of equally shaped arrays, element by element.",
                    "The least of numbers or of equally shaped arrays, element by element.",
                    "What most units answered, with counts.",
                    "The best by `merge.score`.",
                    "The list of partial outputs."
                  ],
                  "default": "concat-json"
                },
                "merge": {
                  "description": "Options of the merge strategy.",
                  "$ref": "#/definitions/merge"
                },
                "reducer": {
                  "description": "A model that merges in place of a strategy: it gets every partial output and answers the merged one.",
                  "type": "string",
                  "pattern": "^[a-z0-9][a-z0-9._-]{0,62}(@[\\s\\S]+)?$",
                  "examples": [
                    "reading-order"
                  ]
                },
                "distributed_runtime": {
                  "description": "Runs the stage as a gang of peers that are started all or none, and talk by this runtime. Default: no gang.",
                  "type": "string",
                  "enum": [
                    "ray",
                    "horovod",
                    "torch",
                    "mpi"
                  ],
                  "markdownEnumDescriptions": [
                    "Ray.",
                    "Horovod.",
                    "PyTorch distributed.",
                    "MPI."
                  ]
                },
                "shard_role": {
                  "description": "What a peer of the gang is. In a gang of workers only, the first is the head, too. Only with `distributed_runtime`.",
                  "type": "string",
                  "enum": [
                    "head",
                    "worker"
                  ],
                  "markdownEnumDescriptions": [
                    "The peer that the others meet.",
                    "A peer that joins the head."
                  ],
                  "default": "worker"
                },
                "cluster_size": {
                  "description": "How many peers the gang has. Only with `distributed_runtime`.",
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 1024,
                  "default": 1
                },
                "coordination_port": {
                  "description": "Where the head of the gang listens. Only with `distributed_runtime`.",
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 65535
                },
                "gpu": {
                  "description": "Whether every peer of the gang has a GPU. Only with `distributed_runtime`.",
                  "type": "boolean",
                  "default": false
                },
                "start_window": {
                  "description": "How long the gang waits until every peer is ready; then all are released. Only with `distributed_runtime`.",
                  "type": [
                    "string",
                    "number"
                  ],
                  "pattern": "^([0-9]+(\\.[0-9]+)?d)?([0-9]+(\\.[0-9]+)?h)?([0-9]+(\\.[0-9]+)?m)?([0-9]+(\\.[0-9]+)?s)?([0-9]+(\\.[0-9]+)?ms)?$",
                  "minLength": 2,
                  "exclusiveMinimum": 0,
                  "maximum": 31622400,
                  "default": "60s"
                }
              },
              "patternProperties": {
                "^x-": {}
              },
              "additionalProperties": false
            },
            "merge": {
              "description": "Options of `merge_strategy`, each for one strategy.",
              "type": "object",
              "properties": {
                "conflict": {
                  "description": "What comes of two units that give one member different scalars. Only with `merge_strategy: json-merge`.",
                  "type": "string",
                  "enum": [
                    "error",
                    "last"
                  ],
                  "markdownEnumDescriptions": [
                    "The merge fails.",
                    "The later unit's counts."
                  ],
                  "default": "error"
                },
                "blend": {
                  "description": "What is seen where tiles overlap. Only with `merge_strategy: tile-stitch`.",
                  "type": "string",
                  "enum": [
                    "hard",
                    "feather"
                  ],
                  "markdownEnumDescriptions": [
                    "Each tile is shown up to the middle of the overlap.",
                    "Both are mixed, each the less the nearer its edge is."
                  ],
                  "default": "hard"
                },
                "content": {
                  "description": "What the pixels of the units' images are. Only with `merge_strategy: tile-stitch`.",
                  "type": "string",
                  "enum": [
                    "image",
                    "labels"
                  ],
                  "markdownEnumDescriptions": [
                    "Colours or measurements.",
                    "Each tile is a map of labels, 0 being the background: objects that a seam cuts are joined, and all are numbered anew. The result is a TIFF of uint32."
                  ],
                  "default": "image"
                },
                "format": {
                  "description": "The format of the stitched file. Only with `merge_strategy: tile-stitch`.",
                  "type": "string",
                  "enum": [
                    "tiff",
                    "png"
                  ],
                  "markdownEnumDescriptions": [
                    "Uncompressed TIFF, BigTIFF from 4 GiB on; any pixels.",
                    "PNG, for gray and RGB of 8 or 16 bits with or without alpha."
                  ],
                  "default": "tiff"
                },
                "fill": {
                  "description": "What holes show, the tiles whose shards failed: a number for every band, a list with one for each, or `transparent`, which adds an alpha band where there is none. Only with `merge_strategy: tile-stitch`. Default: 0, which is transparent where there is alpha.",
                  "type": [
                    "string",
                    "number",
                    "array"
                  ],
                  "pattern": "^transparent$",
                  "items": {
                    "type": "number"
                  },
                  "minItems": 1,
                  "maxItems": 1024,
                  "examples": [
                    "transparent",
                    255,
                    [
                      255,
                      0,
                      128
                    ]
                  ]
                },
                "iou": {
                  "description": "From which overlap on two boxes of different tiles are one object. Only with `merge_strategy: detections`.",
                  "type": "number",
                  "minimum": 0,
                  "maximum": 1,
                  "default": 0.5
                },
                "metric": {
                  "description": "How the overlap of two boxes is measured. Only with `merge_strategy: detections`.",
                  "type": "string",
                  "enum": [
                    "iou",
                    "ios"
                  ],
                  "markdownEnumDescriptions": [
                    "Intersection over union.",
                    "Intersection over the smaller box."
                  ],
                  "default": "iou"
                },
                "nms": {
                  "description": "From which overlap on, of two objects, only the one with the higher score stays (non-maximum suppression), also in one tile. Only with `merge_strategy: detections`. Default: all stay.",
                  "type": "number",
                  "minimum": 0,
                  "maximum": 1,
                  "examples": [
                    0.7
                  ]
                },
                "class_agnostic": {
                  "description": "Whether boxes of different classes can be one object. Only with `merge_strategy: detections`.",
                  "type": "boolean",
                  "default": false
                },
                "score": {
                  "description": "The member that results are ranked by. Only with `merge_strategy: top-k`.",
                  "type": "string",
                  "minLength": 1,
                  "default": "score"
                },
                "k": {
                  "description": "How many results stay. Only with `merge_strategy: top-k`.",
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 1000000,
                  "default": 1
                }
              },
              "patternProperties": {
                "^x-": {}
              },
              "additionalProperties": false
            },
            "retry": {
              "description": "How often the model's own failures are tried again, and when. Failures of the machine have a budget of their own.",
              "type": "object",
              "properties": {
                "maximum_attempts": {
                  "description": "Attempts in all, the first included.",
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 1000,
                  "default": 1
                },
                "initial_interval": {
                  "description": "The wait before the second attempt.",
                  "type": [
                    "string",
                    "number"
                  ],
                  "pattern": "^([0-9]+(\\.[0-9]+)?d)?([0-9]+(\\.[0-9]+)?h)?([0-9]+(\\.[0-9]+)?m)?([0-9]+(\\.[0-9]+)?s)?([0-9]+(\\.[0-9]+)?ms)?$",
                  "minLength": 2,
                  "minimum": 0,
                  "maximum": 31622400,
                  "default": "1s"
                },
                "backoff_coefficient": {
                  "description": "By how much each further wait is longer than the one before.",
                  "type": "number",
                  "minimum": 1,
                  "maximum": 100,
                  "default": 2
                },
                "maximum_interval": {
                  "description": "The longest wait.",
                  "type": [
                    "string",
                    "number"
                  ],
                  "pattern": "^([0-9]+(\\.[0-9]+)?d)?([0-9]+(\\.[0-9]+)?h)?([0-9]+(\\.[0-9]+)?m)?([0-9]+(\\.[0-9]+)?s)?([0-9]+(\\.[0-9]+)?ms)?$",
                  "minLength": 2,
                  "minimum": 0,
                  "maximum": 31622400,
                  "default": "60s"
                },
                "retry_on": {
                  "description": "Which causes of failure are tried again.",
                  "type": "array",
                  "items": {
                    "type": "string",
                    "enum": [
                      "app",
                      "timeout",
                      "oom"
                    ],
                    "markdownEnumDescriptions": [
                      "The model failed, or broke its `output_schema`.",
                      "The attempt took longer than `timeout`.",
                      "Memory ran out."
                    ]
                  },
                  "maxItems": 10000,
                  "default": [
                    "app",
                    "timeout",
                    "oom"
                  ]
                }
              },
              "patternProperties": {
                "^x-": {}
              },
              "additionalProperties": false
            },
            "hedge": {
              "description": "When a shard that takes much longer than its peers gets a second attempt beside its first; the first to end well counts, and the other is ended.",
              "type": [
                "boolean",
                "object"
              ],
              "properties": {
                "factor": {
                  "description": "A shard straggles when it has run longer than this times the `quantile` of its peers that are done.",
                  "type": "number",
                  "minimum": 1,
                  "maximum": 1000,
                  "default": 2
                },
                "quantile": {
                  "description": "Which of the peers' run times a straggler is measured by; 0.5 is the median.",
                  "type": "number",
                  "minimum": 0,
                  "maximum": 1,
                  "default": 0.9
                },
                "budget": {
                  "description": "The share of the stage's shards that may get a second attempt; at least one may.",
                  "type": "number",
                  "minimum": 0,
                  "maximum": 1,
                  "default": 0.1
                }
              },
              "patternProperties": {
                "^x-": {}
              },
              "additionalProperties": false
            },
            "repeat": {
              "description": "Runs a stage in rounds. A round after the first is bound to what the round before it published, nearest of all, and then as the stage itself is: a stage with `input_key: beam` and `output_key: beam` loops over `beam`. What the last round that ran has published is the stage's result.",
              "type": "object",
              "properties": {
                "times": {
                  "description": "Most rounds. Each is a stage of the graph, `name@1`, `name@2` and so on.",
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 1000,
                  "examples": [
                    5
                  ]
                },
                "until": {
                  "description": "A condition as in `when`, asked after each round over what the next would be bound to. Where it holds, no further round runs. Default: all rounds run.",
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 4096,
                  "examples": [
                    "done",
                    "score >= 0.9"
                  ]
                }
              },
              "required": [
                "times"
              ],
              "patternProperties": {
                "^x-": {}
              },
              "additionalProperties": false
            },
            "hooks": {
              "description": "Commands that are run inside a warm instance (`rest`, `jsonl`) before its first request, or now and then, with its environment. A process has them in the model's folder.",
              "type": "object",
              "properties": {
                "init": {
                  "description": "Run once, first of all, in a new instance. It must exit with 0.",
                  "type": [
                    "string",
                    "array"
                  ],
                  "pattern": "\\S",
                  "minItems": 1,
                  "maxItems": 10000,
                  "items": {
                    "type": [
                      "string",
                      "number",
                      "boolean"
                    ]
                  },
                  "examples": [
                    [
                      "python3",
                      "fetch.py"
                    ]
                  ]
                },
                "warmup": {
                  "description": "Run once when the instance is ready, before its first request. It must exit with 0.",
                  "type": [
                    "string",
                    "array"
                  ],
                  "pattern": "\\S",
                  "minItems": 1,
                  "maxItems": 10000,
                  "items": {
                    "type": [
                      "string",
                      "number",
                      "boolean"
                    ]
                  }
                },
                "health": {
                  "description": "Exits with 0 when the model is ready and well. It is run until it does before the first request, and now and then while the instance has nothing to do; an idle instance whose hook fails is replaced.",
                  "type": [
                    "string",
                    "array"
                  ],
                  "pattern": "\\S",
                  "minItems": 1,
                  "maxItems": 10000,
                  "items": {
                    "type": [
                      "string",
                      "number",
                      "boolean"
                    ]
                  }
                }
              },
              "patternProperties": {
                "^x-": {}
              },
              "additionalProperties": false
            },
            "resources": {
              "description": "What one attempt may use.",
              "type": "object",
              "properties": {
                "cpu": {
                  "description": "Processor cores.",
                  "type": "number",
                  "minimum": 0.001,
                  "maximum": 4096,
                  "examples": [
                    2,
                    0.5
                  ]
                },
                "memory": {
                  "description": "Memory, as an amount such as `4Gi`, or in bytes.",
                  "type": [
                    "string",
                    "number"
                  ],
                  "pattern": "^[0-9]+(\\.[0-9]+)?([kMGTP]|[KMGTP]i)?$",
                  "exclusiveMinimum": 0,
                  "examples": [
                    "4Gi"
                  ]
                },
                "memory_max": {
                  "description": "How much memory an attempt may get after others ran out of it, where `retry` tries `oom` again. Not less than `memory`. Default: never more than `memory`.",
                  "type": [
                    "string",
                    "number"
                  ],
                  "pattern": "^[0-9]+(\\.[0-9]+)?([kMGTP]|[KMGTP]i)?$",
                  "exclusiveMinimum": 0,
                  "examples": [
                    "16Gi"
                  ]
                },
                "disk": {
                  "description": "Disk, as an amount such as `10Gi`, or in bytes.",
                  "type": [
                    "string",
                    "number"
                  ],
                  "pattern": "^[0-9]+(\\.[0-9]+)?([kMGTP]|[KMGTP]i)?$",
                  "exclusiveMinimum": 0,
                  "examples": [
                    "10Gi"
                  ]
                },
                "shm": {
                  "description": "Shared memory (`/dev/shm`) of a container, which PyTorch's loaders need more of. Default: 64 MiB.",
                  "type": [
                    "string",
                    "number"
                  ],
                  "pattern": "^[0-9]+(\\.[0-9]+)?([kMGTP]|[KMGTP]i)?$",
                  "exclusiveMinimum": 0,
                  "examples": [
                    "1Gi"
                  ]
                },
                "pids": {
                  "description": "Processes and threads that a container may have at once. Default: 4096.",
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 4194304,
                  "examples": [
                    256
                  ]
                },
                "gpu": {
                  "description": "GPUs: `true` for one, a number of them, or a mapping that says more.",
                  "$ref": "#/definitions/gpu",
                  "default": false,
                  "examples": [
                    true,
                    2,
                    {
                      "count": 1,
                      "memory": "8Gi",
                      "compute_capability": 7.0
                    }
                  ]
                }
              },
              "patternProperties": {
                "^x-": {}
              },
              "additionalProperties": false
            },
            "gpu": {
              "description": "The GPUs of one attempt.",
              "type": [
                "boolean",
                "integer",
                "object"
              ],
              "minimum": 0,
              "maximum": 1024,
              "properties": {
                "count": {
                  "description": "How many.",
                  "type": "integer",
                  "minimum": 0,
                  "maximum": 1024,
                  "default": 1
                },
                "memory": {
                  "description": "Memory of each GPU, at least.",
                  "type": [
                    "string",
                    "number"
                  ],
                  "pattern": "^[0-9]+(\\.[0-9]+)?([kMGTP]|[KMGTP]i)?$",
                  "exclusiveMinimum": 0,
                  "examples": [
                    "8Gi"
                  ]
                },
                "compute_capability": {
                  "description": "Compute capability, at least.",
                  "type": "number",
                  "minimum": 1,
                  "maximum": 100,
                  "examples": [
                    7.0
                  ]
                }
              },
              "patternProperties": {
                "^x-": {}
              },
              "additionalProperties": false
            },
            "requires": {
              "description": "Which nodes may run the model.",
              "type": "object",
              "properties": {
                "tier": {
                  "description": "What the node can do: `0` edge, `1` CPU, `2` GPU, `3` several GPUs, `X` enclave.",
                  "type": [
                    "string",
                    "number"
                  ],
                  "examples": [
                    2
                  ]
                },
                "region": {
                  "description": "Where the node is.",
                  "type": "string",
                  "minLength": 1,
                  "examples": [
                    "eu"
                  ]
                },
                "arch": {
                  "description": "The node's processor.",
                  "type": "string",
                  "enum": [
                    "x86_64",
                    "arm64"
                  ],
                  "markdownEnumDescriptions": [
                    "64-bit Intel and AMD.",
                    "64-bit ARM."
                  ]
                },
                "labels": {
                  "description": "Labels that the node has.",
                  "type": "object",
                  "additionalProperties": {
                    "type": "string"
                  },
                  "maxProperties": 10000,
                  "examples": [
                    {
                      "pool": "gpu"
                    }
                  ]
                }
              },
              "patternProperties": {
                "^x-": {}
              },
              "additionalProperties": false
            }
          }
        }
        """#

    static let jobText = #"""
        {
          "$schema": "http://json-schema.org/draft-07/schema#",
          "title": "imflow job",
          "description": "One submission: a model or a graph of stages, and its input. The file is called `job.json`, `*.job.json`, `job.yaml` or `*.job.yaml`.",
          "type": "object",
          "properties": {
            "job_id": {
              "description": "The job's id, under which it is resumed. Default: generated, like `bd92-e3f1`.",
              "type": "string",
              "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$",
              "examples": [
                "bd92-e3f1"
              ]
            },
            "model": {
              "description": "The model to run, where there is no `job_graph`.",
              "type": "string",
              "pattern": "^[a-z0-9][a-z0-9._-]{0,62}(@[\\s\\S]+)?$",
              "examples": [
                "asr-v1",
                "asr-v1@1.4.0"
              ]
            },
            "job_graph": {
              "description": "The stages to run.",
              "$ref": "#/definitions/job_graph"
            },
            "input": {
              "description": "The job's input. A string under a key that ends in `_url` or `_uri` names a file or an address, and is fetched. `split_strategy` in it overrides how the model splits, and is not handed on.",
              "type": "object",
              "properties": {
                "split_strategy": {
                  "description": "`<mode>_<size>` or `<mode>_<size>_overlap_<n>`; `lines` needs no size; `none` turns splitting off.",
                  "type": "string",
                  "pattern": "^(none|lines|(batch|rows|lines|candidates)_0{0,6}[1-9][0-9]{0,6}|(tile|sequence|audio)_0{0,6}[1-9][0-9]{0,6}(_overlap_(0|0{0,6}[1-9][0-9]{0,6}))?)$",
                  "examples": [
                    "tile_512",
                    "batch_8",
                    "sequence_2048_overlap_128",
                    "rows_100",
                    "audio_30_overlap_2"
                  ]
                }
              },
              "examples": [
                {
                  "image_url": "page.png",
                  "split_strategy": "tile_512"
                }
              ]
            },
            "shard_count": {
              "description": "Most shards of the stage that is split. Not more than the model's `max_shards`. Default: the model's `max_shards`.",
              "type": "integer",
              "minimum": 1,
              "maximum": 65536
            },
            "multi_node": {
              "description": "Laid over the `multi_node` of the stage that is split.",
              "$ref": "#/definitions/multi_node"
            },
            "priority": {
              "description": "Larger goes first: against other jobs on the same machine, and for every stage that has no priority of its own.",
              "type": "integer",
              "minimum": -2147483648,
              "maximum": 2147483647,
              "default": 0
            },
            "max_parallel": {
              "description": "Most calls of the job at once, over all its stages. Default: as many as there are slots.",
              "type": "integer",
              "minimum": 1,
              "maximum": 65536,
              "examples": [
                4
              ]
            },
            "timeout": {
              "description": "How long one attempt may take. Default: no limit.",
              "type": [
                "string",
                "number"
              ],
              "pattern": "^([0-9]+(\\.[0-9]+)?d)?([0-9]+(\\.[0-9]+)?h)?([0-9]+(\\.[0-9]+)?m)?([0-9]+(\\.[0-9]+)?s)?([0-9]+(\\.[0-9]+)?ms)?$",
              "minLength": 2,
              "exclusiveMinimum": 0,
              "maximum": 31622400,
              "examples": [
                "30s"
              ]
            },
            "queue_timeout": {
              "description": "How long a task may wait between being ready and being started. Default: no limit.",
              "type": [
                "string",
                "number"
              ],
              "pattern": "^([0-9]+(\\.[0-9]+)?d)?([0-9]+(\\.[0-9]+)?h)?([0-9]+(\\.[0-9]+)?m)?([0-9]+(\\.[0-9]+)?s)?([0-9]+(\\.[0-9]+)?ms)?$",
              "minLength": 2,
              "exclusiveMinimum": 0,
              "maximum": 31622400,
              "examples": [
                "5m"
              ]
            },
            "job_timeout": {
              "description": "How long the whole job may take. Default: no limit.",
              "type": [
                "string",
                "number"
              ],
              "pattern": "^([0-9]+(\\.[0-9]+)?d)?([0-9]+(\\.[0-9]+)?h)?([0-9]+(\\.[0-9]+)?m)?([0-9]+(\\.[0-9]+)?s)?([0-9]+(\\.[0-9]+)?ms)?$",
              "minLength": 2,
              "exclusiveMinimum": 0,
              "maximum": 31622400,
              "examples": [
                "2h"
              ]
            },
            "retry": {
              "description": "How often the model's own failures are tried again, and when.",
              "$ref": "#/definitions/retry"
            },
            "hedge": {
              "description": "Whether stragglers among the shards of a split stage get a second attempt; `true`, or a mapping that says when.",
              "$ref": "#/definitions/hedge",
              "default": false,
              "examples": [
                true,
                {
                  "factor": 3,
                  "budget": 0.05
                }
              ]
            },
            "on_failure": {
              "description": "What becomes of a job with a stage that failed.",
              "type": "string",
              "enum": [
                "fail",
                "continue",
                "partial"
              ],
              "markdownEnumDescriptions": [
                "The job fails and stops.",
                "What does not need the stage goes on.",
                "The merge takes what there is, and the holes are reported."
              ],
              "default": "fail"
            },
            "min_success_ratio": {
              "description": "With `on_failure: partial`: the share of shards that must succeed.",
              "type": "number",
              "minimum": 0,
              "maximum": 1,
              "default": 0,
              "examples": [
                0.98
              ]
            },
            "cache": {
              "description": "Whether another job's result for the same work is reused.",
              "type": "boolean",
              "default": false
            }
          },
          "patternProperties": {
            "^x-": {}
          },
          "additionalProperties": false,
          "definitions": {
            "job_graph": {
              "description": "The graph of a job.",
              "type": "object",
              "properties": {
                "stages": {
                  "description": "The stages of the job. Without any `needs` they run in this order.",
                  "type": "array",
                  "items": {
                    "$ref": "#/definitions/job_stage"
                  },
                  "maxItems": 10000,
                  "examples": [
                    [
                      {
                        "model": "asr-v1",
                        "input_key": "audio_url"
                      },
                      {
                        "model": "summary-v1",
                        "input_key": "transcript"
                      }
                    ]
                  ]
                }
              },
              "required": [
                "stages"
              ],
              "patternProperties": {
                "^x-": {}
              },
              "additionalProperties": false
            },
            "job_stage": {
              "description": "A stage of a job's graph, a member of `job_graph.stages`: one call of a model.",
              "type": "object",
              "properties": {
                "name": {
                  "description": "The stage's name, unique in its graph. Default: the model's id, with `-2`, `-3` … when repeated.",
                  "type": "string",
                  "pattern": "^[a-z0-9][a-z0-9._-]{0,62}$"
                },
                "model": {
                  "description": "The model that the stage calls.",
                  "type": "string",
                  "pattern": "^[a-z0-9][a-z0-9._-]{0,62}(@[\\s\\S]+)?$",
                  "examples": [
                    "asr-v1",
                    "asr-v1@1.4.0"
                  ]
                },
                "input_key": {
                  "description": "The stage gets `{input_key: value}`, looked up in the stages it needs, nearest first, then in the job's input. Default: the whole context of its upstreams.",
                  "type": "string",
                  "minLength": 1,
                  "examples": [
                    "transcript"
                  ]
                },
                "output_key": {
                  "description": "The name under which the stage's result is published. Default: the result's members are published.",
                  "type": "string",
                  "minLength": 1,
                  "examples": [
                    "transcript"
                  ]
                },
                "needs": {
                  "description": "Names of the stages that must have succeeded before this one starts. Default: the stage before it, where no stage of the graph has `needs` or `soft_needs`.",
                  "type": "array",
                  "items": {
                    "type": "string",
                    "pattern": "^[a-z0-9][a-z0-9._-]{0,62}$"
                  },
                  "maxItems": 10000,
                  "examples": [
                    [
                      "transcription"
                    ]
                  ]
                },
                "soft_needs": {
                  "description": "Names of further stages that only must have ended before this one starts, however they did: of one that failed or was skipped there are no values.",
                  "type": "array",
                  "items": {
                    "type": "string",
                    "pattern": "^[a-z0-9][a-z0-9._-]{0,62}$"
                  },
                  "maxItems": 10000,
                  "examples": [
                    [
                      "thumbnail"
                    ]
                  ]
                },
                "repeat": {
                  "description": "Runs the stage in rounds, each over the result of the one before.",
                  "$ref": "#/definitions/repeat",
                  "examples": [
                    {
                      "times": 5,
                      "until": "done"
                    }
                  ]
                },
                "max_parallel": {
                  "description": "Most calls of the stage at once. Default: as many as there are slots.",
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 65536,
                  "examples": [
                    8
                  ]
                },
                "input": {
                  "description": "Literal members, laid over the input that the stage is bound to.",
                  "type": "object",
                  "examples": [
                    {
                      "language": "en"
                    }
                  ]
                },
                "when": {
                  "description": "The stage runs only if this holds over the values it would be bound to; else it is skipped.",
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 4096,
                  "examples": [
                    "transcript",
                    "score >= 0.5 && language != 'en'"
                  ]
                },
                "priority": {
                  "description": "Larger goes first among what is ready. Default: the job's.",
                  "type": "integer",
                  "minimum": -2147483648,
                  "maximum": 2147483647
                },
                "multi_node": {
                  "description": "Laid over the `multi_node` of the stage's model.",
                  "$ref": "#/definitions/multi_node"
                },
                "timeout": {
                  "description": "How long one attempt may take. Default: no limit.",
                  "type": [
                    "string",
                    "number"
                  ],
                  "pattern": "^([0-9]+(\\.[0-9]+)?d)?([0-9]+(\\.[0-9]+)?h)?([0-9]+(\\.[0-9]+)?m)?([0-9]+(\\.[0-9]+)?s)?([0-9]+(\\.[0-9]+)?ms)?$",
                  "minLength": 2,
                  "exclusiveMinimum": 0,
                  "maximum": 31622400,
                  "examples": [
                    "30s"
                  ]
                },
                "queue_timeout": {
                  "description": "How long a task may wait between being ready and being started. Default: no limit.",
                  "type": [
                    "string",
                    "number"
                  ],
                  "pattern": "^([0-9]+(\\.[0-9]+)?d)?([0-9]+(\\.[0-9]+)?h)?([0-9]+(\\.[0-9]+)?m)?([0-9]+(\\.[0-9]+)?s)?([0-9]+(\\.[0-9]+)?ms)?$",
                  "minLength": 2,
                  "exclusiveMinimum": 0,
                  "maximum": 31622400,
                  "examples": [
                    "5m"
                  ]
                },
                "job_timeout": {
                  "description": "How long the whole job may take. Default: no limit.",
                  "type": [
                    "string",
                    "number"
                  ],
                  "pattern": "^([0-9]+(\\.[0-9]+)?d)?([0-9]+(\\.[0-9]+)?h)?([0-9]+(\\.[0-9]+)?m)?([0-9]+(\\.[0-9]+)?s)?([0-9]+(\\.[0-9]+)?ms)?$",
                  "minLength": 2,
                  "exclusiveMinimum": 0,
                  "maximum": 31622400,
                  "examples": [
                    "2h"
                  ]
                },
                "retry": {
                  "description": "How often the model's own failures are tried again, and when.",
                  "$ref": "#/definitions/retry"
                },
                "hedge": {
                  "description": "Whether stragglers among the shards of a split stage get a second attempt; `true`, or a mapping that says when.",
                  "$ref": "#/definitions/hedge",
                  "default": false,
                  "examples": [
                    true,
                    {
                      "factor": 3,
                      "budget": 0.05
                    }
                  ]
                },
                "on_failure": {
                  "description": "What becomes of a job with a stage that failed.",
                  "type": "string",
                  "enum": [
                    "fail",
                    "continue",
                    "partial"
                  ],
                  "markdownEnumDescriptions": [
                    "The job fails and stops.",
                    "What does not need the stage goes on.",
                    "The merge takes what there is, and the holes are reported."
                  ],
                  "default": "fail"
                },
                "min_success_ratio": {
                  "description": "With `on_failure: partial`: the share of shards that must succeed.",
                  "type": "number",
                  "minimum": 0,
                  "maximum": 1,
                  "default": 0,
                  "examples": [
                    0.98
                  ]
                },
                "cache": {
                  "description": "Whether another job's result for the same work is reused.",
                  "type": "boolean",
                  "default": false
                }
              },
              "required": [
                "model"
              ],
              "patternProperties": {
                "^x-": {}
              },
              "additionalProperties": false
            },
            "multi_node": {
              "description": "Splitting, merging, gangs. The input is cut into units, neighbouring units are bundled into shards, and the results are merged in the units' order, whichever shard ends first.",
              "type": "object",
              "properties": {
                "enabled": {
                  "description": "Whether the block is in force.",
                  "type": "boolean",
                  "default": true
                },
                "split_mode": {
                  "description": "What the input is cut into. Default: not split.",
                  "type": "string",
                  "enum": [
                    "tile",
                    "batch",
                    "sequence",
                    "lines",
                    "candidates",
                    "rows",
                    "audio",
                    "none"
                  ],
                  "markdownEnumDescriptions": [
                    "An image is cut into tiles.",
                    "A list is cut into batches.",
                    "A text is cut into windows.",
                    "A text is cut into lines.",
                    "The same input is called for several times, each with its own `seed`.",
                    "A table (CSV, TSV or JSON Lines) is cut into runs of rows.",
                    "A recording is cut into windows of time.",
                    "Not split."
                  ]
                },
                "split_key": {
                  "description": "Which member of the input is cut. Default: the only member that fits the mode.",
                  "type": "string",
                  "minLength": 1,
                  "examples": [
                    "image_url"
                  ]
                },
                "tile_size": {
                  "description": "Size of a tile in px, one number for both sides or `[width, height]`. Tiles at an edge are smaller. Only with `split_mode: tile`.",
                  "type": [
                    "integer",
                    "array"
                  ],
                  "minimum": 1,
                  "maximum": 1000000,
                  "items": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 1000000
                  },
                  "minItems": 2,
                  "maxItems": 2,
                  "default": 512,
                  "examples": [
                    512,
                    [
                      1024,
                      512
                    ]
                  ]
                },
                "tile_overlap": {
                  "description": "How many px neighbouring tiles share, one number for both axes or `[x, y]`. Less than the tile's size. Only with `split_mode: tile`.",
                  "type": [
                    "integer",
                    "array"
                  ],
                  "minimum": 0,
                  "maximum": 1000000,
                  "items": {
                    "type": "integer",
                    "minimum": 0,
                    "maximum": 1000000
                  },
                  "minItems": 2,
                  "maxItems": 2,
                  "default": 0,
                  "examples": [
                    64,
                    [
                      64,
                      32
                    ]
                  ]
                },
                "tile_pad": {
                  "description": "Whether tiles at an edge are padded to the full size. Only with `split_mode: tile`.",
                  "type": "boolean",
                  "default": false
                },
                "tile_whole": {
                  "description": "Whether there is one unit more than tiles: the whole image, scaled down to fit a tile. It is for objects that are larger than a tile. Only with `split_mode: tile`.",
                  "type": "boolean",
                  "default": false
                },
                "tile_file": {
                  "description": "What a model gets of its tile. Only with `split_mode: tile`.",
                  "type": "string",
                  "enum": [
                    "auto",
                    "png",
                    "tiff",
                    "source"
                  ],
                  "markdownEnumDescriptions": [
                    "A PNG for 8 and 16 bit pixels of up to four bands, else an uncompressed TIFF.",
                    "A PNG; an image whose pixels do not fit is refused.",
                    "An uncompressed TIFF, which takes the least time.",
                    "The whole image, upright, in a file of which any rectangle is read fast; nothing is cut, and the unit's geometry says which rectangle is meant."
                  ],
                  "default": "auto"
                },
                "batch_size": {
                  "description": "How many items of the list, or rows of the table, make a unit. Only with `split_mode: batch` or `split_mode: rows`.",
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 1000000,
                  "default": 1
                },
                "sequence_length": {
                  "description": "How many `sequence_unit`s make a window. Only with `split_mode: sequence`.",
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 1000000,
                  "default": 2048
                },
                "sequence_overlap": {
                  "description": "How many `sequence_unit`s neighbouring windows share. Less than `sequence_length`. Only with `split_mode: sequence`.",
                  "type": "integer",
                  "minimum": 0,
                  "maximum": 1000000,
                  "default": 0
                },
                "sequence_unit": {
                  "description": "What a window's length is counted in. Only with `split_mode: sequence`.",
                  "type": "string",
                  "enum": [
                    "chars",
                    "words",
                    "lines"
                  ],
                  "markdownEnumDescriptions": [
                    "Characters.",
                    "Words.",
                    "Lines."
                  ],
                  "default": "words"
                },
                "row_format": {
                  "description": "How the table is written. Only with `split_mode: rows`. Default: by the file's extension.",
                  "type": "string",
                  "enum": [
                    "csv",
                    "tsv",
                    "jsonl"
                  ],
                  "markdownEnumDescriptions": [
                    "Comma-separated values (RFC 4180).",
                    "The same, separated by tabs.",
                    "JSON Lines, one value a line."
                  ]
                },
                "row_header": {
                  "description": "Whether the first row of a CSV or TSV names the columns: a row is then an object, else a list of texts. Only with `split_mode: rows`.",
                  "type": "boolean",
                  "default": true
                },
                "row_delimiter": {
                  "description": "What stands between the fields of a row. Only with `split_mode: rows`. Default: a comma in CSV, a tab in TSV.",
                  "type": "string",
                  "enum": [
                    "comma",
                    "semicolon",
                    "tab",
                    "pipe"
                  ],
                  "markdownEnumDescriptions": [
                    "Commas.",
                    "Semicolons.",
                    "Tabs.",
                    "Vertical bars."
                  ]
                },
                "audio_length": {
                  "description": "How long a window of a recording is. The last may be shorter. Only with `split_mode: audio`.",
                  "type": [
                    "string",
                    "number"
                  ],
                  "pattern": "^([0-9]+(\\.[0-9]+)?d)?([0-9]+(\\.[0-9]+)?h)?([0-9]+(\\.[0-9]+)?m)?([0-9]+(\\.[0-9]+)?s)?([0-9]+(\\.[0-9]+)?ms)?$",
                  "minLength": 2,
                  "exclusiveMinimum": 0,
                  "maximum": 31622400,
                  "default": "30s"
                },
                "audio_overlap": {
                  "description": "How much of a recording neighbouring windows share. Less than `audio_length`. Only with `split_mode: audio`.",
                  "type": [
                    "string",
                    "number"
                  ],
                  "pattern": "^([0-9]+(\\.[0-9]+)?d)?([0-9]+(\\.[0-9]+)?h)?([0-9]+(\\.[0-9]+)?m)?([0-9]+(\\.[0-9]+)?s)?([0-9]+(\\.[0-9]+)?ms)?$",
                  "minLength": 2,
                  "minimum": 0,
                  "maximum": 31622400,
                  "default": "0s",
                  "examples": [
                    "2s"
                  ]
                },
                "candidates": {
                  "description": "How many times the model is called with the same input. Only with `split_mode: candidates`.",
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 1000000,
                  "default": 1
                },
                "seed": {
                  "description": "`seed` of the first call; each further call gets one more. Only with `split_mode: candidates`.",
                  "type": "integer",
                  "minimum": -2147483648,
                  "maximum": 2147483647,
                  "default": 0
                },
                "max_shards": {
                  "description": "Most shards. A job's `shard_count` wins, but may not be more.",
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 65536,
                  "default": 32
                },
                "merge_strategy": {
                  "description": "How the units' results become one.",
                  "type": "string",
                  "enum": [
                    "concat-json",
                    "concat-text",
                    "json-merge",
                    "tile-stitch",
                    "detections",
                    "segments",
                    "mean",
                    "sum",
                    "max",
                    "min",
                    "vote",
                    "top-k",
                    "none"
                  ],
                  "markdownEnumDescriptions": [
                    "One JSON array in the units' order; arrays are joined, anything else is appended.",
                    "Text in the units' order; what `sequence_overlap` repeats is dropped.",
                    "Deep merge of objects in the units' order.",
                    "One image of the units' images, each laid at its place.",
                    "Boxes moved into the source image, duplicates across the seams of tiles merged.",
                    "Segments with `start` and `end` moved into the recording's time, those doubled in overlaps dropped.",
                    "The mean of numbers or of equally shaped arrays, element by element.",
                    "The sum of numbers or of equally shaped arrays, element by element.",
                    "The greatest of numbers or of equally shaped arrays, element by element.",
                    "The least of numbers or of equally shaped arrays, element by element.",
                    "What most units answered, with counts.",
                    "The best by `merge.score`.",
                    "The list of partial outputs."
                  ],
                  "default": "concat-json"
                },
                "merge": {
                  "description": "Options of the merge strategy.",
                  "$ref": "#/definitions/merge"
                },
                "reducer": {
                  "description": "A model that merges in place of a strategy: it gets every partial output and answers the merged one.",
                  "type": "string",
                  "pattern": "^[a-z0-9][a-z0-9._-]{0,62}(@[\\s\\S]+)?$",
                  "examples": [
                    "reading-order"
                  ]
                },
                "distributed_runtime": {
                  "description": "Runs the stage as a gang of peers that are started all or none, and talk by this runtime. Default: no gang.",
                  "type": "string",
                  "enum": [
                    "ray",
                    "horovod",
                    "torch",
                    "mpi"
                  ],
                  "markdownEnumDescriptions": [
                    "Ray.",
                    "Horovod.",
                    "PyTorch distributed.",
                    "MPI."
                  ]
                },
                "shard_role": {
                  "description": "What a peer of the gang is. In a gang of workers only, the first is the head, too. Only with `distributed_runtime`.",
                  "type": "string",
                  "enum": [
                    "head",
                    "worker"
                  ],
                  "markdownEnumDescriptions": [
                    "The peer that the others meet.",
                    "A peer that joins the head."
                  ],
                  "default": "worker"
                },
                "cluster_size": {
                  "description": "How many peers the gang has. Only with `distributed_runtime`.",
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 1024,
                  "default": 1
                },
                "coordination_port": {
                  "description": "Where the head of the gang listens. Only with `distributed_runtime`.",
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 65535
                },
                "gpu": {
                  "description": "Whether every peer of the gang has a GPU. Only with `distributed_runtime`.",
                  "type": "boolean",
                  "default": false
                },
                "start_window": {
                  "description": "How long the gang waits until every peer is ready; then all are released. Only with `distributed_runtime`.",
                  "type": [
                    "string",
                    "number"
                  ],
                  "pattern": "^([0-9]+(\\.[0-9]+)?d)?([0-9]+(\\.[0-9]+)?h)?([0-9]+(\\.[0-9]+)?m)?([0-9]+(\\.[0-9]+)?s)?([0-9]+(\\.[0-9]+)?ms)?$",
                  "minLength": 2,
                  "exclusiveMinimum": 0,
                  "maximum": 31622400,
                  "default": "60s"
                }
              },
              "patternProperties": {
                "^x-": {}
              },
              "additionalProperties": false
            },
            "merge": {
              "description": "Options of `merge_strategy`, each for one strategy.",
              "type": "object",
              "properties": {
                "conflict": {
                  "description": "What comes of two units that give one member different scalars. Only with `merge_strategy: json-merge`.",
                  "type": "string",
                  "enum": [
                    "error",
                    "last"
                  ],
                  "markdownEnumDescriptions": [
                    "The merge fails.",
                    "The later unit's counts."
                  ],
                  "default": "error"
                },
                "blend": {
                  "description": "What is seen where tiles overlap. Only with `merge_strategy: tile-stitch`.",
                  "type": "string",
                  "enum": [
                    "hard",
                    "feather"
                  ],
                  "markdownEnumDescriptions": [
                    "Each tile is shown up to the middle of the overlap.",
                    "Both are mixed, each the less the nearer its edge is."
                  ],
                  "default": "hard"
                },
                "content": {
                  "description": "What the pixels of the units' images are. Only with `merge_strategy: tile-stitch`.",
                  "type": "string",
                  "enum": [
                    "image",
                    "labels"
                  ],
                  "markdownEnumDescriptions": [
                    "Colours or measurements.",
                    "Each tile is a map of labels, 0 being the background: objects that a seam cuts are joined, and all are numbered anew. The result is a TIFF of uint32."
                  ],
                  "default": "image"
                },
                "format": {
                  "description": "The format of the stitched file. Only with `merge_strategy: tile-stitch`.",
                  "type": "string",
                  "enum": [
                    "tiff",
                    "png"
                  ],
                  "markdownEnumDescriptions": [
                    "Uncompressed TIFF, BigTIFF from 4 GiB on; any pixels.",
                    "PNG, for gray and RGB of 8 or 16 bits with or without alpha."
                  ],
                  "default": "tiff"
                },
                "fill": {
                  "description": "What holes show, the tiles whose shards failed: a number for every band, a list with one for each, or `transparent`, which adds an alpha band where there is none. Only with `merge_strategy: tile-stitch`. Default: 0, which is transparent where there is alpha.",
                  "type": [
                    "string",
                    "number",
                    "array"
                  ],
                  "pattern": "^transparent$",
                  "items": {
                    "type": "number"
                  },
                  "minItems": 1,
                  "maxItems": 1024,
                  "examples": [
                    "transparent",
                    255,
                    [
                      255,
                      0,
                      128
                    ]
                  ]
                },
                "iou": {
                  "description": "From which overlap on two boxes of different tiles are one object. Only with `merge_strategy: detections`.",
                  "type": "number",
                  "minimum": 0,
                  "maximum": 1,
                  "default": 0.5
                },
                "metric": {
                  "description": "How the overlap of two boxes is measured. Only with `merge_strategy: detections`.",
                  "type": "string",
                  "enum": [
                    "iou",
                    "ios"
                  ],
                  "markdownEnumDescriptions": [
                    "Intersection over union.",
                    "Intersection over the smaller box."
                  ],
                  "default": "iou"
                },
                "nms": {
                  "description": "From which overlap on, of two objects, only the one with the higher score stays (non-maximum suppression), also in one tile. Only with `merge_strategy: detections`. Default: all stay.",
                  "type": "number",
                  "minimum": 0,
                  "maximum": 1,
                  "examples": [
                    0.7
                  ]
                },
                "class_agnostic": {
                  "description": "Whether boxes of different classes can be one object. Only with `merge_strategy: detections`.",
                  "type": "boolean",
                  "default": false
                },
                "score": {
                  "description": "The member that results are ranked by. Only with `merge_strategy: top-k`.",
                  "type": "string",
                  "minLength": 1,
                  "default": "score"
                },
                "k": {
                  "description": "How many results stay. Only with `merge_strategy: top-k`.",
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 1000000,
                  "default": 1
                }
              },
              "patternProperties": {
                "^x-": {}
              },
              "additionalProperties": false
            },
            "retry": {
              "description": "How often the model's own failures are tried again, and when. Failures of the machine have a budget of their own.",
              "type": "object",
              "properties": {
                "maximum_attempts": {
                  "description": "Attempts in all, the first included.",
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 1000,
                  "default": 1
                },
                "initial_interval": {
                  "description": "The wait before the second attempt.",
                  "type": [
                    "string",
                    "number"
                  ],
                  "pattern": "^([0-9]+(\\.[0-9]+)?d)?([0-9]+(\\.[0-9]+)?h)?([0-9]+(\\.[0-9]+)?m)?([0-9]+(\\.[0-9]+)?s)?([0-9]+(\\.[0-9]+)?ms)?$",
                  "minLength": 2,
                  "minimum": 0,
                  "maximum": 31622400,
                  "default": "1s"
                },
                "backoff_coefficient": {
                  "description": "By how much each further wait is longer than the one before.",
                  "type": "number",
                  "minimum": 1,
                  "maximum": 100,
                  "default": 2
                },
                "maximum_interval": {
                  "description": "The longest wait.",
                  "type": [
                    "string",
                    "number"
                  ],
                  "pattern": "^([0-9]+(\\.[0-9]+)?d)?([0-9]+(\\.[0-9]+)?h)?([0-9]+(\\.[0-9]+)?m)?([0-9]+(\\.[0-9]+)?s)?([0-9]+(\\.[0-9]+)?ms)?$",
                  "minLength": 2,
                  "minimum": 0,
                  "maximum": 31622400,
                  "default": "60s"
                },
                "retry_on": {
                  "description": "Which causes of failure are tried again.",
                  "type": "array",
                  "items": {
                    "type": "string",
                    "enum": [
                      "app",
                      "timeout",
                      "oom"
                    ],
                    "markdownEnumDescriptions": [
                      "The model failed, or broke its `output_schema`.",
                      "The attempt took longer than `timeout`.",
                      "Memory ran out."
                    ]
                  },
                  "maxItems": 10000,
                  "default": [
                    "app",
                    "timeout",
                    "oom"
                  ]
                }
              },
              "patternProperties": {
                "^x-": {}
              },
              "additionalProperties": false
            },
            "hedge": {
              "description": "When a shard that takes much longer than its peers gets a second attempt beside its first; the first to end well counts, and the other is ended.",
              "type": [
                "boolean",
                "object"
              ],
              "properties": {
                "factor": {
                  "description": "A shard straggles when it has run longer than this times the `quantile` of its peers that are done.",
                  "type": "number",
                  "minimum": 1,
                  "maximum": 1000,
                  "default": 2
                },
                "quantile": {
                  "description": "Which of the peers' run times a straggler is measured by; 0.5 is the median.",
                  "type": "number",
                  "minimum": 0,
                  "maximum": 1,
                  "default": 0.9
                },
                "budget": {
                  "description": "The share of the stage's shards that may get a second attempt; at least one may.",
                  "type": "number",
                  "minimum": 0,
                  "maximum": 1,
                  "default": 0.1
                }
              },
              "patternProperties": {
                "^x-": {}
              },
              "additionalProperties": false
            },
            "repeat": {
              "description": "Runs a stage in rounds. A round after the first is bound to what the round before it published, nearest of all, and then as the stage itself is: a stage with `input_key: beam` and `output_key: beam` loops over `beam`. What the last round that ran has published is the stage's result.",
              "type": "object",
              "properties": {
                "times": {
                  "description": "Most rounds. Each is a stage of the graph, `name@1`, `name@2` and so on.",
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 1000,
                  "examples": [
                    5
                  ]
                },
                "until": {
                  "description": "A condition as in `when`, asked after each round over what the next would be bound to. Where it holds, no further round runs. Default: all rounds run.",
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 4096,
                  "examples": [
                    "done",
                    "score >= 0.9"
                  ]
                }
              },
              "required": [
                "times"
              ],
              "patternProperties": {
                "^x-": {}
              },
              "additionalProperties": false
            }
          }
        }
        """#

    static let settingsText = #"""
        {
          "$schema": "http://json-schema.org/draft-07/schema#",
          "title": "imflow .imflow.yaml",
          "description": "How the files of a folder, and of those below it, are checked. The nearest file counts.",
          "type": "object",
          "properties": {
            "severity": {
              "description": "By code or slug: `error`, `warning`, `note`, or `ignore`, which tells nothing. What is an error cannot be less.",
              "type": "object",
              "additionalProperties": {
                "type": "string"
              },
              "maxProperties": 10000,
              "examples": [
                {
                  "sole-value": "error",
                  "IMF0108": "ignore"
                }
              ]
            },
            "overrides": {
              "description": "Severities for the files of some paths. A later one wins.",
              "type": "array",
              "items": {
                "$ref": "#/definitions/settings_override"
              },
              "maxItems": 10000
            },
            "exclude": {
              "description": "Paths that a check of a folder leaves out, as in a `.gitignore`.",
              "type": "array",
              "items": {
                "type": "string",
                "minLength": 1
              },
              "maxItems": 10000,
              "examples": [
                [
                  "third_party/"
                ]
              ]
            }
          },
          "patternProperties": {
            "^x-": {}
          },
          "additionalProperties": false,
          "definitions": {
            "settings_override": {
              "description": "Severities for the files of some paths.",
              "type": "object",
              "properties": {
                "paths": {
                  "description": "Patterns as in a `.gitignore`, relative to the folder of the settings.",
                  "type": "array",
                  "items": {
                    "type": "string",
                    "minLength": 1
                  },
                  "maxItems": 10000,
                  "examples": [
                    [
                      "experiments/"
                    ]
                  ]
                },
                "severity": {
                  "description": "By code or slug: `error`, `warning`, `note`, or `ignore`.",
                  "type": "object",
                  "additionalProperties": {
                    "type": "string"
                  },
                  "maxProperties": 10000,
                  "examples": [
                    {
                      "missing-name": "ignore"
                    }
                  ]
                }
              },
              "required": [
                "paths",
                "severity"
              ],
              "patternProperties": {
                "^x-": {}
              },
              "additionalProperties": false
            }
          }
        }
        """#
}
