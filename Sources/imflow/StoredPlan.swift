import FoundationEssentials
import ImflowContent
import ImflowExecution
import ImflowJSON
import ImflowPlan

/// A plan on its way to and from the state folder.
enum StoredPlan {
    static func write(_ plan: Plan, to content: ContentStore) throws -> Payload {
        try content.payload(JSONValue.parse(Array(JSONEncoder().encode(plan))))
    }

    static func read(_ payload: Payload, from content: ContentStore) throws -> Plan {
        let value = try content.value(of: payload)
        let schema = value["schema"]?.stringValue ?? "nothing"
        guard schema == Plan.currentSchema else {
            throw CommandFailure(
                .usage, "the job was planned as \(schema), which this imflow (\(Plan.currentSchema)) cannot run")
        }
        do {
            return try JSONDecoder().decode(Plan.self, from: Data(value.canonicalBytes()))
        } catch {
            throw CommandFailure(.infrastructure, "the stored plan \(payload.hash) cannot be read: \(error)")
        }
    }
}
