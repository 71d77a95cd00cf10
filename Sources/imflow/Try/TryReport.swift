import FoundationEssentials
import ImflowContent
import ImflowExecution
import ImflowInvocation
import ImflowJSON
import ImflowPlan
import Synchronization

/// Tells a try on standard error while it goes on, and keeps what the JSON document says of it.
final class TryReport: Sendable {
    /// More of a request or a reply is shown only when all is asked for, in bytes.
    private static let shownLimit = 4000
    /// Of a log in the JSON document, the end.
    private static let logLimit = 256 * 1024
    /// Files that are named.
    private static let mostFiles = 50
    /// Calls after the first that get a line.
    private static let mostLines = 20

    private struct State {
        var calls: [TriedCall] = []
        var log: [UInt8] = []
        var result: JSONValue?
        /// In bytes, by reference or path.
        var files: [String: Int64] = [:]
        var hashes: Set<ContentHash> = []
        var place = ""
    }

    private let tried: TriedModel
    private let isFull: Bool
    private let environment: ModelEnvironment?
    private let state = Mutex(State())
    private var model: ModelPlan { tried.model }

    init(_ tried: TriedModel, isFull: Bool) {
        self.tried = tried
        self.isFull = isFull
        environment = try? ModelEnvironment(of: tried.model)
    }

    /// What is called, and where.
    func begin(where choice: ExecutorChoice) {
        let isContainer = choice == .docker || (choice == .auto && model.image != nil)
        let what = model.command.isEmpty ? "" : " \(model.command.joined(separator: " ")),"
        let place = isContainer ? "a container of \(model.image ?? "no image")" : "a process in \(model.folder)"
        state.withLock { $0.place = isContainer ? "docker" : "process" }
        let version = model.version.map { " " + $0 } ?? ""
        Console.note("model      \(model.name)\(version) (\(model.callProtocol.rawValue)):\(what) \(place)")
        for remark in tried.remarks { Console.note("           \(remark)") }
    }

    /// Whether the input may be given to it.
    func noteInput() { note(tried.verdict, of: "input", schema: "input_schema") }

    func beginCall(_ number: Int) {
        if number == 2 { Console.note("") }
        state.withLock { $0.calls.append(TriedCall(number: number, of: model)) }
    }

    /// Lets whoever looks on see it at once, as far as it is of the first call or says that something is wrong.
    func note(_ event: CallEvent) {
        let call = state.withLock { state -> TriedCall? in
            guard !state.calls.isEmpty else { return nil }
            state.calls[state.calls.count - 1].note(event)
            return state.calls.last
        }
        guard let call, call.number == 1 else { return }
        switch event {
        case .starting: Console.note("starting")
        case .started: break
        case .ready: if let load = call.load { Console.note("ready      after \(TriedCall.text(load))") }
        case .staged(let folder): for line in files(in: folder) { Console.note(line) }
        case .request where call.isAskedAgain: Console.note("request    again")
        case .request(let bytes): Console.note("request    " + shown(bytes))
        case .reply(let status, let body):
            Console.note("reply      \(status.map { "status \($0): " } ?? "")" + shown(body))
        case .ended(let exit): Console.note("ended      \(exit.sentence)")
        case .answered(let verdict): note(verdict, of: "output", schema: "output_schema")
        }
    }

    func log(_ line: ArraySlice<UInt8>) {
        let text = Quotation.printable(Array(line.last == 0x0A ? line.dropLast() : line), keepingLines: false)
        Console.note("log        │ \(text)")
        state.withLock { state in
            state.log += line
            if state.log.count > Self.logLimit { state.log.removeFirst(state.log.count - Self.logLimit) }
        }
    }

    func endCall(_ value: JSONValue, hash: ContentHash, files: [String: Int64]) {
        let call = state.withLock { state -> TriedCall? in
            guard !state.calls.isEmpty else { return nil }
            state.hashes.insert(hash)
            (state.result, state.files) = (value, files)
            return state.calls[state.calls.count - 1].succeed()
        }
        guard let call else { return }
        if call.number == 1 {
            Console.note("answered   in \(TriedCall.text(call.answer))")
        } else if call.number <= Self.mostLines {
            Console.note("call \(call.number)     answered in \(TriedCall.text(call.answer))")
        }
    }

    func failCall(_ failure: Failure) {
        let call = state.withLock { state -> TriedCall? in
            if state.calls.isEmpty { state.calls.append(TriedCall(number: 1, of: model)) }
            return state.calls[state.calls.count - 1].fail(failure)
        }
        if let call, call.number > 1 {
            for (status, body) in call.replies {
                Console.note("reply      \(status.map { "status \($0): " } ?? "")" + shown(body))
            }
        }
        Console.note("failed     (\(failure.cause.rawValue)) \(failure.message)")
    }

