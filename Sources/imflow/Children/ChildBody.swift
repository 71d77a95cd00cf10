import ImflowContent
import ImflowExecution
import ImflowInvocation
import ImflowJSON
import ImflowJobAPI
import ImflowPlan

/// A job as a model submits it: its bytes, with the files that it hands over stored and named by their content.
struct ChildBody: Sendable {
    /// For the compiler.
    let bytes: [UInt8]
    /// The same for the same job, whatever folder its files lay in.
    let hash: String

    /// - Throws: 400 for what is no JSON object, 422 for a file that may not be handed over.
    init(_ bytes: [UInt8], of call: APICall, staging: any InputStaging) async throws(APIResponse) {
        let value: JSONValue
        do throws(JSONError) { value = try JSONValue.parse(bytes) } catch {
            throw .problem(400, "the body is no JSON: \(error)")
        }
        guard case .object = value else {
            throw .problem(400, "the body is \(value.kindName): a job is an object, as in job.json")
        }
        let stored: JSONValue
        do {
            stored = try await staging.collect(value, from: call.files.path, guestFolder: call.files.guest, ended: false)
        } catch let failure as Failure {
            let message = failure.message.hasPrefix("the result") ? "the job" + failure.message.dropFirst(10) : failure.message
            throw .problem(failure.cause == .app ? 422 : 500, message)
        } catch { throw .problem(500, "\(error)") }
        self.bytes = stored == value ? bytes : Array(stored.text.utf8)
        hash = ContentHash(canonical: stored).hex
    }

    /// Files of this machine are reached by the work folder alone, as in a result.
    static func check(_ plan: Plan) throws(APIResponse) {
        for value in [plan.input] + plan.stages.map(\.literal) {
            guard let url = fileURL(in: value) else { continue }
            throw .problem(
                422, "the job names the file `\(url)`: a model hands over files of its work folder, as file:// URLs")
        }
    }

    private static func fileURL(in value: JSONValue) -> String? {
        switch value {
        case .string(let text): text.utf8.prefix(7).map { $0 | 0x20 }.elementsEqual("file://".utf8.map { $0 | 0x20 }) ? text : nil
        case .array(let items): items.lazy.compactMap(fileURL).first
        case .object(let members): members.values.lazy.compactMap(fileURL).first
        default: nil
        }
    }
}
