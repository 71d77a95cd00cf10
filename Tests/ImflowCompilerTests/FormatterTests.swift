import Foundation
import ImflowCompiler
import ImflowDiagnostics
import ImflowJSON
import ImflowSyntax
import Testing

/// `imflow fmt`: one layout, and never another meaning.
@Suite struct FormatterTests {
    static func formatted(_ text: String, name: String = "model.yaml") -> String {
        switch ManifestFormatter.format(Source(name: name, bytes: Array(text.utf8))) {
        case .formatted(let bytes): return String(decoding: bytes, as: UTF8.self)
        case .unreadable(let diagnostics): return "unreadable: \(diagnostics.first?.headline ?? "")"
        case .left(let reason, let span): return "left: \(reason) at \(span.range.lowerBound)"
        case .failed(let reason): return "failed: \(reason)"
        }
    }

    /// A layout, and that it is its own.
    private func expect(_ text: String, becomes expected: String, name: String = "model.yaml") {
        let new = Self.formatted(text, name: name)
        #expect(new == expected, "is:\n\(new)\nnot:\n\(expected)")
        #expect(Self.formatted(new, name: name) == new)
    }

    @Test func keysTakeTheTablesOrder() {
        expect(
            """
            entrypoint:   [ ./run,"a b" ,'5']
            multi_node: {tile_size : [ 1,2 ], split_mode: 'tile'}
            x-after: 1
            name : "detector"


            resources:
                gpu:
                    memory: 4Gi
                    count: 1
                cpu: 2
            colour: blue

            """,
            becomes: """
                name: detector
                entrypoint: [./run, a b, '5']

                resources:
                  cpu: 2
                  gpu:
                    count: 1
                    memory: 4Gi
                multi_node: {split_mode: tile, tile_size: [1, 2]}
                x-after: 1
                colour: blue

                """)
    }

    @Test func commentsGoWithTheirKeys() {
        expect(
            """
            # A detector.
            # It detects.

            # How it is run.
            entrypoint: [./run]   # the program
            # What it is called.

            name: detector # its name
            resources: # for one attempt
                # in cores
                cpu: 2
                # memory: 4Gi
            # the end

            """,
            becomes: """
                # A detector.
                # It detects.

                # What it is called.

                name: detector # its name

                # How it is run.
                entrypoint: [./run]   # the program
                resources: # for one attempt
                  # in cores
                  cpu: 2
                  # memory: 4Gi
                # the end

                """)
    }

    @Test func aHeaderStaysAndAnIgnoreGoes() {
        expect(
            "# The header.\n# imflow: ignore[IMF0101] mine\ncolour: blue\nentrypoint: [./run]\nname: a\n",
            becomes: "# The header.\n\n# imflow: ignore[IMF0101] mine\ncolour: blue\nname: a\nentrypoint: [./run]\n")
        expect(
            "# The header.\nentrypoint: [./run]\nname: a\n",
            becomes: "# The header.\nname: a\nentrypoint: [./run]\n")
    }

    @Test func listsAreIndented() {
        expect(
            """
            name: a
            chained_models:
            - # first
              model_id: b
              name: one
            -   name: two
                # which
                model_id: c   # c
                needs: [
                  one, # the first
                  "two"
                ]
            # behind

            """,
            becomes: """
                name: a
                chained_models:
                  # first
                  - name: one
                    model_id: b
                  - name: two
                    # which
                    model_id: c   # c
                    needs:
                      - one # the first
                      - two
                # behind

                """)
    }

    @Test func textsKeepEveryByteThatCounts() {
        expect(
            """
            x-a:
                - |
                   line
                     indented

                   last

                - >2-
                    folded

                  more
                - |+
                  kept


            description: "one
                two \\
               three"
            name:
               a
            """,
            becomes: """
                x-a:
                  - |
                    line
                      indented

                    last

                  - >2-
                      folded

                    more
                  - |+
                    kept


                name: a
                description: "one
                  two \\
                  three"

                """)
    }

