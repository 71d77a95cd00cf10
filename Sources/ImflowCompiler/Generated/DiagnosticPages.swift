// Made by Tools/generate from Grammar/diagnostics. Do not edit.

import ImflowDiagnostics

extension DiagnosticPage {
    /// Every page, by number.
    package static let all: [DiagnosticPage] = [
        DiagnosticPage(
            number: 1, slug: "invalid-syntax", severity: .error,
            summary: "The text is not YAML, or not JSON.",
            text: #"""
                # IMF0001 invalid-syntax (error)

                The text is not YAML, or not JSON.

                All before the mistake is still read and checked; what stands after it is not. Files whose name ends in `.json` are
                read as strict JSON (no comments, no comma before a closing bracket), all others as YAML 1.2.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                env: {MODE: fast
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                env: {MODE: fast}
                ```

                ## Fix

                Look at the place and, where there is one, at the second place: it shows what was opened and never closed. Tabs cannot
                indent YAML, and a plain value that holds `: ` or starts with one of `@`, `*`, `&`, `[`, `{`, `%` needs quotes.
                """#),
        DiagnosticPage(
            number: 2, slug: "not-utf8", severity: .error,
            summary: "The bytes of the file are not UTF-8.",
            text: #"""
                # IMF0002 not-utf8 (error)

                The bytes of the file are not UTF-8.

                Manifests and jobs are UTF-8, with or without a byte order mark. Another encoding would be read as other letters than
                the author wrote, so nothing is guessed.

                ## Wrong

                Not shown: a page cannot hold such bytes.

                ## Fix

                Save the file as UTF-8. `iconv -f ISO-8859-1 -t UTF-8 old.yaml > model.yaml` turns a Latin-1 file into one; a file that
                was saved as UTF-16 needs `-f UTF-16`.
                """#),
        DiagnosticPage(
            number: 3, slug: "too-large", severity: .error,
            summary: "The file has more than 16 MiB.",
            text: #"""
                # IMF0003 too-large (error)

                The file has more than 16 MiB.

                A manifest or a job is small. The limit keeps a file that was named by mistake, or made to do harm, from taking the
                machine's memory.

                ## Wrong

                Not shown: the file would have more than 16 MiB.

                ## Fix

                Name the right file. Large data belongs into files of its own, whose URLs stand in the job's `input` under keys that
                end in `_url` or `_uri`.
                """#),
        DiagnosticPage(
            number: 4, slug: "too-deep", severity: .error,
            summary: "Lists and mappings are nested more than 200 levels deep.",
            text: #"""
                # IMF0004 too-deep (error)

                Lists and mappings are nested more than 200 levels deep.

                No manifest needs that; a text that does is damaged or made to do harm. Aliases count with the depth of what they name.

                ## Wrong

                Not shown: it would be a line of 201 opening brackets.

                ## Fix

                Look for brackets that were never closed, or for an alias (`*name`) inside a long chain of aliases. A deep JSON Schema
                becomes flat with `definitions` and `$ref`.
                """#),
        DiagnosticPage(
            number: 5, slug: "alias-limit", severity: .error,
            summary: "The file's aliases stand for more than 100,000 keys and values.",
            text: #"""
                # IMF0005 alias-limit (error)

                The file's aliases stand for more than 100,000 keys and values.

                An alias repeats all that its anchor marks. A few lines of aliases of aliases can stand for billions of values, which
                is an old way to stop a program that reads YAML.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                x-a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
                x-b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
                x-c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
                x-d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
                x-e: [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                x-a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
                x-b: [*a, *a]
                ```

                ## Fix

                Use aliases for single blocks, such as a common `env`. To run one model on many inputs, split the stage with
                `multi_node`.
                """#),
        DiagnosticPage(
            number: 6, slug: "undefined-alias", severity: .error,
            summary: "An alias `*name` without an earlier `&name`.",
            text: #"""
                # IMF0006 undefined-alias (error)

                An alias `*name` without an earlier `&name`.

                Anchors hold from their place to the end of the same file: an alias sees neither what is marked below it nor what
                another file marks. A plain value that starts with `*` is an alias, too, whether it was meant as one or not.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                env: *common
                x-common: &common {MODE: fast}
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                x-common: &common {MODE: fast}
                env: *common
                ```

                ## Fix

                Put the anchor first, or mend the name. If a text was meant, quote it: `"*.wav"`.
                """#),
        DiagnosticPage(
            number: 7, slug: "several-documents", severity: .error,
            summary: "A file with more than one YAML document.",
            text: #"""
                # IMF0007 several-documents (error)

                A file with more than one YAML document.

                A line `---` starts a new document. A file describes one model or one job, so only the first document could be used,
                and the rest would be lost without a word.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                ---
                name: reader
                entrypoint: [./read]
                ```

                ## Right

                `detector/model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                ```

                `reader/model.yaml`:

                ```yaml
                name: reader
                entrypoint: [./read]
                ```

                ## Fix

                Give each model a file in a folder of its own. A `---` before the first document is fine.
                """#),
        DiagnosticPage(
            number: 8, slug: "empty-document", severity: .error,
            summary: "A file with nothing but space and comments.",
            text: #"""
                # IMF0008 empty-document (error)

                A file with nothing but space and comments.

                An empty manifest describes no model, and an empty job asks for nothing. Mostly the file was cut off, or its lines are
                all commented out.

                ## Wrong

                `model.yaml`:

                ```yaml
                # name: detector
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                ```

                ## Fix

                Write the file, or remove it. `imflow init` writes a model and a job to begin with.
                """#),
        DiagnosticPage(
            number: 9, slug: "nul-byte", severity: .error,
            summary: "The file holds a NUL byte, which no text does.",
            text: #"""
                # IMF0009 nul-byte (error)

                The file holds a NUL byte, which no text does.

                The file is binary, was damaged, or was saved as UTF-16.

                ## Wrong

                Not shown: a page cannot hold such a byte.

                ## Fix

                Name the right file, or save it as UTF-8: `iconv -f UTF-16 -t UTF-8 old.yaml > model.yaml`.
                """#),
        DiagnosticPage(
            number: 10, slug: "too-many-nodes", severity: .error,
            summary: "The file has more than 1,000,000 keys and values.",
            text: #"""
                # IMF0010 too-many-nodes (error)

                The file has more than 1,000,000 keys and values.

                A manifest or a job is small. The limit keeps a file that was named by mistake, or made to do harm, from taking the
                machine's memory.

                ## Wrong

                Not shown: it would have more than 1,000,000 values.

                ## Fix

                Name the right file. Large data belongs into files of its own, whose URLs stand in the job's `input` under keys that
                end in `_url` or `_uri`.
                """#),
        DiagnosticPage(
            number: 11, slug: "alias-cycle", severity: .error,
            summary: "An alias inside the very value that it names.",
            text: #"""
                # IMF0011 alias-cycle (error)

                An alias inside the very value that it names.

                The value would hold itself, without end.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                x-defaults: &defaults
                  env: {MODE: fast}
                  more: *defaults
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                x-defaults: &defaults
                  env: {MODE: fast}
                x-more: *defaults
                ```

                ## Fix

                Move the alias out of the block that its anchor marks, or mark a smaller block.
                """#),
        DiagnosticPage(
            number: 12, slug: "invalid-tag", severity: .error,
            summary: "A YAML tag that is unknown, or that its value does not fit.",
            text: #"""
                # IMF0012 invalid-tag (error)

                A YAML tag that is unknown, or that its value does not fit.

                A tag such as `!!str` says what type a value has. The tags of the YAML 1.2 core schema are known: `!!str`, `!!int`,
                `!!float`, `!!bool`, `!!null`, `!!seq`, `!!map`. Others, such as `!include` or `!Ref`, belong to other programs, and
                leaving them out would change what the author meant.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                port: !env 9000
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                port: 9000
                ```

                ## Fix

                Remove the tag. Quotes do what `!!str` does.
                """#),
        DiagnosticPage(
            number: 13, slug: "invalid-merge", severity: .error,
            summary: "A `<<` whose value is neither a mapping nor a list of mappings.",
            text: #"""
                # IMF0013 invalid-merge (error)

                A `<<` whose value is neither a mapping nor a list of mappings.

                `<<` puts the keys of other mappings into this one. A list of words or a number has no keys.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                x-modes: &modes [fast, exact]
                env:
                  <<: *modes
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                x-modes: &modes {MODE: fast}
                env:
                  <<: *modes
                  LEVEL: debug
                ```

                ## Fix

                Write `<<: *name` or `<<: [*first, *second]`, where each name marks a mapping. If a key named `<<` is meant, quote it.
                """#),
        DiagnosticPage(
            number: 14, slug: "merge-key", severity: .note,
            summary: "A `<<` puts the keys of another mapping into this one.",
            text: #"""
                # IMF0014 merge-key (note)

                A `<<` puts the keys of another mapping into this one.

                It works: keys that are written here win over merged ones, and earlier mappings of a list over later ones. But YAML 1.2
                no longer defines `<<`, so other programs may read the file differently.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                x-common: &common {MODE: fast}
                env:
                  <<: *common
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                x-common: &common {MODE: fast}
                env: *common
                ```

                ## Fix

                Use an alias for the whole block, or write the keys out. A note fails no check unless `--fail-on note` asks for it.
                """#),
        DiagnosticPage(
            number: 20, slug: "unreadable-file", severity: .error,
            summary: "A file or folder that is not there, or cannot be read.",
            text: #"""
                # IMF0020 unreadable-file (error)

                A file or folder that is not there, or cannot be read.

                It is a finding like others, so that the other files of the same check are still looked at; but `imflow check` ends
                with exit code 2 instead of 1.

                ## Wrong

                Not shown: the file is missing. `imflow check missing.yaml` is such a case.

                ## Fix

                Mend the path, or the file's permissions. Where a folder is named and a file is expected, the help names the files in
                it.
                """#),
        DiagnosticPage(
            number: 21, slug: "too-many-files", severity: .error,
            summary: "A folder that is larger than one check looks at.",
            text: #"""
                # IMF0021 too-many-files (error)

                A folder that is larger than one check looks at.

                A check that silently left files out would call a repository clean that it has not seen. So it says where it stopped:
                at 100,000 manifests and jobs, 200,000 folders, 64 levels of folders, or 50,000 entries of one folder. What it did read
                is checked all the same.

                ## Wrong

                Not shown: the folder would have to be very large. `imflow check /` is such a case on many machines.

                ## Fix

                Check parts of it, one by one, or leave out what is not yours: `exclude` in a `.imflow.yaml`, or a `.gitignore`.
                """#),
        DiagnosticPage(
            number: 22, slug: "bad-setting", severity: .error,
            summary: "A `.imflow.yaml` that names a finding there is not, a level there is not, or that would make less of an error.",
            text: #"""
                # IMF0022 bad-setting (error)

                A `.imflow.yaml` that names a finding there is not, a level there is not, or that would make less of an error.

                Settings that do nothing are worse than none: who wrote them believes that they hold. Errors stay errors because `plan`
                and `run` refuse a file that has one, whatever a check says of it; warnings and notes may become anything.

                ## Wrong

                `.imflow.yaml`:

                ```yaml
                severity:
                  missing-nam: off
                ```

                `model.yaml`:

                ```yaml
                name: echo
                entrypoint: [cat]
                protocol: exec
                ```

                ## Right

                `.imflow.yaml`:

                ```yaml
                severity:
                  missing-name: off
                ```

                `model.yaml`:

                ```yaml
                name: echo
                entrypoint: [cat]
                protocol: exec
                ```

                ## Fix

                Correct the line, or remove it.
                """#),
        DiagnosticPage(
            number: 101, slug: "unknown-key", severity: .error,
            summary: "A key that its place does not know.",
            text: #"""
                # IMF0101 unknown-key (error)

                A key that its place does not know.

                A misspelt key would otherwise do nothing: `timout: 30s` sets no timeout, and nobody notices until a model hangs.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                timout: 30s
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                timeout: 30s
                x-owner: vision team
                ```

                ## Fix

                Take the nearest known key if it was meant. Keys that start with `x-` are yours and are not looked at.
                """#),
        DiagnosticPage(
            number: 102, slug: "duplicate-key", severity: .error,
            summary: "A key that its mapping has already.",
            text: #"""
                # IMF0102 duplicate-key (error)

                A key that its mapping has already.

                Of two equal keys one would win silently, and which one differs from program to program. Both places are shown. In YAML
                and in JSON, keys are equal when their texts are: `1` and `"1"` are one key.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                timeout: 30s
                timeout: 5m
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                timeout: 5m
                ```

                ## Fix

                Keep one of them. Several mappings are merged with one key: `<<: [*first, *second]`.
                """#),
        DiagnosticPage(
            number: 103, slug: "wrong-type", severity: .error,
            summary: "A value of another type than its key takes.",
            text: #"""
                # IMF0103 wrong-type (error)

                A value of another type than its key takes.

                Types are those of the YAML 1.2 core schema: `9000` is a number and `"9000"` a text, and only `true` and `false` are
                truth values: `yes`, `no`, `on` and `off` are texts.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                port: "9000"
                cache: yes
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                port: 9000
                cache: true
                ```

                ## Fix

                The message says what the key takes and what stands there. Where quotes are the only mistake, a fix adds or removes
                them.
                """#),
        DiagnosticPage(
            number: 104, slug: "out-of-range", severity: .error,
            summary: "A number outside what its key takes.",
            text: #"""
                # IMF0104 out-of-range (error)

                A number outside what its key takes.

                The number would be cut off or would mean nothing: there is no port 70000, and a model that may answer no request at a
                time would never answer.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                port: 70000
                min_success_ratio: 95
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                port: 7000
                min_success_ratio: 0.95
                ```

                ## Fix

                The message names the range. Ratios are shares of one, not percentages.
                """#),
        DiagnosticPage(
            number: 105, slug: "bad-value", severity: .error,
            summary: "A text that does not mean what its key takes.",
            text: #"""
                # IMF0105 bad-value (error)

                A text that does not mean what its key takes.

                Lengths of time, amounts of memory, choices, paths and commands have forms of their own. Nothing is guessed: `4GB` may
                be meant as 4,000,000,000 bytes or as 4 GiB.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                timeout: 30 parsecs
                resources:
                  memory: 4GB
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                timeout: 30s
                resources:
                  memory: 4Gi
                ```

                ## Fix

                Lengths of time are a number of seconds, or numbers with `ms`, `s`, `m`, `h` or `d`: `1m30s`. Amounts are a number of
                bytes, or one with `k`, `M`, `G`, `T`, `P` (powers of 1000) or `Ki`, `Mi`, `Gi`, `Ti`, `Pi` (powers of 1024). For a
                choice the message names all words.
                """#),
        DiagnosticPage(
            number: 106, slug: "bad-id", severity: .error,
            summary: "A name, id or reference of another form than names have.",
            text: #"""
                # IMF0106 bad-id (error)

                A name, id or reference of another form than names have.

                Names become parts of file names, container labels and commands, so they are kept to what is safe in all of them: the
                name of a model has lower-case letters, digits, `.`, `_` and `-`, a letter or digit first.

                ## Wrong

                `detector/model.yaml`:

                ```yaml
                name: Detector V2
                entrypoint: [./detect]
                ```

                ## Right

                `detector/model.yaml`:

                ```yaml
                name: detector-v2
                entrypoint: [./detect]
                ```

                ## Fix

                Take the name that the help suggests, and change those who refer to it. A model without `name` takes its folder's: give
                one where the folder's name is no name.
                """#),
        DiagnosticPage(
            number: 107, slug: "missing-key", severity: .error,
            summary: "A key without which its block means nothing.",
            text: #"""
                # IMF0107 missing-key (error)

                A key without which its block means nothing.

                A stage, for example, calls a model; without `model` there is nothing that it could do.

                ## Wrong

                `job.json`:

                ```json
                {
                  "input": {"text": "hello"},
                  "job_graph": {
                    "stages": [
                      {"name": "clean", "input_key": "text"}
                    ]
                  }
                }
                ```

                ## Right

                `job.json`:

                ```json
                {
                  "input": {"text": "hello"},
                  "job_graph": {
                    "stages": [
                      {"name": "clean", "model": "worker", "input_key": "text"}
                    ]
                  }
                }
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                ## Fix

                Add the key; the help says what it is for.
                """#),
        DiagnosticPage(
            number: 108, slug: "missing-name", severity: .note,
            summary: "A model without `name`: it takes its folder's.",
            text: #"""
                # IMF0108 missing-name (note)

                A model without `name`: it takes its folder's.

                That works until the folder is renamed or copied: then the model silently has another name, and jobs no longer find it.

                ## Wrong

                `asr-v1/model.yaml`:

                ```yaml
                entrypoint: [./transcribe]
                ```

                ## Right

                `asr-v1/model.yaml`:

                ```yaml
                name: asr-v1
                entrypoint: [./transcribe]
                ```

                ## Fix

                Write the name down. A note fails no check unless `--fail-on note` asks for it.
                """#),
        DiagnosticPage(
            number: 109, slug: "bad-condition", severity: .error,
            summary: "A `when` that is no condition.",
            text: #"""
                # IMF0109 bad-condition (error)

                A `when` that is no condition.

                A condition is a key, or a key compared with a value: `transcript`, `score >= 0.5`, `language != 'en'`; `!`, `&&`, `||`
                and parentheses join them. The key stands on the left, and texts are quoted.

                ## Wrong

                `job.json`:

                ```json
                {
                  "input": {"text": "hello", "score": 0.7},
                  "job_graph": {
                    "stages": [
                      {"model": "worker", "input_key": "text", "when": "score = 0.5"}
                    ]
                  }
                }
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                ## Right

                `job.json`:

                ```json
                {
                  "input": {"text": "hello", "score": 0.7},
                  "job_graph": {
                    "stages": [
                      {"model": "worker", "input_key": "text", "when": "score >= 0.5"}
                    ]
                  }
                }
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                ## Fix

                The caret stands where reading stopped. A stage that should always run needs no `when`.
                """#),
        DiagnosticPage(
            number: 110, slug: "too-many", severity: .error,
            summary: "A list or map with more members than imflow takes.",
            text: #"""
                # IMF0110 too-many (error)

                A list or map with more members than imflow takes.

                The bound, 2,000 members, keeps a single file from making a plan of any size.

                ## Wrong

                Not shown: the list would have more than 2,000 members.

                ## Fix

                To do the same to many inputs, split one stage with `multi_node` instead of writing a stage for each. Long arguments
                belong into a file that the program reads.
                """#),
        DiagnosticPage(
            number: 201, slug: "unknown-model", severity: .error,
            summary: "No model that can be found has this name.",
            text: #"""
                # IMF0201 unknown-model (error)

                No model that can be found has this name.

                A job or pipeline names models by their `name`. They are looked for in `--models`, in the file's folder and its parents
                up to the repository's root, in `models/` and `Manifests/` there, and in `$IMFLOW_MODELS`.

                ## Wrong

                `job.json`:

                ```json
                {
                  "model": "asr-v2",
                  "input": {"audio_url": "https://example.org/a.wav"}
                }
                ```

                `asr-v1/model.yaml`:

                ```yaml
                name: asr-v1
                entrypoint: [./run]
                ```

                ## Right

                `job.json`:

                ```json
                {
                  "model": "asr-v1",
                  "input": {"audio_url": "https://example.org/a.wav"}
                }
                ```

                `asr-v1/model.yaml`:

                ```yaml
                name: asr-v1
                entrypoint: [./run]
                ```

                ## Fix

                Take the nearest name if it was meant, or say with `--models DIR` where the model is. The name is that in the manifest,
                which need not be that of its folder.
                """#),
        DiagnosticPage(
            number: 202, slug: "ambiguous-model", severity: .error,
            summary: "Several models have this name, and the reference does not say which.",
            text: #"""
                # IMF0202 ambiguous-model (error)

                Several models have this name, and the reference does not say which.

                Which of them would run must not depend on the order in which folders are read. All places are shown.

                ## Wrong

                `job.json`:

                ```json
                {
                  "model": "asr-v1",
                  "input": {"audio_url": "https://example.org/a.wav"}
                }
                ```

                `new/model.yaml`:

                ```yaml
                name: asr-v1
                version: "1.1"
                entrypoint: [./run]
                ```

                `old/model.yaml`:

                ```yaml
                name: asr-v1
                version: "1.0"
                entrypoint: [./run]
                ```

                ## Right

                `job.json`:

                ```json
                {
                  "model": "asr-v1@1.1",
                  "input": {"audio_url": "https://example.org/a.wav"}
                }
                ```

                `new/model.yaml`:

                ```yaml
                name: asr-v1
                version: "1.1"
                entrypoint: [./run]
                ```

                `old/model.yaml`:

                ```yaml
                name: asr-v1
                version: "1.0"
                entrypoint: [./run]
                ```

                ## Fix

                Name the version: `asr-v1@1.1`. Where the versions are equal too, rename one of the models.
                """#),
        DiagnosticPage(
            number: 203, slug: "unknown-stage", severity: .error,
            summary: "A stage needs another that does not exist.",
            text: #"""
                # IMF0203 unknown-stage (error)

                A stage needs another that does not exist.

                `needs` names stages of the same graph. A stage that waits for nothing at all would start too early, so this is no
                warning.

                ## Wrong

                `job.json`:

                ```json
                {
                  "input": {"text": "hello"},
                  "job_graph": {
                    "stages": [
                      {"name": "transcribe", "model": "worker"},
                      {"name": "summarize", "model": "worker", "needs": ["transcribed"]}
                    ]
                  }
                }
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                ## Right

                `job.json`:

                ```json
                {
                  "input": {"text": "hello"},
                  "job_graph": {
                    "stages": [
                      {"name": "transcribe", "model": "worker"},
                      {"name": "summarize", "model": "worker", "needs": ["transcribe"]}
                    ]
                  }
                }
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                ## Fix

                Take the nearest name if it was meant. A stage without `name` has its model's.
                """#),
        DiagnosticPage(
            number: 204, slug: "duplicate-stage", severity: .error,
            summary: "Two stages of a graph have one name.",
            text: #"""
                # IMF0204 duplicate-stage (error)

                Two stages of a graph have one name.

                `needs` and what imflow reports of a job name stages; two of one name could not be told apart.

                ## Wrong

                `job.json`:

                ```json
                {
                  "input": {"text": "hello"},
                  "job_graph": {
                    "stages": [
                      {"name": "clean", "model": "worker"},
                      {"name": "clean", "model": "worker"}
                    ]
                  }
                }
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                ## Right

                `job.json`:

                ```json
                {
                  "input": {"text": "hello"},
                  "job_graph": {
                    "stages": [
                      {"name": "clean", "model": "worker"},
                      {"name": "clean-again", "model": "worker"}
                    ]
                  }
                }
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                ## Fix

                Rename one of them, and look at the `needs` that meant it.
                """#),
        DiagnosticPage(
            number: 205, slug: "stage-cycle", severity: .error,
            summary: "Stages wait for one another in a circle.",
            text: #"""
                # IMF0205 stage-cycle (error)

                Stages wait for one another in a circle.

                None of them could ever start. The message gives the whole circle, and every place that closes it.

                ## Wrong

                `job.json`:

                ```json
                {
                  "input": {"text": "hello"},
                  "job_graph": {
                    "stages": [
                      {"name": "a", "model": "worker", "needs": ["b"]},
                      {"name": "b", "model": "worker", "needs": ["a"]}
                    ]
                  }
                }
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                ## Right

                `job.json`:

                ```json
                {
                  "input": {"text": "hello"},
                  "job_graph": {
                    "stages": [
                      {"name": "a", "model": "worker"},
                      {"name": "b", "model": "worker", "needs": ["a"]}
                    ]
                  }
                }
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                ## Fix

                Remove one of the needs. What should be done several times is written as several stages.
                """#),
        DiagnosticPage(
            number: 206, slug: "model-cycle", severity: .error,
            summary: "Pipelines call one another in a circle.",
            text: #"""
                # IMF0206 model-cycle (error)

                Pipelines call one another in a circle.

                A pipeline is unfolded into the stages that it calls. One that calls itself, also through others, would never end.

                ## Wrong

                `outer/model.yaml`:

                ```yaml
                name: outer
                chained_models:
                  - model_id: inner
                ```

                `inner/model.yaml`:

                ```yaml
                name: inner
                chained_models:
                  - model_id: outer
                ```

                ## Right

                `outer/model.yaml`:

                ```yaml
                name: outer
                chained_models:
                  - model_id: inner
                ```

                `inner/model.yaml`:

                ```yaml
                name: inner
                entrypoint: [./run]
                ```

                ## Fix

                A pipeline may call only models that do not call it. Move what both need into a third model.
                """#),
        DiagnosticPage(
            number: 207, slug: "version-mismatch", severity: .error,
            summary: "A model of this name exists, but not in the version that is asked for.",
            text: #"""
                # IMF0207 version-mismatch (error)

                A model of this name exists, but not in the version that is asked for.

                `name@version` is a promise about which model runs, and another version may answer differently.

                ## Wrong

                `job.json`:

                ```json
                {
                  "model": "asr-v1@2.0",
                  "input": {"audio_url": "https://example.org/a.wav"}
                }
                ```

                `asr-v1/model.yaml`:

                ```yaml
                name: asr-v1
                version: "1.0"
                entrypoint: [./run]
                ```

                ## Right

                `job.json`:

                ```json
                {
                  "model": "asr-v1@1.0",
                  "input": {"audio_url": "https://example.org/a.wav"}
                }
                ```

                `asr-v1/model.yaml`:

                ```yaml
                name: asr-v1
                version: "1.0"
                entrypoint: [./run]
                ```

                ## Fix

                Ask for a version that exists (the help names them), or for the name alone. Quote versions in YAML, so that they are
                texts.
                """#),
        DiagnosticPage(
            number: 208, slug: "unbound-key", severity: .error,
            summary: "A stage asks for a key that nothing gives it.",
            text: #"""
                # IMF0208 unbound-key (error)

                A stage asks for a key that nothing gives it.

                A stage gets its `input_key`, and what its model's `input_schema` requires, from the stages that it needs and from the
                job's `input`. Where it is certain that none of them has the key, every call would fail.

                ## Wrong

                `job.json`:

                ```json
                {
                  "input": {"audio_url": "https://example.org/a.wav"},
                  "job_graph": {
                    "stages": [
                      {"model": "worker", "input_key": "audio_ur"}
                    ]
                  }
                }
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                ## Right

                `job.json`:

                ```json
                {
                  "input": {"audio_url": "https://example.org/a.wav"},
                  "job_graph": {
                    "stages": [
                      {"model": "worker", "input_key": "audio_url"}
                    ]
                  }
                }
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                ## Fix

                The note lists the keys in the stage's reach. Mend the name, add the key to the job's `input`, or give the stage that
                makes the value an `output_key`.
                """#),
        DiagnosticPage(
            number: 209, slug: "sole-value", severity: .warning,
            summary: "A key that nothing declares is bound to the only value of the only stage before it.",
            text: #"""
                # IMF0209 sole-value (warning)

                A key that nothing declares is bound to the only value of the only stage before it.

                It works as long as that stage answers a single value. The day it answers two, the stage gets nothing.

                ## Wrong

                `job.json`:

                ```json
                {
                  "input": {"audio_url": "https://example.org/a.wav"},
                  "job_graph": {
                    "stages": [
                      {"name": "first", "model": "worker", "input_key": "audio_url", "output_key": "transcript"},
                      {"name": "second", "model": "worker", "input_key": "text"}
                    ]
                  }
                }
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                ## Right

                `job.json`:

                ```json
                {
                  "input": {"audio_url": "https://example.org/a.wav"},
                  "job_graph": {
                    "stages": [
                      {"name": "first", "model": "worker", "input_key": "audio_url", "output_key": "transcript"},
                      {"name": "second", "model": "worker", "input_key": "transcript"}
                    ]
                  }
                }
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                ## Fix

                Write one name at both ends: `output_key` at the first stage and `input_key` at the second. A warning fails no check
                unless `--fail-on warning` asks for it.
                """#),
        DiagnosticPage(
            number: 210, slug: "input-not-given", severity: .note,
            summary: "A job that says nothing of its input.",
            text: #"""
                # IMF0210 input-not-given (note)

                A job that says nothing of its input.

                That is fine for a job that gets its input on the command line; without one, its first stage has nothing to work on.

                ## Wrong

                `job.json`:

                ```json
                {
                  "model": "worker"
                }
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                ## Right

                `job.json`:

                ```json
                {
                  "model": "worker",
                  "input": {"text": "hello"}
                }
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                ## Fix

                Add `input`, or give it with `imflow run --input text=hello`. A note fails no check unless `--fail-on note` asks for
                it.
                """#),
        DiagnosticPage(
            number: 211, slug: "empty-graph", severity: .error,
            summary: "A graph without stages.",
            text: #"""
                # IMF0211 empty-graph (error)

                A graph without stages.

                There is nothing that could run, and no result.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: pipeline
                chained_models: []
                ```

                ## Right

                `pipeline/model.yaml`:

                ```yaml
                name: pipeline
                chained_models:
                  - model_id: worker
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                ## Fix

                Add a stage. A model that runs a program of its own has an `entrypoint` or an `image` instead of `chained_models`.
                """#),
        DiagnosticPage(
            number: 212, slug: "graph-too-large", severity: .error,
            summary: "With its pipelines unfolded, the graph has more than 2,000 stages or 32 levels.",
            text: #"""
                # IMF0212 graph-too-large (error)

                With its pipelines unfolded, the graph has more than 2,000 stages or 32 levels.

                Pipelines that call pipelines grow by multiplication: here three manifests of 13 stages each make 2,197.

                ## Wrong

                `a/model.yaml`:

                ```yaml
                name: a
                chained_models: [&s {model_id: b}, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s]
                ```

                `b/model.yaml`:

                ```yaml
                name: b
                chained_models: [&s {model_id: c}, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s]
                ```

                `c/model.yaml`:

                ```yaml
                name: c
                chained_models: [&s {model_id: worker}, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s]
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                ## Right

                `a/model.yaml`:

                ```yaml
                name: a
                chained_models:
                  - model_id: worker
                    multi_node: {split_mode: batch}
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                ## Fix

                To do the same to many inputs, split one stage with `multi_node`.
                """#),
        DiagnosticPage(
            number: 213, slug: "reducer-is-pipeline", severity: .error,
            summary: "A `reducer` that is a pipeline of several stages.",
            text: #"""
                # IMF0213 reducer-is-pipeline (error)

                A `reducer` that is a pipeline of several stages.

                A reducer is asked once, with the results of all shards, and answers the merged result. It is one call of one model.

                ## Wrong

                `detector/model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./run]
                multi_node:
                  split_mode: batch
                  reducer: both
                ```

                `both/model.yaml`:

                ```yaml
                name: both
                chained_models:
                  - {name: first, model_id: worker}
                  - {name: second, model_id: worker}
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                ## Right

                `detector/model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./run]
                multi_node:
                  split_mode: batch
                  reducer: worker
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                ## Fix

                Name a model that answers one request. What follows the reduction is a stage of its own.
                """#),
        DiagnosticPage(
            number: 214, slug: "unbound-condition", severity: .error,
            summary: "A `when` asks for a name that nothing gives.",
            text: #"""
                # IMF0214 unbound-condition (error)

                A `when` asks for a name that nothing gives.

                A missing value makes a condition false, so a misspelt name would skip its stage for ever, silently. In a pipeline's
                own manifest this is a warning, since whoever calls the pipeline may give the value.

                ## Wrong

                `job.json`:

                ```json
                {
                  "input": {"text": "hello", "language": "en"},
                  "job_graph": {
                    "stages": [
                      {"model": "worker", "input_key": "text", "when": "langage == 'en'"}
                    ]
                  }
                }
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                ## Right

                `job.json`:

                ```json
                {
                  "input": {"text": "hello", "language": "en"},
                  "job_graph": {
                    "stages": [
                      {"model": "worker", "input_key": "text", "when": "language == 'en'"}
                    ]
                  }
                }
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                ## Fix

                Take the nearest name if it was meant. A value that may be missing stands in the job's `input` as `null`, or in the
                pipeline's `input_schema`.
                """#),
        DiagnosticPage(
            number: 301, slug: "shards-over-limit", severity: .error,
            summary: "A job asks for more shards than its model allows.",
            text: #"""
                # IMF0301 shards-over-limit (error)

                A job asks for more shards than its model allows.

                `max_shards` (32 when it is not set) is the model author's word on how many of them may run for one job.

                ## Wrong

                `job.json`:

                ```json
                {
                  "model": "detector",
                  "input": {"image_url": "https://example.org/map.tif"},
                  "shard_count": 16
                }
                ```

                `detector/model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./run]
                multi_node:
                  split_mode: tile
                  tile_size: 512
                  max_shards: 8
                ```

                ## Right

                `job.json`:

                ```json
                {
                  "model": "detector",
                  "input": {"image_url": "https://example.org/map.tif"},
                  "shard_count": 8
                }
                ```

                `detector/model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./run]
                multi_node:
                  split_mode: tile
                  tile_size: 512
                  max_shards: 8
                ```

                ## Fix

                Lower `shard_count`, or raise `max_shards` in the model's `multi_node`. Fewer shards do not mean fewer units: each
                shard then works on more of them.
                """#),
        DiagnosticPage(
            number: 302, slug: "overlap-too-large", severity: .error,
            summary: "Units overlap by as much as they are long, or more.",
            text: #"""
                # IMF0302 overlap-too-large (error)

                Units overlap by as much as they are long, or more.

                Each tile or window starts where the one before it ends, less the overlap. With an overlap of the whole length the next
                one would start at the same place, and splitting would never end.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./run]
                multi_node:
                  split_mode: tile
                  tile_size: [512, 256]
                  tile_overlap: 256
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./run]
                multi_node:
                  split_mode: tile
                  tile_size: [512, 256]
                  tile_overlap: 64
                ```

                ## Fix

                Make the overlap as long as the largest thing that must be seen whole, and the units several times as long as that.
                """#),
        DiagnosticPage(
            number: 303, slug: "split-option-unused", severity: .warning,
            summary: "An option of another `split_mode`, which does nothing.",
            text: #"""
                # IMF0303 split-option-unused (warning)

                An option of another `split_mode`, which does nothing.

                Who wrote `tile_size` expects tiles. With another mode, or none, the input is not cut that way.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./run]
                multi_node:
                  split_mode: batch
                  tile_size: 512
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./run]
                multi_node:
                  split_mode: tile
                  tile_size: 512
                ```

                ## Fix

                Remove the option, or choose the mode that the help names. A warning fails no check unless `--fail-on warning` asks for
                it.
                """#),
        DiagnosticPage(
            number: 304, slug: "merge-option-unused", severity: .warning,
            summary: "An option of another `merge_strategy`, which does nothing.",
            text: #"""
                # IMF0304 merge-option-unused (warning)

                An option of another `merge_strategy`, which does nothing.

                The results are merged, but not in the way that the option's author expects. Beside a `reducer` no merge option does
                anything: the reducer merges.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./run]
                multi_node:
                  split_mode: tile
                  tile_size: 512
                  merge_strategy: tile-stitch
                  merge: {iou: 0.5}
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./run]
                multi_node:
                  split_mode: tile
                  tile_size: 512
                  merge_strategy: detections
                  merge: {iou: 0.5}
                ```

                ## Fix

                Remove the option, or choose the strategy that the help names. A warning fails no check unless `--fail-on warning` asks
                for it.
                """#),
        DiagnosticPage(
            number: 305, slug: "spatial-concat", severity: .warning,
            summary: "Boxes of tiles are put into one list, each in its own tile's coordinates.",
            text: #"""
                # IMF0305 spatial-concat (warning)

                Boxes of tiles are put into one list, each in its own tile's coordinates.

                A model that sees a tile answers places in that tile. `concat-json` only joins the lists, so every box would point near
                the image's upper left corner, and what lies on a seam would be found twice.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./run]
                multi_node:
                  split_mode: tile
                  tile_size: 512
                  merge_strategy: concat-json
                output_schema:
                  type: array
                  items:
                    properties:
                      bbox: {type: array}
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./run]
                multi_node:
                  split_mode: tile
                  tile_size: 512
                  merge_strategy: detections
                output_schema:
                  type: array
                  items:
                    properties:
                      bbox: {type: array}
                ```

