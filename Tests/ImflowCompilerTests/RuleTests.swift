import ImflowCompiler
import ImflowDiagnostics
import Testing

/// Where the rules must hold their tongue, and what they see of several files.
@Suite struct RuleTests {
    private static let worker = "name: worker\nentrypoint: [./run]\n"

    private func slugs(_ files: [String: String], _ paths: [String] = ["."]) -> [String] {
        Compiler(MemoryFiles(files.merging(["worker/model.yaml": Self.worker]) { own, _ in own }))
            .check(paths).diagnostics.map(\.code.slug)
    }

    private func job(_ stages: String..., input: String = "{\"audio_url\": \"a.wav\"}") -> String {
        "{\"input\": \(input), \"job_graph\": {\"stages\": [\(stages.joined(separator: ","))]}}"
    }

    @Test(
        arguments: [
            // The whole context, a condition, a pipeline and the only value read what no `input_key` names.
            """
            {"model": "worker", "input_key": "audio_url", "output_key": "text"}, {"model": "worker"}
            """,
            """
            {"model": "worker", "input_key": "audio_url", "output_key": "text"},
            {"model": "worker", "input_key": "audio_url", "when": "text != ''"}
            """,
            """
            {"name": "a", "model": "worker", "input_key": "audio_url", "output_key": "text"},
            {"name": "b", "model": "pipe", "input_key": "text", "output_key": "text"},
            {"name": "c", "model": "worker", "input_key": "text"}
            """,
            // Read and published anew; two of a name, one behind the other; two of a name that nobody asks for.
            """
            {"name": "a", "model": "worker", "input_key": "audio_url", "output_key": "text"},
            {"name": "b", "model": "worker", "input_key": "text", "output_key": "text"},
            {"name": "c", "model": "worker", "input_key": "text"}
            """,
            """
            {"name": "a", "model": "worker", "needs": [], "input_key": "audio_url", "output_key": "text"},
            {"name": "b", "model": "worker", "needs": ["a"], "output_key": "text"},
            {"name": "c", "model": "worker", "needs": ["a", "b"], "input_key": "text"}
            """,
            """
            {"name": "a", "model": "worker", "needs": [], "output_key": "text"},
            {"name": "b", "model": "worker", "needs": [], "output_key": "text"},
            {"name": "c", "model": "worker", "needs": ["a", "b"]}
            """,
            // A condition on the job's input, which may be otherwise tomorrow.
            """
            {"model": "worker", "input_key": "audio_url", "when": "audio_url == 'b.wav'"}
            """,
            // A stage that never runs is not the only one to give the key.
            """
            {"name": "a", "model": "worker", "needs": [], "input_key": "audio_url", "output_key": "text"},
            {"name": "b", "model": "worker", "needs": ["a"], "input_key": "text"}
            """,
        ])
    func graphsWithoutFindings(_ stages: String) {
        let pipe = "name: pipe\nchained_models: [{name: x, model_id: worker}]\n"
        let files = ["job.json": job(stages), "pipe/model.yaml": pipe]
        #expect(slugs(files, ["job.json", "worker", "pipe"]).filter { $0 != "unreached-model" } == [])
    }

    @Test(
        arguments: [
            // What is unreadable is told once, and nothing is made of what it leaves open.
            ("multi_node: {split_mode: tiles, tile_size: 3, merge_strategy: none, max_shards: 2}", ["bad-value"]),
            ("multi_node: {distributed_runtime: rays, cluster_size: 3}", ["bad-value"]),
            ("multi_node: {distributed_runtime: ray, shard_role: head, cluster_size: two}", ["wrong-type"]),
            ("multi_node: {split_mode: lines, merge_strategy: joined}\noutput_schema: {type: string}", ["bad-value"]),
            ("retry: {maximum_attempts: many, initial_interval: 1s}", ["wrong-type"]),
            ("retry: {maximum_attempts: 2, retry_on: [never]}", ["bad-value"]),
            // Off, or said in whole.
            ("multi_node: {enabled: false, distributed_runtime: ray, merge_strategy: none}", []),
            ("multi_node: {split_mode: lines, reducer: worker}\noutput_schema: {type: string}", []),
            ("multi_node: {split_mode: lines}\noutput_schema: {type: array}", []),
            ("retry: {maximum_attempts: 1}", []), ("retry: {maximum_attempts: 2}", []),
            ("timeout: 5m\njob_timeout: 5m", []), ("protocol: rest\nport: 1024", []),
            ("image: a/b@sha256:0123\nport: 80", []),
        ])
    func modelsWithExactly(_ text: String, _ expected: [String]) {
        #expect(slugs(["a/model.yaml": "name: a\nentrypoint: [./run]\n" + text + "\n"], ["a"]) == expected)
    }

    private let one = "{\"model\": \"worker\", \"input\": {}}"