    @Test func aTextAtTheEndOfTheFileStaysWithoutABreak() {
        expect("name: a\ndescription: |\n  x", becomes: "name: a\ndescription: |-\n  x\n")
        expect("name: a\ndescription: |+\n    x\n\n\n", becomes: "name: a\ndescription: |+\n  x\n\n\n")
    }

    @Test(arguments: [
        ("a: 'yes'", "yes"), ("a: \"no\"", "no"), ("a: 'y'", "y"), ("a: \"On\"", "on"), ("a: '12:30'", "12"),
        ("a: '1e3'", "1"), ("a: '0x1'", "0"), ("a: '~'", "~"), ("a: 'null'", "null"), ("a: ' b'", "space"),
        ("a: 'b '", "space"), ("a: 'b: c'", "colon"), ("a: 'b #c'", "hash"), ("a: '*b'", "alias"), ("a: '2001-01-01'", ""),
        ("a: ''", "empty"), ("a: '.inf'", "inf"), ("a: '-b'", "dash"), ("a: 'b,c'", "comma"), ("a: '='", "="),
    ])
    func quotesThatSomeReaderNeedsStay(_ text: String, _ why: String) {
        #expect(Self.formatted("x-b:\n  \(text)\n") == "x-b:\n  \(text)\n", "\(why)")
    }

    @Test func anAnchorStaysAboveItsAliases() {
        let text = "requires:\n  labels: &a {b: c}\nlabels: *a\nname: x\n"
        expect(text, becomes: text)
        expect(
            "x-a: &a {b: c}\nrequires:\n  labels: *a\nlabels: *a\nname: x\n",
            becomes: "x-a: &a {b: c}\nname: x\nlabels: *a\nrequires:\n  labels: *a\n")
        // The second &a means another value from there on.
        let twice = "requires: {labels: &a {b: c}}\nlabels: &a {d: e}\nx-c: *a\n"
        expect(twice, becomes: twice)
        expect(
            "requires: {labels: &a {b: c}}\nlabels: {d: e}\nx-c: *a\n",
            becomes: "labels: {d: e}\nrequires: {labels: &a {b: c}}\nx-c: *a\n")
    }

    @Test func ownMapsKeepTheirOrder() {
        let text = "name: a\nlabels:\n  z: b\n  a: c\nenv: {Z: b, A: c}\ninput_schema:\n  type: object\n  properties: {}\n"
        expect(text, becomes: text)
    }

    @Test func longFlowsBecomeBlocks() {
        let words = (1...30).map { "word-\($0)" }
        expect(
            "name: a\nentrypoint: [\(words.joined(separator: ", "))]\n",
            becomes: "name: a\nentrypoint:\n" + words.map { "  - \($0)\n" }.joined())
        let bound = "name: a\nentrypoint: [\(words.joined(separator: ", "))] # imflow: ignore[IMF0103] as it is\n"
        expect(bound, becomes: bound)
    }

    @Test func lineBreaksAndMarksStay() {
        expect("\u{FEFF}name: a\r\nport:  1\r\n", becomes: "\u{FEFF}name: a\r\nport: 1\r\n")
        expect("%YAML 1.2\n# top\n--- # go\nport: 1  \nname: a", becomes: "%YAML 1.2\n# top\n--- # go\nname: a\nport: 1\n")
        expect("name: a\n...\n# end\n", becomes: "name: a\n# end\n")
    }

    @Test func jobsInJSONStayJSON() {
        expect(
            "{\"input\": {\"z\": 1.50, \"a\": \"\\u0041\"},\n \"job_graph\": {\"stages\": [{\"input_key\":\"k\",\"model\":\"m\"}, {}]}, \"job_id\": \"j\"}",
            becomes: """
                {
                  "job_id": "j",
                  "job_graph": { "stages": [{ "model": "m", "input_key": "k" }, {}] },
                  "input": { "z": 1.50, "a": "\\u0041" }
                }

                """, name: "job.json")
        expect("{\"input\": {\"a\": [\n]}}", becomes: "{\n  \"input\": {\n    \"a\": []\n  }\n}\n", name: "<stdin>")
    }