                ## Fix

                Use `merge_strategy: detections`, which moves boxes into the image and joins those that tiles share. A warning fails no
                check unless `--fail-on warning` asks for it.
                """#),
        DiagnosticPage(
            number: 306, slug: "bad-split-strategy", severity: .error,
            summary: "A `split_strategy` that names no split.",
            text: #"""
                # IMF0306 bad-split-strategy (error)

                A `split_strategy` that names no split.

                The text says in one word how the job's input is cut: a mode, a size, and an overlap.

                ## Wrong

                `job.json`:

                ```json
                {
                  "model": "plain",
                  "input": {"image_url": "https://example.org/map.tif", "split_strategy": "hexagon_12"}
                }
                ```

                `plain/model.yaml`:

                ```yaml
                name: plain
                entrypoint: [./run]
                ```

                ## Right

                `job.json`:

                ```json
                {
                  "model": "plain",
                  "input": {"image_url": "https://example.org/map.tif", "split_strategy": "tile_512_overlap_64"}
                }
                ```

                `plain/model.yaml`:

                ```yaml
                name: plain
                entrypoint: [./run]
                ```

                ## Fix

                Write `<mode>_<size>` or `<mode>_<size>_overlap_<n>`. The modes are `tile`, `batch`, `sequence`, `lines`, `candidates`
                and `none`.
                """#),
        DiagnosticPage(
            number: 307, slug: "nothing-to-split", severity: .warning,
            summary: "A job says how to split, and none of its stages is split.",
            text: #"""
                # IMF0307 nothing-to-split (warning)

