import ImflowContent
import ImflowData
import ImflowExecution
import ImflowJSON
import ImflowPlan
import Testing

@Suite struct BinderTests {
    private let room: DataRoom

    init() throws { room = try DataRoom() }

    private struct Stage {
        var name: String
        var key: String?
        var result: JSONValue

        init(_ name: String, _ result: JSONValue, as key: String? = nil) {
            self.name = name
            self.key = key
            self.result = result
        }
    }

    /// Sources nearest first.
    private func bind(
        _ stages: [Stage], job: JSONValue? = nil, key: String? = nil, fallback: Bool = false, literal: JSONValue = [:],
        when: Condition? = nil
    ) throws -> JSONObject? {
        let sources = try stages.map {
            InputContext.Source(stage: $0.name, outputKey: $0.key, result: try room.content.payload($0.result))
        }
        let context = InputContext(
            sources: sources, jobInput: try job.map { try room.content.payload($0) }, key: key,
            soleValueFallback: fallback, literal: literal, when: when)
        return try Binder(content: room.content).bind(context, consumer: "stage `s`")
    }

    /// Told before it is read: nothing is stored under that hash.
    @Test func whatIsTooLargeForMemoryIsToldAndNotRead() async throws {
        let large = Payload(hash: ContentHash(of: [1]), size: (128 << 20) + 1, inline: nil)
        let context = InputContext(
            sources: [InputContext.Source(stage: "pages", outputKey: "pages", result: large)], jobInput: nil,
            key: "pages", soleValueFallback: false, literal: [:], when: nil)
        let told = await failure { _ = try Binder(content: room.content).bind(context, consumer: "stage `s`") }
        #expect(told?.cause == .app)
        for part in ["stage `pages`", "134217729 bytes", "128 MiB", "files"] {
            #expect(told?.message.contains(part) == true, "\(part) in: \(told?.message ?? "")")
        }
        let parts = [
            MergePart(shardIndex: 0, units: try room.content.payload([["unit": ["index": 0]]]), output: large)
        ]
        let model = ModelPlan(name: "m", folder: "/", command: ["/bin/true"])
        let reduced = await failure { _ = try await room.staging.resolve(CallWork(model: model, input: .reduce(parts: parts))) }
        #expect(reduced?.cause == .app)
        #expect(reduced?.message.contains("the reduction by model `m`") == true)
    }