    @Test func leftOverModelsAreToldWhereAllJobsAreSeen() {
        let spare = ["spare/model.yaml": "name: spare\nentrypoint: [./run]\n"]
        let files = spare.merging(["job.json": one]) { own, _ in own }
        #expect(slugs(files) == ["unreached-model"])
        // Not where no folder was asked for, no job was seen, or a job may run anything.
        #expect(slugs(files, ["job.json", "spare/model.yaml"]) == [])
        #expect(slugs(files, ["spare"]) == [])
        #expect(slugs(files.merging(["any.job.json": "{\"input\": {}}"]) { own, _ in own }) == ["no-model"])
    }

    @Test func whatAnythingMayMeanIsNotLeftOver() {
        let twins = [
            "a/model.yaml": "name: twin\nentrypoint: [./a]\n", "b/model.yaml": "name: twin\nentrypoint: [./b]\n",
        ]
        let files = twins.merging(["job.json": job("{\"model\": \"twin\"}", "{\"model\": \"workre\"}")]) { own, _ in own
        }
        #expect(slugs(files) == ["ambiguous-model", "unknown-model"])
        let pinned = ["job.json": job("{\"model\": \"worker@2\"}")]
        #expect(slugs(pinned) == ["version-mismatch"])
    }

    @Test func reducersAndPipelinesReachTheirModels() {
        let files = [
            "job.json": "{\"model\": \"pipe\", \"input\": {\"lines\": \"a\"}}",
            "pipe/model.yaml": "name: pipe\nchained_models: [{name: x, model_id: split}]\n",
            "split/model.yaml":
                "name: split\nentrypoint: [./run]\nmulti_node: {split_mode: lines, reducer: worker}\n",
        ]
        #expect(slugs(files) == [])
    }

    /// A retry that the job completes is no mistake of the job, nor of the model that has attempts.
    @Test func retriesAreSeenWithWhatTheyAreLaidOver() {
        let often = "name: often\nentrypoint: [./run]\nretry: {maximum_attempts: 3}\n"
        let job = "{\"model\": \"often\", \"input\": {}, \"retry\": {\"initial_interval\": \"2s\"}}"
        #expect(slugs(["job.json": job, "often/model.yaml": often], ["job.json", "often"]) == [])
        let unknown = "{\"model\": \"nobody-has-this\", \"input\": {}, \"retry\": {\"initial_interval\": \"2s\"}}"
        #expect(slugs(["job.json": unknown], ["job.json"]) == ["unknown-model"])
    }

    @Test(arguments: [(1013, 513, 6), (1012, 512, 2), (512, 512, 1), (1, 1, 1), (513, 1, 2)])
    func tilesAreCounted(_ width: Int, _ height: Int, _ tiles: Int) {
        let model =
            "name: t\nentrypoint: [./run]\nmulti_node: {split_mode: tile, tile_overlap: 12, merge_strategy: none}\n"
        for count in [tiles, tiles + 1] {
            let input = "{\"image_url\": \"a.png\", \"width\": \(width), \"height\": \(height)}"
            let job = "{\"model\": \"t\", \"shard_count\": \(count), \"input\": \(input)}"
            let expected = (tiles == 1 ? ["tile-covers-image"] : []) + (count > tiles ? ["shards-over-units"] : [])
            let found = slugs(["job.json": job, "t/model.yaml": model], ["job.json", "t"])
            #expect(found.sorted() == expected.sorted())
        }
    }

    @Test(
        arguments: [
            ("port: 9000\n", "name: a\nport: 9000\n"),
            ("# first\r\nport: 9000\r\n", "# first\r\nname: a\r\nport: 9000\r\n"),
            ("---\nport: 9000\n", "---\nname: a\nport: 9000\n"),
            ("\u{FEFF}port: 9000\n", "\u{FEFF}name: a\nport: 9000\n"),
            ("{port: 9000}\n", nil), ("  port: 9000\n", nil), ("--- {port: 9000}\n", nil),
        ] as [(String, String?)])
    func aMissingNameIsWrittenDown(_ text: String, _ mended: String?) throws {
        let path = "a/model.yaml"
        let found = Compiler(MemoryFiles([path: text])).check([path]).diagnostics.filter { $0.code.number == 108 }
        let fix = found.first?.fixes.first
        #expect(found.count == 1 && (fix == nil) == (mended == nil))
        guard let fix, let mended else { return }
        var bytes = Array(text.utf8)
        for edit in fix.edits { bytes.replaceSubrange(edit.span.range, with: edit.replacement.utf8) }
        #expect(String(decoding: bytes, as: UTF8.self) == mended)
        #expect(slugs([path: mended], [path]).contains("missing-name") == false)
    }

    /// A long chain in which every stage asks for what another, far away, publishes.
    @Test func longGraphsAreDone() {
        let stages = (0..<400).map { index in
            "{\"model\": \"worker\", \"input_key\": \"\(index % 2 == 0 ? "a" : "b")\","
                + " \"output_key\": \"\(index % 2 == 0 ? "b" : "a")\"}"
        }
        let text = "{\"input\": {\"a\": 1, \"b\": 2}, \"job_graph\": {\"stages\": [\(stages.joined(separator: ","))]}}"
        #expect(!slugs(["job.json": text], ["job.json"]).isEmpty)
    }
}