                A job says how to split, and none of its stages is split.

                In a graph, `split_strategy` and `shard_count` speak of the stages that have a `split_mode`. Without one, the whole
                input goes to a single call.

                ## Wrong

                `job.json`:

                ```json
                {
                  "input": {"text": "hello"},
                  "shard_count": 4,
                  "job_graph": {
                    "stages": [
                      {"name": "first", "model": "plain"},
                      {"name": "second", "model": "plain"}
                    ]
                  }
                }
                ```

                `plain/model.yaml`:

                ```yaml
                name: plain
                entrypoint: [./run]
                ```

                ## Right

                `job.json`:

                ```json
                {
                  "input": {"text": "hello"},
                  "shard_count": 4,
                  "job_graph": {
                    "stages": [
                      {"name": "first", "model": "plain", "multi_node": {"split_mode": "sequence"}},
                      {"name": "second", "model": "plain"}
                    ]
                  }
                }
                ```

                `plain/model.yaml`:

                ```yaml
                name: plain
                entrypoint: [./run]
                ```

                ## Fix

                Give a model, or a stage, a `multi_node` with a `split_mode`; or remove the key. A warning fails no check unless
                `--fail-on warning` asks for it.
                """#),
        DiagnosticPage(
            number: 308, slug: "split-input", severity: .error,
            summary: "The input has no member that the split could cut, or several.",
            text: #"""
                # IMF0308 split-input (error)