    @Test(arguments: [
        ("a: b: c\n", "unreadable"), ("a: [\n", "unreadable"), ("", "unreadable"), ("? a\n: b\n", "left"),
        ("- a\n", "left"), ("[a]: b\n", "left"), ("x: 1\n---\ny: 2\n", "unreadable"), ("a: \"b\u{85}c\"\n", "left"),
        ("--- {a: b}\n", "left"), ("a: *b\n", "unreadable"),
    ])
    func otherTextsAreLeftAlone(_ text: String, _ expected: String) {
        #expect(Self.formatted(text).hasPrefix(expected), "\(text): \(Self.formatted(text))")
    }
}

/// Formatting changes nothing but the layout, whatever the file.
@Suite struct FormatterPropertyTests {
    static let files: [(name: String, bytes: [UInt8])] = {
        var files: [(name: String, bytes: [UInt8])] = []
        let walker = FileManager.default.enumerator(atPath: Corpus.root.path)
        while let path = walker?.nextObject() as? String {
            let name = String(path.split(separator: "/").last ?? "")
            guard name.hasSuffix(".yaml") || name.hasSuffix("job.json") || name == "case.json" else { continue }
            if let data = try? Data(contentsOf: Corpus.root.appending(path: path)) { files.append((path, Array(data))) }
        }
        return files.sorted { $0.name < $1.name }
    }()

    /// What fails to hold of a text; nil: nothing.
    static func breach(_ name: String, _ bytes: [UInt8]) -> String? {
        let source = Source(name: name, bytes: bytes)
        let new: [UInt8]
        switch ManifestFormatter.format(source) {
        case .formatted(let text): new = text
        case .failed(let reason): return reason
        case .left, .unreadable: return nil
        }
        let result = Source(name: name, bytes: new)
        guard sorted(parse(source).tree.root?.jsonValue()) == sorted(parse(result).tree.root?.jsonValue()) else {
            return "another value"
        }
        let words = { (source: Source) in parse(source).tree.comments(startingWith: "").map { comment in
            String(decoding: source.bytes[comment.range], as: UTF8.self).trimmingCharacters(in: .whitespaces)
        }.sorted() }
        // Right behind a bracket a `#` begins a comment to libyaml only: then the result's begins earlier.
        let shown = words(result)
        guard words(source).allSatisfy({ word in shown.contains { $0.hasSuffix(word) } }) else { return "a comment less" }
        guard case .formatted(new) = ManifestFormatter.format(result) else {
            return "not idempotent:\n\(FormatterTests.formatted(String(decoding: new, as: UTF8.self), name: name))"
        }
        return nil
    }

    /// The order of members is the table's business here; that of all others is held by the formatter's own check.
    private static func sorted(_ value: JSONValue?) -> String? { value?.canonicalText }

    @Test func theCorpusKeepsItsMeaning() {
        #expect(Self.files.count > 80)
        for file in Self.files {
            let breach = Self.breach(file.name, file.bytes)
            #expect(breach == nil, "\(file.name): \(breach ?? "")\n\(FormatterTests.formatted(String(decoding: file.bytes, as: UTF8.self), name: file.name))")
        }
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>) func mutatedFilesKeepTheirMeaning(_ seed: UInt64) {
        var generator = SeededGenerator(state: seed)
        for _ in 0..<60 {
            let file = Self.files[Int.random(in: 0..<Self.files.count, using: &generator)]
            var mutation = TextMutation(text: file.bytes)
            for _ in 0..<Int.random(in: 1...6, using: &generator) { mutation.mutate(using: &generator) }
            let breach = Self.breach(file.name, mutation.text)
            #expect(breach == nil, "\(file.name): \(breach ?? "")\nfrom:\n\(String(decoding: mutation.text, as: UTF8.self))\nto:\n\(FormatterTests.formatted(String(decoding: mutation.text, as: UTF8.self), name: file.name))")
            if breach != nil { return }
        }
    }

