import Foundation
import ImflowJSON
import Testing

/// `split_mode: rows` and `split_mode: audio` from manifest to result, with models in Python.
@Suite("Tables and recordings", .onThreads)
struct TableTests {
    private let place: Workplace

    init() throws { place = try Workplace() }

    private func model(_ name: String, _ program: String, _ block: String) throws {
        try place.write("\(name)/run.py", program)
        try place.write("\(name)/model.yaml", "name: \(name)\nentrypoint: [python3, run.py]\nmulti_node: \(block)\n")
    }

    @Test("rows come as objects, files that they name as files, and a wrong row stops the job before a call")
    func rows() throws {
        try model(
            "read",
            """
            import json, sys
            request = json.load(sys.stdin)
            rows = request["input"]["table_url"]
            json.dump([{"who": r["name"], "text": open(r["page_url"][7:]).read(), "line": request["job"]["unit"]["line"]}
                       for r in rows], sys.stdout)
            """, "{split_mode: rows, batch_size: 2, max_shards: 2}")
        try place.write("one.txt", "first")
        try place.write("two.txt", "second")
        let (one, two) = ("file://\(place.path)/one.txt", "file://\(place.path)/two.txt")
        try place.write("t.csv", "name,page_url\r\n\"Ada, \"\"A\"\"\nL\",\(one)\r\nBob,\(two)\r\nCy,\(one)\r\n")
        let run = try place.imflow("run", "--model", "read", "--input", "table_url=t.csv", "--output", "json")
        #expect(run.code == 0, "\(run.errors)")
        let json = try run.json
        #expect(json["stages"]?.arrayValue?.first?["units"] == 2)
        #expect(
            json["output"] == [
                ["line": 2, "text": "first", "who": "Ada, \"A\"\nL"], ["line": 2, "text": "second", "who": "Bob"],
                ["line": 5, "text": "first", "who": "Cy"],
            ])

        try place.write("bad.csv", "name,page_url\nAda,\(one)\nBob\n")
        let bad = try place.imflow("run", "--model", "read", "--input", "table_url=bad.csv")
        #expect(bad.code == 1)
        #expect(bad.errors.contains("bad.csv, line 3: the row has 1 field, and the header in line 1 has 2"))
    }

    @Test("a plan knows how many runs of rows and windows of time there are")
    func estimates() throws {
        try model("read", "", "{split_mode: rows}")
        try place.write("t.jsonl", "{}\n[]\n\n1\n")
        func units(_ arguments: String...) throws -> JSONValue? {
            let ended = try place.run([Workplace.binary, "plan", "--estimate", "--output", "json"] + arguments)
            return try ended.json["stages"]?.arrayValue?.first?["units"]
        }
        #expect(try units("--model", "read", "--input", "table_url=t.jsonl") == 3)
        #expect(try units("--model", "read", "--input", "table_url=t.jsonl", "--input", "split_strategy=rows_2") == 2)
        try model("hear", "", "{split_mode: audio, audio_length: 1s, audio_overlap: 500ms}")
        try recording("talk.wav", seconds: 3)
        #expect(try units("--model", "hear", "--input", "audio_url=talk.wav") == 5)
        #expect(try units("--model", "hear", "--input", "audio_url=talk.wav", "--input", "split_strategy=audio_2") == 2)
    }

    /// 8,000 samples a second, of 8 bits.
    private func recording(_ name: String, seconds: Int) throws {
        try place.write(
            "make.py",
            """
            import sys, wave
            with wave.open(sys.argv[1], "wb") as out:
                out.setnchannels(1); out.setsampwidth(1); out.setframerate(8000)
                out.writeframes(bytes(i % 251 for i in range(8000 * int(sys.argv[2]))))
            """)
        let made = try place.run(["python3", "make.py", name, "\(seconds)"])
        try #require(made.code == 0, "\(made.errors)")
    }

    @Test("windows of a recording are WAV files; segments come back in its time, once each")
    func segments() throws {
        try model(
            "hear",
            """
            import json, sys, wave
            request = json.load(sys.stdin)
            unit = request["job"]["unit"]
            with wave.open(request["input"]["audio_url"][7:]) as sound:
                frames = sound.readframes(sound.getnframes())
            assert frames == bytes(i % 251 for i in range(unit["start_sample"], unit["end_sample"]))
            # A word in every half second that the window has whole.
            words = [i / 2 for i in range(20) if unit["start"] <= i / 2 and i / 2 + 0.5 <= unit["end"]]
            json.dump({"segments": [{"start": w - unit["start"], "end": w + 0.5 - unit["start"], "text": " w%d" % (2 * w)}
                                    for w in words], "text": "", "language": "en"}, sys.stdout)
            """, "{split_mode: audio, audio_length: 4s, audio_overlap: 1s, merge_strategy: segments}")
        try recording("talk.wav", seconds: 10)
        let run = try place.imflow("run", "--model", "hear", "--input", "audio_url=talk.wav", "--output", "json")
        #expect(run.code == 0, "\(run.errors)")
        let output = try run.json["output"]
        #expect(output?["text"] == .string((0..<20).map { "w\($0)" }.joined(separator: " ")))
        #expect(output?["segments"]?.arrayValue?.map { $0["start"]?.doubleValue } == (0..<20).map { Double($0) / 2 })
        #expect(output?["language"] == "en")
    }
}