                The input has no member that the split could cut, or several.

                A stage cuts one member of its input: an image file for `tile`, a list for `batch`, a text for `sequence`. It must be
                there, be of that kind, and be the only one, unless `split_key` names it.

                ## Wrong

                `job.json`:

                ```json
                {
                  "model": "detector",
                  "input": {"image_url": "https://example.org/map.tif", "mask_url": "https://example.org/mask.tif"}
                }
                ```

                `detector/model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./run]
                multi_node:
                  split_mode: tile
                  tile_size: 512
                ```

                ## Right

                `job.json`:

                ```json
                {
                  "model": "detector",
                  "input": {"image_url": "https://example.org/map.tif", "mask_url": "https://example.org/mask.tif"}
                }
                ```

                `detector/model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./run]
                multi_node:
                  split_mode: tile
                  tile_size: 512
                  split_key: image_url
                ```

                ## Fix

                Name the member with `split_key`, or mend the input. A file is a URL under a key that ends in `_url` or `_uri`.
                """#),
        DiagnosticPage(
            number: 309, slug: "pipeline-split", severity: .error,
            summary: "A `multi_node` on a pipeline as a whole.",
            text: #"""
                # IMF0309 pipeline-split (error)

                A `multi_node` on a pipeline as a whole.

                Each stage of a pipeline is split and merged for itself. A pipeline as a whole has no single input to cut.