    /// A formatted case draws the findings that it drew before; what comments silence stays silent.
    @Test(arguments: Corpus.cases("ok") + Corpus.cases("err")) func findingsStay(_ entry: Corpus.Case) {
        var files = entry.files
        for (path, bytes) in files.files where path.hasSuffix(".yaml") || path.hasSuffix(".json") {
            if case .formatted(let new) = ManifestFormatter.format(Source(name: path, bytes: bytes)) {
                files.files[path] = new
            }
        }
        let headlines = { (diagnostics: [Diagnostic]) in
            // A message may name the line that it is about.
            diagnostics.map { "\($0.primary.span.source.name): \($0.headline.filter { !$0.isNumber })" }.sorted()
        }
        #expect(headlines(entry.run(files).diagnostics) == headlines(entry.run().diagnostics))
    }

    /// The plans of the corpus's jobs are those of its formatted files.
    @Test(arguments: Corpus.cases("lower")) func plansStay(_ entry: Corpus.Case) throws {
        var files = entry.files
        let plan = try #require(entry.run().plan)
        for (path, bytes) in files.files where path.hasSuffix(".yaml") || path.hasSuffix(".json") {
            if case .formatted(let new) = ManifestFormatter.format(Source(name: path, bytes: bytes)) {
                files.files[path] = new
            }
        }
        #expect(entry.run(files).plan == plan)
    }
}

/// Random changes to a text, as an author's editor makes them.
struct TextMutation {
    var text: [UInt8]

    private static let pieces = [
        "# a comment", "  # indented", "&a ", "*a", "!!str ", "\"quoted\"", "'x'", "{a: 1, b: [c, d]}", "[a, b,]", "|", ">-",
        "|+", "|2", "\n", "\n\n", "\n\n\n", "\r\n", "  ", "\t", ": ", "- ", "key: ", "x-own: 1\n", "<<: *a\n", "name: &a b\n",
        "null", "~", "é", "text\n  more", "---\n", "...\n", ",", "}", "]", "{", "[", "#", "? ", "yes", "0777",
        "labels: {\n  a: b, # c\n}\n", "env:\n  # c\n  A: b\n  # d\n", "description: >\n  a\n\n   b\n  c\n",
        "x-k: |+\n  a\n\n\n", "requires:\n- a\n# b\n- c\n",
    ]

    mutating func mutate(using generator: inout SeededGenerator) {
        let starts = [0] + text.indices.filter { text[$0] == 0x0A }.map { $0 + 1 }
        let line = Int.random(in: 0..<starts.count, using: &generator)
        let end = line + 1 < starts.count ? starts[line + 1] : text.count
        let place = Int.random(in: 0...text.count, using: &generator)
        let piece = Array((Self.pieces.randomElement(using: &generator) ?? "").utf8)
        switch Int.random(in: 0..<9, using: &generator) {
        case 0: text.removeSubrange(starts[line]..<end)
        case 1: text.insert(contentsOf: text[starts[line]..<end], at: starts[Int.random(in: 0..<starts.count, using: &generator)])
        case 2: text.insert(contentsOf: piece, at: place)
        case 3: text.insert(contentsOf: piece + [0x0A], at: starts[line])
        case 4: text.insert(contentsOf: [0x20] + piece, at: max(starts[line], end - 1))
        case 5: text.insert(contentsOf: [0x20, 0x20], at: starts[line])
        case 6: text.insert(contentsOf: Array(" # behind".utf8), at: max(starts[line], end - 1))
        case 7: if place < text.count { text.remove(at: place) }
        default:
            let column = text[starts[line]..<end].prefix { $0 == 0x20 }.count
            text.insert(contentsOf: repeatElement(0x20, count: column) + Array("# own\n".utf8), at: starts[line])
        }
    }
}
