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

                ## Silence

                It cannot be silenced: what cannot be read cannot be checked.
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

                ## Silence

                It cannot be silenced: what cannot be read cannot be checked.
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

                ## Silence

                It cannot be silenced: what cannot be read cannot be checked.
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

                ## Silence

                It cannot be silenced: what cannot be read cannot be checked.
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

                ## Silence

                It cannot be silenced: what cannot be read cannot be checked.
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

                ## Silence

                It cannot be silenced: what cannot be read cannot be checked.
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

                ## Silence

                It cannot be silenced: what cannot be read cannot be checked.
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

                ## Silence

                It cannot be silenced: what cannot be read cannot be checked.
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

                ## Silence

                It cannot be silenced: what cannot be read cannot be checked.
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

                ## Silence

                It cannot be silenced: what cannot be read cannot be checked.
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

                ## Silence

                It cannot be silenced: what cannot be read cannot be checked.
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

                ## Silence

                It cannot be silenced: what cannot be read cannot be checked.
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

                ## Silence

                It cannot be silenced: what cannot be read cannot be checked.
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

                Use an alias for the whole block, or write the keys out.

                ## Silence

                It cannot be silenced by a comment. A note fails no check unless `--fail-on note` asks for it.
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

                ## Silence

                It cannot be silenced: what cannot be read cannot be checked.
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

                ## Silence

                It cannot be silenced: what is not read cannot be checked.
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
                  missing-nam: ignore
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
                  missing-name: ignore
                ```

                `model.yaml`:

                ```yaml
                name: echo
                entrypoint: [cat]
                protocol: exec
                ```

                ## Fix

                Correct the line, or remove it.

                ## Silence

                It cannot be silenced: comments in settings silence nothing.
                """#),
        DiagnosticPage(
            number: 23, slug: "too-many-findings", severity: .error,
            summary: "A file in which so much was found that the rest was not looked for.",
            text: #"""
                # IMF0023 too-many-findings (error)

                A file in which so much was found that the rest was not looked for.

                After 500 findings of one kind of look at a file, imflow stops looking: who reads them has enough to do. What is behind them
                is not known, so that no comment, setting or baseline can make such a file pass.

                ## Wrong

                Not shown: the file would have to hold more than 500 mistakes.

                ## Fix

                Mend some of the findings and check again. Where they all have one cause, such as a key that is written in one place and
                read in many, one change mends them together.

                ## Silence

                It cannot be silenced: nobody knows what would be silenced with it.
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

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
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

                Keep one of them; `--fix` removes a repetition that says the same. Several mappings are merged with one key: `<<: [*first, *second]`.

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
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

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
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

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
                """#),
        DiagnosticPage(
            number: 105, slug: "bad-value", severity: .error,
            summary: "A text that does not mean what its key takes.",
            text: #"""
                # IMF0105 bad-value (error)

                A text that does not mean what its key takes.

                Lengths of time, amounts of memory, choices, paths and commands have forms of their own. Where the meaning is plain the
                right form is offered as a fix: `4Gi` for `4GB`, which is no less than either meaning of it, and `30s` for `30 sec`. `--fix` writes it.

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

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
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

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
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

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
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

                Write the name down, or let `--fix` do it.

                ## Silence

                Write `# imflow: ignore[IMF0108]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A note fails no check unless `--fail-on note` asks
                for it.
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

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
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

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
                """#),
        DiagnosticPage(
            number: 111, slug: "yaml-trap", severity: .warning,
            summary: "A plain value that other readers of YAML, or its author, take for another.",
            text: #"""
                # IMF0111 yaml-trap (warning)

                A plain value that other readers of YAML, or its author, take for another.

                imflow reads YAML 1.2. Other tools that read the same file may read YAML 1.1, where `no` is false, `0777` is 511 and
                `12:30` is 750; and a version such as `1.10` is the number 1.1 to everybody who reads it as one. Where imflow reads
                what stands there and only others may be led astray, this is a note.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: detector
                version: 1.10
                entrypoint: [./detect]
                multi_node:
                  split_mode: batch
                  batch_size: 010
                env:
                  COUNTRY: no
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: detector
                version: "1.10"
                entrypoint: [./detect]
                multi_node:
                  split_mode: batch
                  batch_size: 10
                env:
                  COUNTRY: "no"
                ```

                ## Fix

                Put quotes around a text. Write numbers in plain digits; base 8 is `0o17`. Schemas and `x-` keys are not looked at,
                nor is JSON, which has no such traps.

                ## Silence

                Write `# imflow: ignore[IMF0111]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A warning fails no check unless
                `--fail-on warning` asks for it.
                """#),
        DiagnosticPage(
            number: 112, slug: "secret-literal", severity: .warning,
            summary: "A password or key that stands in the file.",
            text: #"""
                # IMF0112 secret-literal (warning)

                A password or key that stands in the file.

                Manifests and jobs are committed, copied into reports and kept with every job: who may read one may use the secret.
                Known are the tokens of well-known providers, private keys, URLs with a password, and random texts under names such as
                `*_TOKEN`, `*_SECRET`, `PASSWORD` and `API_KEY`. No report shows the value, neither here nor beside other findings.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                env:
                  DATABASE_URL: postgres://reader:k3Xq9vT2@db.example.org/images
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                env:
                  DATABASE_URL: ${DATABASE_URL}
                ```

                ## Fix

                Take it from the environment of whoever submits the job: `${NAME}`. And have the secret replaced: it was written down.

                ## Silence

                Write `# imflow: ignore[IMF0112]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A warning fails no check unless
                `--fail-on warning` asks for it.
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

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
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

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
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

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
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

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
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

                Remove one of the needs, hard or soft. What should be done several times over its own result is a `repeat`.

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
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

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
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

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
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

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
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

                ## Silence

                Write `# imflow: ignore[IMF0209]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A warning fails no check unless
                `--fail-on warning` asks for it.
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

                Add `input`, or give it with `imflow run --input text=hello`.

                ## Silence

                Write `# imflow: ignore[IMF0210]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A note fails no check unless `--fail-on note` asks
                for it.
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

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
                """#),
        DiagnosticPage(
            number: 212, slug: "graph-too-large", severity: .error,
            summary: "With its pipelines and rounds unfolded, the graph has more than 10,000 stages or 32 levels.",
            text: #"""
                # IMF0212 graph-too-large (error)

                With its pipelines and rounds unfolded, the graph has more than 10,000 stages or 32 levels.

                Pipelines that call pipelines grow by multiplication: here three manifests of 22 stages each make 10,648. So do rounds: a `repeat`
                of 1,000 over a pipeline of 11 stages makes 13,000, with the two ends of each round.

                ## Wrong

                `a/model.yaml`:

                ```yaml
                name: a
                chained_models: [&s {model_id: b}, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s]
                ```

                `b/model.yaml`:

                ```yaml
                name: b
                chained_models: [&s {model_id: c}, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s]
                ```

                `c/model.yaml`:

                ```yaml
                name: c
                chained_models: [&s {model_id: worker}, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s, *s]
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

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
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

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
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

                ## Silence

                As an error it cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings
                that were there before from a report, for a repository that is being mended. Where it is a warning, a comment
                `# imflow: ignore[IMF0214] reason` at the line's end or above it silences it.
                """#),
        DiagnosticPage(
            number: 215, slug: "unreachable-stage", severity: .warning,
            summary: "A stage that can never run, or whose result reaches nothing.",
            text: #"""
                # IMF0215 unreachable-stage (warning)

                A stage that can never run, or whose result reaches nothing.

                A stage works for those behind it, or for the job's result. When no stage behind it asks for anything that it
                publishes, its work is lost; when only a stage that never runs gives a stage its input, it fails each time.

                ## Wrong

                `job.json`:

                ```json
                {
                  "input": {"audio_url": "a.wav"},
                  "job_graph": { "stages": [
                    { "name": "measure", "model": "measure", "input_key": "audio_url" },
                    { "name": "hear", "model": "worker", "input_key": "audio_url" }
                  ] }
                }
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                `measure/model.yaml`:

                ```yaml
                name: measure
                entrypoint: [./run]
                output_schema:
                  type: object
                  properties:
                    loudness: {type: number}
                  additionalProperties: false
                ```

                ## Right

                `job.json`:

                ```json
                {
                  "input": {"audio_url": "a.wav"},
                  "job_graph": { "stages": [
                    { "name": "measure", "model": "measure", "input_key": "audio_url" },
                    { "name": "level", "model": "worker", "input_key": "loudness" }
                  ] }
                }
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                `measure/model.yaml`:

                ```yaml
                name: measure
                entrypoint: [./run]
                output_schema:
                  type: object
                  properties:
                    loudness: {type: number}
                  additionalProperties: false
                ```

                ## Fix

                Give a stage behind it an `input_key` of what it publishes, let it stand at an end of the graph by `needs`, or remove
                it.

                ## Silence

                Write `# imflow: ignore[IMF0215]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A warning fails no check unless
                `--fail-on warning` asks for it.
                """#),
        DiagnosticPage(
            number: 216, slug: "unused-output-key", severity: .warning,
            summary: "An `output_key` that no stage reads.",
            text: #"""
                # IMF0216 unused-output-key (warning)

                An `output_key` that no stage reads.

                The result of a stage at an end of the graph is the job's result. That of any other stage is for those behind it; when
                none of them asks for its key, the stage works for nothing, and mostly a key is misspelt.

                ## Wrong

                `job.json`:

                ```json
                {
                  "input": {"audio_url": "a.wav", "transcripts": []},
                  "job_graph": { "stages": [
                    { "name": "hear", "model": "worker", "input_key": "audio_url", "output_key": "transcript" },
                    { "name": "sum", "model": "worker", "input_key": "transcripts" }
                  ] }
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
                  "input": {"audio_url": "a.wav"},
                  "job_graph": { "stages": [
                    { "name": "hear", "model": "worker", "input_key": "audio_url", "output_key": "transcript" },
                    { "name": "sum", "model": "worker", "input_key": "transcript" }
                  ] }
                }
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                ## Fix

                Correct the key, there or where it is read, or remove the stage. A stage without `input_key` reads everything.

                ## Silence

                Write `# imflow: ignore[IMF0216]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A warning fails no check unless
                `--fail-on warning` asks for it.
                """#),
        DiagnosticPage(
            number: 217, slug: "shadowed-key", severity: .warning,
            summary: "A key that hides another value of the same name.",
            text: #"""
                # IMF0217 shadowed-key (warning)

                A key that hides another value of the same name.

                A stage looks its `input_key` up in the stages that it needs, nearest first, then in the job's input. Two values of
                one name are easily mixed up by who reads the file. A stage that reads a key and publishes it anew is not meant.

                ## Wrong

                `job.json`:

                ```json
                {
                  "input": {"audio_url": "a.wav"},
                  "job_graph": { "stages": [
                    { "name": "left", "model": "worker", "needs": [], "input_key": "audio_url", "output_key": "text" },
                    { "name": "right", "model": "worker", "needs": [], "input_key": "audio_url", "output_key": "text" },
                    { "name": "join", "model": "worker", "needs": ["left", "right"], "input_key": "text" }
                  ] }
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
                  "input": {"audio_url": "a.wav"},
                  "job_graph": { "stages": [
                    { "name": "left", "model": "worker", "needs": [], "input_key": "audio_url", "output_key": "left_text" },
                    { "name": "right", "model": "worker", "needs": [], "input_key": "audio_url", "output_key": "right_text" },
                    { "name": "join", "model": "worker", "needs": ["left", "right"] }
                  ] }
                }
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                ## Fix

                Give one of them another name.

                ## Silence

                Write `# imflow: ignore[IMF0217]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A warning fails no check unless
                `--fail-on warning` asks for it.
                """#),
        DiagnosticPage(
            number: 218, slug: "never-true", severity: .warning,
            summary: "A `when` that no value can make true.",
            text: #"""
                # IMF0218 never-true (warning)

                A `when` that no value can make true.

                The stage is skipped each time. Looked at are comparisons that contradict one another, literals in the stage's own
                `input`, and the types and enumerations in schemas. The job's input is not: it is there to be changed.

                ## Wrong

                `job.json`:

                ```json
                {
                  "input": {"audio_url": "a.wav", "score": 0.5},
                  "job_graph": { "stages": [
                    { "name": "hear", "model": "worker", "input_key": "audio_url", "when": "score > 0.9 && score < 0.1" }
                  ] }
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
                  "input": {"audio_url": "a.wav", "score": 0.5},
                  "job_graph": { "stages": [
                    { "name": "hear", "model": "worker", "input_key": "audio_url", "when": "score > 0.9 || score < 0.1" }
                  ] }
                }
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                ```

                ## Fix

                Correct the condition, or remove the stage.

                ## Silence

                Write `# imflow: ignore[IMF0218]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A warning fails no check unless
                `--fail-on warning` asks for it.
                """#),
        DiagnosticPage(
            number: 240, slug: "need-twice", severity: .error,
            summary: "A stage that is named both in `needs` and in `soft_needs`.",
            text: #"""
                # IMF0240 need-twice (error)

                A stage that is named both in `needs` and in `soft_needs`.

                A hard need says that the stage must have succeeded, a soft one that it only must have ended. It cannot be both.

                ## Wrong

                `job.json`:

                ```json
                {
                  "input": {"text": "hello"},
                  "job_graph": {
                    "stages": [
                      {"name": "a", "model": "worker", "on_failure": "continue"},
                      {"name": "b", "model": "worker", "needs": ["a"], "soft_needs": ["a"]}
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
                      {"name": "a", "model": "worker", "on_failure": "continue"},
                      {"name": "b", "model": "worker", "soft_needs": ["a"]}
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

                Remove the name from one of the two lists. `soft_needs` alone makes the stage wait, too.

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
                """#),
        DiagnosticPage(
            number: 241, slug: "soft-need-unused", severity: .warning,
            summary: "A soft need of a stage whose failure ends the job.",
            text: #"""
                # IMF0241 soft-need-unused (warning)

                A soft need of a stage whose failure ends the job.

                `soft_needs` lets a stage start although another one failed. With `on_failure: fail`, the default, the job ends with that
                failure, and nothing is started any more.

                ## Wrong

                `job.json`:

                ```json
                {
                  "input": {"text": "hello"},
                  "job_graph": {
                    "stages": [
                      {"name": "thumbnail", "model": "worker"},
                      {"name": "page", "model": "worker", "soft_needs": ["thumbnail"]}
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
                      {"name": "thumbnail", "model": "worker", "on_failure": "continue"},
                      {"name": "page", "model": "worker", "soft_needs": ["thumbnail"]}
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

                Write `on_failure: continue` at the stage that may fail, or name it in `needs`.

                ## Silence

                Write `# imflow: ignore[IMF0241]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A warning fails no check unless
                `--fail-on warning` asks for it.
                """#),
        DiagnosticPage(
            number: 242, slug: "repeat-unchanged", severity: .note,
            summary: "A stage that is repeated, each time with the same input.",
            text: #"""
                # IMF0242 repeat-unchanged (note)

                A stage that is repeated, each time with the same input.

                A round sees what the round before it published. With an `input_key` that no round publishes, each gets what the first got.

                ## Wrong

                `job.json`:

                ```json
                {
                  "input": {"text": "hello"},
                  "job_graph": {
                    "stages": [
                      {"name": "refine", "model": "worker", "input_key": "text", "output_key": "better", "repeat": {"times": 3}}
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
                      {"name": "refine", "model": "worker", "input_key": "text", "output_key": "text", "repeat": {"times": 3}}
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

                Give `output_key` the name of `input_key`, or remove `repeat`. With `until` nothing is said: who asks again until an answer is
                good enough may mean to. Nor is anything said of `candidates`, whose seeds go on from round to round.

                ## Silence

                Write `# imflow: ignore[IMF0242]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A note fails no check unless `--fail-on note` asks
                for it.
                """#),
        DiagnosticPage(
            number: 243, slug: "until-constant", severity: .warning,
            summary: "An `until` that holds after any round, never, or is never asked.",
            text: #"""
                # IMF0243 until-constant (warning)

                An `until` that holds after any round, never, or is never asked.

                Looked at are comparisons that contradict one another, literals in the stage's own `input`, and the types and enumerations in
                schemas. With `times: 1` there is no round that it could prevent.

                ## Wrong

                `job.json`:

                ```json
                {
                  "input": {"text": "hello"},
                  "job_graph": {
                    "stages": [
                      {"name": "refine", "model": "worker", "repeat": {"times": 3, "until": "state == 'ready'"}}
                    ]
                  }
                }
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                output_schema:
                  type: object
                  properties: {text: {type: string}, state: {enum: [more, done]}}
                  required: [text, state]
                ```

                ## Right

                `job.json`:

                ```json
                {
                  "input": {"text": "hello"},
                  "job_graph": {
                    "stages": [
                      {"name": "refine", "model": "worker", "repeat": {"times": 3, "until": "state == 'done'"}}
                    ]
                  }
                }
                ```

                `worker/model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                output_schema:
                  type: object
                  properties: {text: {type: string}, state: {enum: [more, done]}}
                  required: [text, state]
                ```

                ## Fix

                Correct the condition, or remove it.

                ## Silence

                Write `# imflow: ignore[IMF0243]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A warning fails no check unless
                `--fail-on warning` asks for it.
                """#),
        DiagnosticPage(
            number: 253, slug: "label-map-option", severity: .error,
            summary: "An option of `tile-stitch` that makes nothing of a label map.",
            text: #"""
                # IMF0253 label-map-option (error)

                An option of `tile-stitch` that makes nothing of a label map.

                With `merge.content: labels` a pixel is the number of the object that it belongs to. Such numbers are not mixed
                (`blend: feather`), they need 32 bits once the objects of all tiles are counted through, which PNG does not hold
                (`format: png`), and what no tile shows is background, 0 (`fill`).

                ## Wrong

                `model.yaml`:

                ```yaml
                name: nuclei
                entrypoint: [./segment]
                multi_node:
                  split_mode: tile
                  tile_size: 1024
                  tile_overlap: 64
                  merge_strategy: tile-stitch
                  merge: {content: labels, blend: feather}
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: nuclei
                entrypoint: [./segment]
                multi_node:
                  split_mode: tile
                  tile_size: 1024
                  tile_overlap: 64
                  merge_strategy: tile-stitch
                  merge: {content: labels}
                ```

                ## Fix

                Remove the option, or `content: labels` where the pixels are not numbers of objects.

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
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

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
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

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
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

                Remove the option, or choose the mode that the help names.

                ## Silence

                Write `# imflow: ignore[IMF0303]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A warning fails no check unless
                `--fail-on warning` asks for it.
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

                Remove the option, or choose the strategy that the help names.

                ## Silence

                Write `# imflow: ignore[IMF0304]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A warning fails no check unless
                `--fail-on warning` asks for it.
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

                ## Silence

                Write `# imflow: ignore[IMF0305]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A warning fails no check unless
                `--fail-on warning` asks for it.
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

                Write `<mode>_<size>` or `<mode>_<size>_overlap_<n>`. The modes are `tile`, `batch`, `sequence`, `lines`, `candidates`,
                `rows`, `audio` (its numbers are seconds) and `none`.

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
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

                Give a model, or a stage, a `multi_node` with a `split_mode`; or remove the key.

                ## Silence

                Write `# imflow: ignore[IMF0307]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A warning fails no check unless
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

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
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

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
                """#),
        DiagnosticPage(
            number: 310, slug: "merge-without-split", severity: .warning,
            summary: "An option of split stages at a stage that is not split.",
            text: #"""
                # IMF0310 merge-without-split (warning)

                An option of split stages at a stage that is not split.

                `merge_strategy`, `merge`, `reducer`, `max_shards` and `split_key` speak of the units of a split. Without `split_mode`
                the model is called once and its answer is the result.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                multi_node:
                  merge_strategy: detections
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                multi_node:
                  split_mode: tile
                  merge_strategy: detections
                ```

                ## Fix

                Add a `split_mode`, or remove the option.

                ## Silence

                Write `# imflow: ignore[IMF0310]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A warning fails no check unless
                `--fail-on warning` asks for it.
                """#),
        DiagnosticPage(
            number: 311, slug: "split-without-merge", severity: .warning,
            summary: "A model that answers one text or number is split, and nothing says how to join the answers.",
            text: #"""
                # IMF0311 split-without-merge (warning)

                A model that answers one text or number is split, and nothing says how to join the answers.

                The default, `concat-json`, makes one list of all answers. Whoever calls the model then gets a list where its
                `output_schema` says a text or a number.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: reader
                entrypoint: [./read]
                output_schema: {type: string}
                multi_node:
                  split_mode: lines
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: reader
                entrypoint: [./read]
                output_schema: {type: string}
                multi_node:
                  split_mode: lines
                  merge_strategy: concat-text
                ```

                ## Fix

                Name a `merge_strategy`: `concat-text`, `mean`, `sum`, `vote` …; `concat-json` where a list is meant.

                ## Silence

                Write `# imflow: ignore[IMF0311]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A warning fails no check unless
                `--fail-on warning` asks for it.
                """#),
        DiagnosticPage(
            number: 312, slug: "shards-over-units", severity: .warning,
            summary: "A `shard_count` larger than the number of units.",
            text: #"""
                # IMF0312 shards-over-units (warning)

                A `shard_count` larger than the number of units.

                A shard is a bundle of units and has at least one. More shards than units are never made, so that the job runs less
                widely than its file says. Known are the units of `candidates`, of lists in the job's input, and of images whose
                `width` and `height` stand in it.

                ## Wrong

                `job.json`:

                ```json
                { "model": "detector", "input": { "images": [1, 2, 3, 4, 5] }, "shard_count": 4 }
                ```

                `detector/model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                multi_node:
                  split_mode: batch
                  batch_size: 2
                  merge_strategy: concat-json
                ```

                ## Right

                `job.json`:

                ```json
                { "model": "detector", "input": { "images": [1, 2, 3, 4, 5] }, "shard_count": 3 }
                ```

                `detector/model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                multi_node:
                  split_mode: batch
                  batch_size: 2
                  merge_strategy: concat-json
                ```

                ## Fix

                Lower `shard_count`, or make the units smaller.

                ## Silence

                Write `# imflow: ignore[IMF0312]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A warning fails no check unless
                `--fail-on warning` asks for it.
                """#),
        DiagnosticPage(
            number: 313, slug: "tile-covers-image", severity: .warning,
            summary: "A tile at least as large as the image that the job states.",
            text: #"""
                # IMF0313 tile-covers-image (warning)

                A tile at least as large as the image that the job states.

                The image is then one unit, and nothing runs beside anything. The size is taken from `width` and `height`, or
                `image_width` and `image_height`, in the job's input, in px.

                ## Wrong

                `job.json`:

                ```json
                { "model": "detector", "input": { "image_url": "page.png", "width": 1000, "height": 800 } }
                ```

                `detector/model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                multi_node:
                  split_mode: tile
                  tile_size: 1024
                  merge_strategy: detections
                ```

                ## Right

                `job.json`:

                ```json
                { "model": "detector", "input": { "image_url": "page.png", "width": 1000, "height": 800 } }
                ```

                `detector/model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                multi_node:
                  split_mode: tile
                  tile_size: 512
                  merge_strategy: detections
                ```

                ## Fix

                Choose a smaller `tile_size`; or say that nothing is split: `"split_strategy": "none"` in the job's input.

                ## Silence

                Write `# imflow: ignore[IMF0313]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A warning fails no check unless
                `--fail-on warning` asks for it.
                """#),
        DiagnosticPage(
            number: 314, slug: "merge-mismatch", severity: .error,
            summary: "A `merge_strategy` that cannot merge what the units answer.",
            text: #"""
                # IMF0314 merge-mismatch (error)

                A `merge_strategy` that cannot merge what the units answer.

                `mean`, `sum`, `max` and `min` work on numbers and on lists and objects of them, `concat-text` on texts, `json-merge` on
                objects, `detections` and `top-k` on lists and objects, `tile-stitch` on the images of tiles, and `segments` on those of a
                recording's windows. Where the model's `output_schema` says that every result is something else, all units would be computed
                and then be lost in the merge. Nor can `tile-stitch` lay the view of the whole image, which `tile_whole` adds, beside the
                tiles.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: sentiment
                entrypoint: [./sentiment]
                output_schema: {type: string}
                multi_node:
                  split_mode: lines
                  merge_strategy: mean
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: sentiment
                entrypoint: [./sentiment]
                output_schema: {type: string}
                multi_node:
                  split_mode: lines
                  merge_strategy: vote
                ```

                ## Fix

                Take a strategy for what the model answers, or let the model answer what the strategy merges.

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
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

                Nothing has to be done if that is what you want.

                ## Silence

                Write `# imflow: ignore[IMF0401]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A note fails no check unless `--fail-on note` asks
                for it.
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

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
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

                ## Silence

                Write `# imflow: ignore[IMF0403]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A warning fails no check unless
                `--fail-on warning` asks for it.
                """#),
        DiagnosticPage(
            number: 404, slug: "privileged-port", severity: .warning,
            summary: "A port that only root may listen on.",
            text: #"""
                # IMF0404 privileged-port (warning)

                A port that only root may listen on.

                Below 1024 an ordinary user's program cannot listen, and imflow does not run as root. Inside a container a model may
                use any port for requests; the port where a gang meets is on the machine itself.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./serve]
                protocol: rest
                port: 80
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./serve]
                protocol: rest
                port: 8080
                ```

                ## Fix

                Choose a port from 1024 on.

                ## Silence

                Write `# imflow: ignore[IMF0404]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A warning fails no check unless
                `--fail-on warning` asks for it.
                """#),
        DiagnosticPage(
            number: 405, slug: "port-taken", severity: .error,
            summary: "One port for two listeners.",
            text: #"""
                # IMF0405 port-taken (error)

                One port for two listeners.

                The head of a gang listens on `coordination_port` for its peers, and the same program on `port` for requests. Only one
                of the two can have the port.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: trainer
                entrypoint: [./serve]
                port: 6379
                multi_node:
                  distributed_runtime: ray
                  cluster_size: 4
                  coordination_port: 6379
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: trainer
                entrypoint: [./serve]
                port: 9000
                multi_node:
                  distributed_runtime: ray
                  cluster_size: 4
                  coordination_port: 6379
                ```

                ## Fix

                Give one of them another port. `port` is 9000 where it is not set.

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
                """#),
        DiagnosticPage(
            number: 406, slug: "gang-of-one", severity: .warning,
            summary: "A gang with one peer.",
            text: #"""
                # IMF0406 gang-of-one (warning)

                A gang with one peer.

                `distributed_runtime` starts peers that work on one input together. One peer alone needs no head, no meeting port and
                no start window, and mostly `cluster_size` was forgotten.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: trainer
                entrypoint: [./train]
                multi_node:
                  distributed_runtime: torch
                  cluster_size: 1
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: trainer
                entrypoint: [./train]
                multi_node:
                  distributed_runtime: torch
                  cluster_size: 4
                ```

                ## Fix

                Say how many peers there are, or remove `distributed_runtime`.

                ## Silence

                Write `# imflow: ignore[IMF0406]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A warning fails no check unless
                `--fail-on warning` asks for it.
                """#),
        DiagnosticPage(
            number: 407, slug: "gpu-twice", severity: .warning,
            summary: "GPUs asked for in two ways.",
            text: #"""
                # IMF0407 gpu-twice (warning)

                GPUs asked for in two ways.

                `multi_node.gpu` and `resources.gpu` both say what every peer of a gang gets. When they contradict each other nobody
                knows which was meant; when they agree one of them is too many, which is a note.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: trainer
                entrypoint: [./train]
                resources:
                  gpu: 2
                multi_node:
                  distributed_runtime: torch
                  cluster_size: 4
                  gpu: false
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: trainer
                entrypoint: [./train]
                resources:
                  gpu: 2
                multi_node:
                  distributed_runtime: torch
                  cluster_size: 4
                ```

                ## Fix

                Keep `resources.gpu`, which also says how many and how large, and remove `multi_node.gpu`.

                ## Silence

                Write `# imflow: ignore[IMF0407]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A warning fails no check unless
                `--fail-on warning` asks for it.
                """#),
        DiagnosticPage(
            number: 408, slug: "image-without-digest", severity: .note,
            summary: "A container image that is named by a tag, or by nothing.",
            text: #"""
                # IMF0408 image-without-digest (note)

                A container image that is named by a tag, or by nothing.

                A tag can be moved: the same manifest then runs another program, results are no longer comparable, and a cached result
                belongs to an image that is gone. A digest names the image by what it holds.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: detector
                image: registry.example.org/detector:1.2
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: detector
                image: registry.example.org/detector:1.2@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
                ```

                ## Fix

                Add the digest that `docker image inspect` or the registry tells; the tag may stay before it, for readers.

                ## Silence

                Write `# imflow: ignore[IMF0408]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A note fails no check unless `--fail-on note` asks
                for it.
                """#),
        DiagnosticPage(
            number: 409, slug: "retry-never", severity: .warning,
            summary: "A retry that can never happen.",
            text: #"""
                # IMF0409 retry-never (warning)

                A retry that can never happen.

                `maximum_attempts` counts the first attempt and is 1 by default. Causes, intervals and a coefficient beside one single
                attempt say how to do what is never done.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                retry:
                  initial_interval: 5s
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                retry:
                  maximum_attempts: 3
                  initial_interval: 5s
                ```

                ## Fix

                Set `maximum_attempts` to 2 or more, or remove the rest of `retry`.

                ## Silence

                Write `# imflow: ignore[IMF0409]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A warning fails no check unless
                `--fail-on warning` asks for it.
                """#),
        DiagnosticPage(
            number: 410, slug: "job-timeout-too-short", severity: .warning,
            summary: "A `job_timeout` shorter than what the same file allows inside the job.",
            text: #"""
                # IMF0410 job-timeout-too-short (warning)

                A `job_timeout` shorter than what the same file allows inside the job.

                A job whose time is over ends, whatever runs in it. An attempt that may take longer never comes to its own `timeout`,
                and a retry that waits longer never comes.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                timeout: 10m
                job_timeout: 5m
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: detector
                entrypoint: [./detect]
                timeout: 10m
                job_timeout: 1h
                ```

                ## Fix

                Give the job more time, or its attempts and waits less. `timeout` is of one attempt, `job_timeout` of all together.

                ## Silence

                Write `# imflow: ignore[IMF0410]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A warning fails no check unless
                `--fail-on warning` asks for it.
                """#),
        DiagnosticPage(
            number: 411, slug: "option-unused", severity: .warning,
            summary: "A key of a manifest, a stage or a job that has no effect beside the others.",
            text: #"""
                # IMF0411 option-unused (warning)

                A key of a manifest, a stage or a job that has no effect beside the others.

                Who writes `port` beside `protocol: exec` believes that the model is a server, and imflow starts it once per unit and reads
                its standard output. A `min_success_ratio` beside `on_failure: fail` lets nobody off: the first failed shard fails the job.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: counter
                entrypoint: [./count]
                protocol: exec
                port: 9000
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: counter
                entrypoint: [./count]
                protocol: rest
                port: 9000
                ```

                ## Fix

                Change the key that the other one needs, or remove the one that does nothing.

                ## Silence

                Write `# imflow: ignore[IMF0411]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A warning fails no check unless
                `--fail-on warning` asks for it.
                """#),
        DiagnosticPage(
            number: 412, slug: "instances-contradiction", severity: .error,
            summary: "A `max_instances` that is less than `min_instances`.",
            text: #"""
                # IMF0412 instances-contradiction (error)

                A `max_instances` that is less than `min_instances`.

                `min_instances` is how many warm instances are kept even when nobody calls the model, `max_instances` how many there may ever
                be.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: reader
                entrypoint: [./serve]
                port: 9000
                min_instances: 4
                max_instances: 2
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: reader
                entrypoint: [./serve]
                port: 9000
                min_instances: 2
                max_instances: 4
                ```

                ## Fix

                Exchange the two, or raise `max_instances`.

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
                """#),
        DiagnosticPage(
            number: 420, slug: "hedge-without-split", severity: .warning,
            summary: "A `hedge` where no stage is split.",
            text: #"""
                # IMF0420 hedge-without-split (warning)

                A `hedge` where no stage is split.

                A straggler is told by its peers: it has run much longer than the other shards of its stage did. A stage that is not split has
                one shard, and no peers.

                ## Wrong

                `job.json`:

                ```json
                {
                  "input": {"text": "hello"},
                  "job_graph": {
                    "stages": [
                      {"model": "worker", "hedge": true}
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
                      {"model": "worker", "hedge": true, "multi_node": {"split_mode": "lines", "split_key": "text"}}
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

                Split the stage with `multi_node`, or remove `hedge`. A limit for a single call is `timeout`.

                ## Silence

                Write `# imflow: ignore[IMF0420]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A warning fails no check unless
                `--fail-on warning` asks for it.
                """#),
        DiagnosticPage(
            number: 421, slug: "memory-max-too-small", severity: .error,
            summary: "A `memory_max` that is less than `memory`.",
            text: #"""
                # IMF0421 memory-max-too-small (error)

                A `memory_max` that is less than `memory`.

                `memory` is what every attempt gets. `memory_max` is what an attempt may get after others ran out of memory, and so at least as
                much.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: reader
                entrypoint: [./read]
                resources: {memory: 4Gi, memory_max: 512Mi}
                retry: {maximum_attempts: 3}
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: reader
                entrypoint: [./read]
                resources: {memory: 512Mi, memory_max: 4Gi}
                retry: {maximum_attempts: 3}
                ```

                ## Fix

                Exchange the two, or raise `memory_max`.

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
                """#),
        DiagnosticPage(
            number: 422, slug: "memory-max-unused", severity: .warning,
            summary: "A `memory_max` that no attempt ever gets.",
            text: #"""
                # IMF0422 memory-max-unused (warning)

                A `memory_max` that no attempt ever gets.

                More memory goes to an attempt that follows others that ran out of it. So there must be a `memory` that can run out, less than
                `memory_max`, and a `retry` of more than one attempt that has `oom` among its causes.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: reader
                entrypoint: [./read]
                resources: {memory: 512Mi, memory_max: 4Gi}
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: reader
                entrypoint: [./read]
                resources: {memory: 512Mi, memory_max: 4Gi}
                retry: {maximum_attempts: 3, retry_on: [oom]}
                ```

                ## Fix

                Add `memory`, raise `memory_max`, or add a `retry` of `oom`.

                ## Silence

                Write `# imflow: ignore[IMF0422]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A warning fails no check unless
                `--fail-on warning` asks for it.
                """#),
        DiagnosticPage(
            number: 501, slug: "bad-schema", severity: .error,
            summary: "An `input_schema` or `output_schema` that is no valid JSON Schema draft-07.",
            text: #"""
                # IMF0501 bad-schema (error)

                An `input_schema` or `output_schema` that is no valid JSON Schema draft-07.

                A model's input and its result are checked by these schemas around every call, so that one which cannot be read would
                fail them all. A `$ref` must lead to a schema in the same document: no other document is fetched. Patterns are those of
                ECMA-262 as far as they can be matched in linear time.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                input_schema:
                  type: object
                  properties:
                    count: {type: int}
                    size: {$ref: "#/definitions/sise"}
                  definitions:
                    size: {type: integer}
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                input_schema:
                  type: object
                  properties:
                    count: {type: integer}
                    size: {$ref: "#/definitions/size"}
                  definitions:
                    size: {type: integer}
                ```

                ## Fix

                Give the keyword a value that it takes; the message says which. In YAML the type null is written `"null"`, in quotes.

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
                """#),
        DiagnosticPage(
            number: 502, slug: "schema-conflict", severity: .error,
            summary: "What a stage gives can never be what the next one takes.",
            text: #"""
                # IMF0502 schema-conflict (error)

                What a stage gives can never be what the next one takes.

                The schemas on both sides of every edge are compared, also through pipelines, splits (a batch hands over a list, a text
                its windows) and merges (`concat-json` makes a list, `concat-text` a string). This is an error only where no value at all
                can satisfy both; what cannot be decided is left to the run.

                ## Wrong

                `job.json`:

                ```json
                {
                  "input": {"audio_url": "https://example.org/a.wav"},
                  "job_graph": {
                    "stages": [
                      {"model": "asr", "input_key": "audio_url"},
                      {"model": "summary", "input_key": "transcript"}
                    ]
                  }
                }
                ```

                `asr/model.yaml`:

                ```yaml
                name: asr
                entrypoint: [./run]
                output_schema:
                  type: object
                  required: [transcript]
                  properties:
                    transcript: {type: string}
                ```

                `summary/model.yaml`:

                ```yaml
                name: summary
                entrypoint: [./run]
                input_schema:
                  type: object
                  properties:
                    transcript: {type: array, items: {type: string}}
                ```

                ## Right

                `job.json`:

                ```json
                {
                  "input": {"audio_url": "https://example.org/a.wav"},
                  "job_graph": {
                    "stages": [
                      {"model": "asr", "input_key": "audio_url"},
                      {"model": "summary", "input_key": "transcript"}
                    ]
                  }
                }
                ```

                `asr/model.yaml`:

                ```yaml
                name: asr
                entrypoint: [./run]
                output_schema:
                  type: object
                  required: [transcript]
                  properties:
                    transcript: {type: string}
                ```

                `summary/model.yaml`:

                ```yaml
                name: summary
                entrypoint: [./run]
                input_schema:
                  type: object
                  properties:
                    transcript: {type: string}
                ```

                ## Fix

                The labels show what each side says. Mend the schema that is wrong, choose another merge or `input_key`, or put a stage
                between that turns the one into the other.

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
                """#),
        DiagnosticPage(
            number: 503, slug: "unknown-keyword", severity: .warning,
            summary: "A keyword in a schema that draft-07 does not have, and that is near one that it has.",
            text: #"""
                # IMF0503 unknown-keyword (warning)

                A keyword in a schema that draft-07 does not have, and that is near one that it has.

                Keywords that are not known are skipped, so that a misspelt one asks nothing of any value. Those of other drafts and tools
                are left alone, and so is what starts with `x-`.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                input_schema:
                  type: object
                  requierd: [text]
                  properties:
                    text: {type: string}
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                input_schema:
                  type: object
                  required: [text]
                  properties:
                    text: {type: string}
                ```

                ## Fix

                Take the suggested keyword, or start your own with `x-`.

                ## Silence

                Write `# imflow: ignore[IMF0503]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before.
                """#),
        DiagnosticPage(
            number: 504, slug: "keyword-unused", severity: .warning,
            summary: "A keyword in a schema that asks nothing where it stands.",
            text: #"""
                # IMF0504 keyword-unused (warning)

                A keyword in a schema that asks nothing where it stands.

                A keyword asks only values of its own type: `minLength` lets every number pass. Beside `$ref`, draft-07 reads nothing else;
                `then` and `else` need an `if`, and `additionalItems` a list of `items`. Schemas are read as draft-07 whatever `$schema`
                says.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                input_schema:
                  type: object
                  properties:
                    count: {type: integer, minLength: 1}
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                input_schema:
                  type: object
                  properties:
                    count: {type: integer, minimum: 1}
                ```

                ## Fix

                Use the keyword of the type that is meant, mend the `type`, or put the `$ref` and what stood beside it under `allOf`.

                ## Silence

                Write `# imflow: ignore[IMF0504]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before.
                """#),
        DiagnosticPage(
            number: 505, slug: "value-breaks-schema", severity: .warning,
            summary: "A `default`, an example, a `const` or a value of an `enum` that breaks the schema it stands in.",
            text: #"""
                # IMF0505 value-breaks-schema (warning)

                A `default`, an example, a `const` or a value of an `enum` that breaks the schema it stands in.

                Such a value can never be valid. Either it or the schema around it is not what was meant.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                input_schema:
                  type: object
                  properties:
                    count: {type: integer, default: many}
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                input_schema:
                  type: object
                  properties:
                    count: {type: integer, default: 3}
                ```

                ## Fix

                Mend the value or the schema.

                ## Silence

                Write `# imflow: ignore[IMF0505]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before.
                """#),
        DiagnosticPage(
            number: 506, slug: "input-not-object", severity: .error,
            summary: "An `input_schema` that takes no object.",
            text: #"""
                # IMF0506 input-not-object (error)

                An `input_schema` that takes no object.

                A model is always given an object: the members that its stage binds. A schema that takes only a list or a string would
                refuse every call.

                ## Wrong

                `model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                input_schema:
                  type: array
                  items: {type: string}
                ```

                ## Right

                `model.yaml`:

                ```yaml
                name: worker
                entrypoint: [./run]
                input_schema:
                  type: object
                  properties:
                    items: {type: array, items: {type: string}}
                ```

                ## Fix

                Describe the object: `type: object`, and the value under its name in `properties`.

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
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

                ## Silence

                As an error it cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings
                that were there before from a report, for a repository that is being mended. Where it is a note, a comment
                `# imflow: ignore[IMF0601] reason` at the line's end or above it silences it.
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

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
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

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
                """#),
        DiagnosticPage(
            number: 604, slug: "unreached-model", severity: .note,
            summary: "A manifest that no checked job runs.",
            text: #"""
                # IMF0604 unreached-model (note)

                A manifest that no checked job runs.

                Only told where a folder with jobs in it is checked, and all of these name what they run: then the model is left over,
                or a job names another by mistake. Models that are only searched, as in `--models`, are not looked at.

                ## Wrong

                `job.json`:

                ```json
                { "model": "asr-v1", "input": { "audio_url": "a.wav" } }
                ```

                `asr-v1/model.yaml`:

                ```yaml
                name: asr-v1
                entrypoint: [./run]
                ```

                `asr-v0/model.yaml`:

                ```yaml
                name: asr-v0
                entrypoint: [./run]
                ```

                ## Right

                `job.json`:

                ```json
                { "model": "asr-v1", "input": { "audio_url": "a.wav" } }
                ```

                `asr-v1/model.yaml`:

                ```yaml
                name: asr-v1
                entrypoint: [./run]
                ```

                ## Fix

                Remove the model, or let a job run it.

                ## Silence

                Write `# imflow: ignore[IMF0604]` and the reason at the end of the line, or on a line of its own above it. JSON has no
                comments: there `--baseline` hides findings that were there before. A note fails no check unless `--fail-on note` asks
                for it.
                """#),
        DiagnosticPage(
            number: 611, slug: "input-breaks-schema", severity: .error,
            summary: "A value in the job's `input`, or in a stage's, that the model which gets it cannot take.",
            text: #"""
                # IMF0611 input-breaks-schema (error)

                A value in the job's `input`, or in a stage's, that the model which gets it cannot take.

                The values that a job gives are known before anything runs, and are checked by the `input_schema` of the stages that get
                them as they are. A file is handed over as a `file://` URL, so that only its type is asked; a list that is split by
                `batch` is checked batch by batch.

                ## Wrong

                `job.json`:

                ```json
                {
                  "model": "resize",
                  "input": {"width": "640"}
                }
                ```

                `resize/model.yaml`:

                ```yaml
                name: resize
                entrypoint: [./run]
                input_schema:
                  type: object
                  required: [width]
                  properties:
                    width: {type: integer, minimum: 1}
                ```

                ## Right

                `job.json`:

                ```json
                {
                  "model": "resize",
                  "input": {"width": 640}
                }
                ```

                `resize/model.yaml`:

                ```yaml
                name: resize
                entrypoint: [./run]
                input_schema:
                  type: object
                  required: [width]
                  properties:
                    width: {type: integer, minimum: 1}
                ```

                ## Fix

                Mend the value, or the schema when it is too narrow. On the command line `--input width=640` gives a number, and
                `--input 'width="640"'` a string.

                ## Silence

                An error cannot be silenced: `plan` and `run` refuse the file, and `check` says so. `--baseline` hides findings that
                were there before from a report, for a repository that is being mended.
                """#),
        DiagnosticPage(
            number: 901, slug: "unused-ignore", severity: .warning,
            summary: "A comment that silences findings, on a line that has no such finding.",
            text: #"""
                # IMF0901 unused-ignore (warning)

                A comment that silences findings, on a line that has no such finding.

                The finding was mended and the comment stayed, or it names the wrong code or stands on the wrong line. Left alone it
                would hide the next finding of its kind that comes to that line.

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
                alone covers the next. Errors cannot be silenced: a comment that names one leaves it standing and is itself reported.
                Nor can what is said of a text before its keys are read (IMF00..).

                ## Silence

                It cannot be silenced by a comment: it speaks of comments. A warning fails no check unless `--fail-on warning` asks
                for it.
                """#),
    ]
}