                ## Wrong

                `pipeline/model.yaml`:

                ```yaml
                name: pipeline
                chained_models:
                  - model_id: plain
                multi_node:
                  split_mode: batch
                ```

                `plain/model.yaml`:

                ```yaml
                name: plain
                entrypoint: [./run]
                ```

                ## Right

                `pipeline/model.yaml`:

                ```yaml
                name: pipeline
                chained_models:
                  - model_id: plain
                    multi_node:
                      split_mode: batch
                ```

                `plain/model.yaml`:

                ```yaml
                name: plain
                entrypoint: [./run]
                ```

                ## Fix

                Give `multi_node` to the stages inside it.
                """#),
        DiagnosticPage(
            number: 401, slug: "gang-head", severity: .note,
            summary: "A gang in which every peer is a worker: the first is also the head.",
            text: #"""
                # IMF0401 gang-head (note)

                A gang in which every peer is a worker: the first is also the head.

                Somebody must lead the others. The plan gives that to the first peer, which then works and leads. (This version plans
                gangs; `imflow run` refuses them.)

                ## Wrong

                `model.yaml`:

                ```yaml
                name: trainer
                entrypoint: [./run]
                multi_node:
                  distributed_runtime: ray
                  shard_role: worker
                  cluster_size: 4
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: trainer
                entrypoint: [./run]
                multi_node:
                  distributed_runtime: ray
                  shard_role: head
                  cluster_size: 4
                ```