    /// The result on standard output, and what is to be known of it.
    func printResult() {
        let state = state.withLock { $0 }
        if let times = TryTimes(state.calls.filter { $0.failure == nil && $0.isOver }, isWarm: model.callProtocol != .exec) {
            Console.note(times.text)
        }
        if state.hashes.count > 1 { Console.note("note       the calls gave \(state.hashes.count) different results; the last is shown") }
        guard let result = state.result, state.calls.last?.failure == nil else { return }
        for (name, size) in state.files.sorted(by: { $0.key < $1.key }).prefix(Self.mostFiles) {
            Console.note("file       \(name) (\(size) bytes)")
        }
        if state.files.keys.contains(where: { ContentReference($0) != nil }) {
            Console.note("           its files are gone now: --keep DIR keeps them")
        }
        Console.print(result.stringValue ?? result.prettyText)
    }

    /// `imflow.try/v1`.
    var json: JSONValue {
        let state = state.withLock { $0 }
        let times = TryTimes(state.calls.filter { $0.failure == nil && $0.isOver }, isWarm: model.callProtocol != .exec)
        let failure = state.calls.last?.failure
        let status = failure.map { $0.cause == .cancelled ? "cancelled" : "failed" } ?? (tried.verdict.fits ? "succeeded" : "failed")
        return [
            "schema": "imflow.try/v1", "status": .string(status), "model": .string(model.name),
            "version": model.version.map(JSONValue.string) ?? .null, "protocol": .string(model.callProtocol.rawValue),
            "executor": .string(state.place), "image": model.image.map(JSONValue.string) ?? .null,
            "command": .array(model.command.map(JSONValue.string)), "folder": .string(model.folder),
            "input": tried.input, "input_verdict": Self.json(tried.verdict),
            "cause": failure.map { .string($0.cause.rawValue) } ?? .null,
            "message": failure.map { .string($0.message) } ?? .null,
            "calls": .array(state.calls.map { $0.json(redact: redacted, verdict: Self.json) }),
            "times": times?.json ?? .null, "log": .string(redacted(String(decoding: state.log, as: UTF8.self))),
            "result": state.result ?? .null,
            "files": .array(
                state.files.sorted { $0.key < $1.key }.map { ["name": .string($0.key), "bytes": .int($0.value)] }),
        ]
    }

    private static func json(_ verdict: SchemaVerdict) -> JSONValue {
        guard let violations = verdict.violations else { return ["verdict": "no schema", "violations": []] }
        return [
            "verdict": .string(violations.isEmpty ? "fits" : "breaks"),
            "violations": .array(
                violations.map {
                    [
                        "pointer": .string($0.pointer), "schema_pointer": .string($0.schemaPointer),
                        "message": .string($0.sentence),
                    ]
                }),
        ]
    }

    private func note(_ verdict: SchemaVerdict, of what: String, schema: String) {
        let title = what + String(repeating: " ", count: 11 - what.count)
        guard let violations = verdict.violations else { return Console.note("\(title)the manifest has no \(schema)") }
        guard !violations.isEmpty else { return Console.note("\(title)fits \(schema)") }
        Console.note("\(title)breaks \(schema):")
        for violation in violations {
            let place = violation.pointer.isEmpty ? "the whole" : violation.pointer
            let rule = violation.schemaPointer.isEmpty ? "" : " (\(violation.schemaPointer))"
            Console.note("           \(place): \(violation.sentence)\(rule)")
        }
    }

    private func files(in folder: String) -> [String] {
        let manager = FileManager.default
        let names = ((try? manager.subpathsOfDirectory(atPath: folder)) ?? []).sorted()
        let lines = names.prefix(Self.mostFiles).compactMap { name -> String? in
            let about = try? manager.attributesOfItem(atPath: folder + "/" + name)
            guard about?[.type] as? FileAttributeType == .typeRegular, let size = about?[.size] as? Int64 else { return nil }
            return "staged     \(name) (\(size) bytes)"
        }
        return names.count > Self.mostFiles ? lines + ["           and \(names.count - Self.mostFiles) more"] : lines
    }

    private func redacted(_ text: String) -> String { environment?.redact(text) ?? text }

    /// JSON is laid out; what is none is quoted so that it cannot move the cursor.
    private func shown(_ bytes: [UInt8]) -> String {
        if bytes.isEmpty { return "(nothing)" }
        let text: String
        if bytes.count <= Self.shownLimit * 16 || isFull, let value = try? JSONValue.parse(bytes) {
            text = value.prettyText
        } else {
            text = Quotation.printable(isFull ? bytes : Array(bytes.prefix(Self.shownLimit)), keepingLines: true)
        }
        let whole = redacted(text)
        let cut = isFull ? whole : String(decoding: whole.utf8.prefix(Self.shownLimit), as: UTF8.self)
        let left = max(bytes.count - Self.shownLimit, whole.utf8.count - cut.utf8.count)
        let more = !isFull && (left > 0) ? "\n… cut; --full shows all \(bytes.count) bytes" : ""
        return (cut + more).split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n           ")
    }
}