    @Test func chainedModelsWithKeys() throws {
        let input: JSONValue = ["audio_url": "cas://sha256/x"]
        #expect(try bind([], job: input) == ["audio_url": "cas://sha256/x"])
        let words: JSONValue = ["transcript": "hello", "confidence": 0.9]
        #expect(
            try bind([Stage("transcription", words, as: "transcript")], job: input, key: "transcript")
                == ["transcript": "hello"])
        #expect(
            try bind([Stage("transcription", "hello", as: "transcript")], job: input, key: "transcript")
                == ["transcript": "hello"])
    }

    @Test func jobGraphOfThreeStages() throws {
        let input: JSONValue = ["audio_url": "a.wav"]
        #expect(try bind([], job: input, key: "audio_url") == ["audio_url": "a.wav"])
        let first = Stage("asr-v1", ["transcript": "raw words"])
        #expect(try bind([first], job: input, key: "transcript") == ["transcript": "raw words"])
        let second = Stage("llm-transcribe-v2", ["transcript": "Raw words."])
        #expect(try bind([second, first], job: input, key: "text", fallback: true) == ["text": "Raw words."])
    }

    @Test func aJobOfOneModelGetsItsWholeInput() throws {
        let input: JSONValue = ["image_url": "ipfs://Qm123", "language": "en"]
        #expect(try bind([], job: input) == input.objectValue)
    }

    @Test func theNearestSourceWins() throws {
        let near = Stage("near", ["a": 1, "b": 1])
        let far = Stage("far", ["a": 2, "c": 2])
        let job: JSONValue = ["a": 3, "c": 3, "d": 3]
        #expect(try bind([near, far], job: job) == ["a": 1, "b": 1, "c": 2, "d": 3])
        #expect(try bind([near, far], job: job, key: "c") == ["c": 2])
        #expect(try bind([near, far], job: job, key: "d") == ["d": 3])
        #expect(try bind([near, far], key: "b") == ["b": 1])
    }

    @Test func anOutputKeyHidesTheOtherMembers() throws {
        #expect(try bind([Stage("a", ["k": 1, "other": 2], as: "k")]) == ["k": 1])
        #expect(try bind([Stage("a", ["other": 2], as: "k")]) == ["k": ["other": 2]])
    }

    @Test func aNamelessResultIsOnlyASoleValue() throws {
        #expect(try bind([Stage("a", [1, 2])], job: ["x": 1]) == ["x": 1])
        #expect(try bind([Stage("a", [1, 2])], key: "items", fallback: true) == ["items": [1, 2]])
        #expect(try bind([Stage("a", "t", as: "k")], key: "text", fallback: true) == ["text": "t"])
        #expect(throws: Failure.self) { try bind([Stage("a", [1, 2])], key: "items") }
        #expect(throws: Failure.self) { try bind([Stage("a", ["p": 1, "q": 2])], key: "items", fallback: true) }
    }

    @Test func aNameInReachGoesBeforeTheSoleValue() throws {
        #expect(try bind([Stage("a", ["other": 1])], job: ["text": "t"], key: "text", fallback: true) == ["text": "t"])
        #expect(try bind([Stage("a", ["text": nil])], key: "text") == ["text": nil])
    }

    @Test func literalsAreLaidOver() throws {
        #expect(try bind([], job: ["a": 1], literal: ["a": 2, "b": 3]) == ["a": 2, "b": 3])
        #expect(try bind([Stage("x", ["a": 1])], key: "a", literal: ["b": 3]) == ["a": 1, "b": 3])
        #expect(try bind([], key: "a", literal: ["a": 5]) == ["a": 5])
        #expect(throws: Failure.self) { try bind([], literal: [1]) }
    }

    @Test func theUnboundIsNamedWithWhatThereIs() throws {
        let stage = Stage("llm", ["summary": "x", "tokens": 4])
        let error = #expect(throws: Failure.self) { try bind([stage], job: ["audio_url": "a"], key: "text") }
        #expect(error?.cause == .app)
        for part in [
            "stage `s` needs `text`", "`llm` publishes `summary`, `tokens`", "the job's input has `audio_url`",
        ] {
            #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
        }
        let alone = #expect(throws: Failure.self) { try bind([], key: "text") }
        #expect(alone?.message.contains("nothing is in its reach") == true)
    }

    @Test func hostileKeysAreJustKeys() throws {
        for key in ["", "__proto__", "a/b", "a\u{0}b", "$ref", "🦊", String(repeating: "k", count: 10_000)] {
            #expect(try bind([Stage("a", [key: 1] as JSONValue, as: key)], key: key) == [key: 1])
        }
    }

    @Test func damagedResultsAreInfrastructure() throws {
        let payload = Payload(hash: ContentHash(of: [1]), size: 1, inline: nil)
        let context = InputContext(
            sources: [.init(stage: "a", outputKey: nil, result: payload)], jobInput: nil, key: nil,
            soleValueFallback: false, literal: [:], when: nil)
        let error = #expect(throws: Failure.self) {
            try Binder(content: room.content).bind(context, consumer: "stage `s`")
        }
        #expect(error?.cause == .infra)
        #expect(error?.message.contains(payload.hash.description) == true)
    }

    @Test(arguments: [
        (Condition.truthy(path: ["n"]), true), (.truthy(path: ["zero"]), false), (.truthy(path: ["empty"]), false),
        (.truthy(path: ["missing"]), false), (.truthy(path: ["o", "x"]), true), (.truthy(path: ["list", "1"]), true),
        (.truthy(path: ["list", "9"]), false), (.truthy(path: ["n", "x"]), false),
        (.compare(path: ["n"], .equal, 3.0), true), (.compare(path: ["n"], .notEqual, 3), false),
        (.compare(path: ["n"], .less, 4), true), (.compare(path: ["n"], .less, 3), false),
        (.compare(path: ["n"], .lessOrEqual, 3), true), (.compare(path: ["n"], .greater, 2.5), true),
        (.compare(path: ["n"], .greaterOrEqual, 3.5), false), (.compare(path: ["s"], .greater, "a"), true),
        (.compare(path: ["s"], .less, "a"), false), (.compare(path: ["missing"], .equal, nil), true),
        (.compare(path: ["missing"], .less, 1), false), (.compare(path: ["missing"], .lessOrEqual, nil), false),
        (.not(.truthy(path: ["zero"])), true), (.and(.truthy(path: ["n"]), .truthy(path: ["zero"])), false),
        (.or(.truthy(path: ["zero"]), .truthy(path: ["n"])), true),
    ])
    func conditions(condition: Condition, holds: Bool) throws {
        let job: JSONValue = ["n": 3, "zero": 0, "empty": "", "s": "b", "o": ["x": true], "list": [0, 1]]
        #expect((try bind([], job: job, when: condition) != nil) == holds)
    }

    @Test func aConditionSeesTheReachAndSkipsBeforeItFails() throws {
        let language = Condition.compare(path: ["language"], .equal, "en")
        let job: JSONValue = ["language": "en", "text": "t"]
        #expect(try bind([], job: job, key: "text", when: language) == ["text": "t"])
        #expect(try bind([], job: ["language": "de"], key: "text", when: language) == nil)
        #expect(try bind([], job: job, literal: ["language": "fr"], when: language) == nil)
    }

    @Test func whatHasNoOrderIsAFailure() throws {
        let error = #expect(throws: Failure.self) {
            try bind([], job: ["a": [1]], when: .compare(path: ["a"], .less, 3))
        }
        #expect(error?.cause == .app)
        #expect(error?.message.contains("`a`") == true)
    }
}