                ## Fix

                Nothing has to be done if that is what you want. A note fails no check unless `--fail-on note` asks for it.
                """#),
        DiagnosticPage(
            number: 402, slug: "gang-split", severity: .error,
            summary: "A model that is both split and run as a gang.",
            text: #"""
                # IMF0402 gang-split (error)

                A model that is both split and run as a gang.

                Split units are worked on independently, each when its turn comes; the peers of a gang start together and talk to one
                another. A stage is one or the other.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: trainer
                entrypoint: [./run]
                multi_node:
                  distributed_runtime: ray
                  cluster_size: 4
                  split_mode: batch
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: trainer
                entrypoint: [./run]
                multi_node:
                  distributed_runtime: ray
                  cluster_size: 4
                ```

                ## Fix

                Remove `split_mode` or `distributed_runtime`. What is split before a gang runs is a stage of its own.
                """#),
        DiagnosticPage(
            number: 403, slug: "gang-option-unused", severity: .warning,
            summary: "An option of gangs without `distributed_runtime`, which does nothing.",
            text: #"""
                # IMF0403 gang-option-unused (warning)

                An option of gangs without `distributed_runtime`, which does nothing.

                Who wrote `cluster_size: 4` expects four peers that work together; without `distributed_runtime` there is no gang.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: trainer
                entrypoint: [./run]
                multi_node:
                  split_mode: batch
                  cluster_size: 4
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: trainer
                entrypoint: [./run]
                multi_node:
                  distributed_runtime: ray
                  shard_role: head
                  cluster_size: 4
                ```

                ## Fix

                Add `distributed_runtime`, or remove the option. A GPU for every attempt is `resources.gpu`. A warning fails no check
                unless `--fail-on warning` asks for it.
                """#),
        DiagnosticPage(
            number: 601, slug: "no-model", severity: .error,
            summary: "A job that names neither a `model` nor a `job_graph`.",
            text: #"""
                # IMF0601 no-model (error)

                A job that names neither a `model` nor a `job_graph`.

                There is nothing to run. In `imflow check` it is a note, since `imflow run --model ID` can still name the model;
                `imflow run` and `imflow plan` refuse the job.

                ## Wrong

                `job.json`:

                ```json
                {
                  "input": {"text": "hello"}
                }
                ```

                ## Right

                `job.json`:

                ```json
                {
                  "model": "worker",
                  "input": {"text": "hello"}
                }
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                ## Fix

                Add `model` or `job_graph`, or give `--model ID`.
                """#),
        DiagnosticPage(
            number: 602, slug: "model-and-graph", severity: .error,
            summary: "A job with both a `model` and a `job_graph`.",
            text: #"""
                # IMF0602 model-and-graph (error)

                A job with both a `model` and a `job_graph`.

                A job runs one model or one graph. Which of the two was meant cannot be told.

                ## Wrong

                `job.json`:

                ```json
                {
                  "input": {"text": "hello"},
                  "model": "plain",
                  "job_graph": {
                    "stages": [
                      {"model": "plain"}
                    ]
                  }
                }
                ```

                `plain/model.yaml`:

                ```yaml
                name: plain
                entrypoint: [./run]
                ```

                ## Right

                `job.json`:

                ```json
                {
                  "input": {"text": "hello"},
                  "job_graph": {
                    "stages": [
                      {"model": "plain"}
                    ]
                  }
                }
                ```

                `plain/model.yaml`:

                ```yaml
                name: plain
                entrypoint: [./run]
                ```

                ## Fix

                Remove one of them. What should run before or after the graph is a stage of it.
                """#),
        DiagnosticPage(
            number: 603, slug: "nothing-to-run", severity: .error,
            summary: "A model that is called has neither an `image` nor an `entrypoint`.",
            text: #"""
                # IMF0603 nothing-to-run (error)

                A model that is called has neither an `image` nor an `entrypoint`.

                A manifest may leave both out, as a fragment for others to read; but a call needs a program.

                ## Wrong

                `job.json`:

                ```json
                {
                  "model": "fragment",
                  "input": {"items": [1, 2]}
                }
                ```

                `fragment/model.yaml`:

                ```yaml
                name: fragment
                multi_node:
                  split_mode: batch
                ```

                ## Right

                `job.json`:

                ```json
                {
                  "model": "fragment",
                  "input": {"items": [1, 2]}
                }
                ```

                `fragment/model.yaml`:

                ```yaml
                name: fragment
                entrypoint: [./run]
                multi_node:
                  split_mode: batch
                ```

                ## Fix

                Add `entrypoint: [./program]` or `image: …` to the manifest.
                """#),
        DiagnosticPage(
            number: 901, slug: "unused-ignore", severity: .warning,
            summary: "A comment that silences findings, on a line that has no such finding.",
            text: #"""
                # IMF0901 unused-ignore (warning)

                A comment that silences findings, on a line that has no such finding.

                The finding was mended and the comment stayed, or it names the wrong code or stands on the wrong line. Left alone it would
                hide the next finding of its kind that comes to that line.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: detector
                # imflow: ignore[split-option-unused] the program reads it
                entrypoint: [./run]
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./run]
                multi_node:
                  split_mode: batch
                  # imflow: ignore[split-option-unused] the program reads it
                  tile_size: 512
                ```

                ## Fix

                Remove the comment, or the name that silences nothing. A comment at the end of a line covers that line; one that stands
                alone covers the next. What keeps a text from being read (IMF00..) cannot be silenced, nor can this.
                """#),
    ]
}
