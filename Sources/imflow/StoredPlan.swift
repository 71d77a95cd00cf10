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
        try decode(try content.value(of: payload), of: payload.hash.description)
    }

    /// The plan as it would be read back: members in canonical order, so that plans can be compared.
    static func normalized(_ plan: Plan) throws -> Plan {
        let value = try JSONValue.parse(Array(JSONEncoder().encode(plan)))
        return try decode(value, of: "just made")
    }

    private static func decode(_ value: JSONValue, of name: String) throws -> Plan {
        let schema = value["schema"]?.stringValue ?? "nothing"
        guard schema == Plan.currentSchema else {
            throw CommandFailure(
                .usage, "the job was planned as \(schema), which this imflow (\(Plan.currentSchema)) cannot run")
        }
        do {
            return try JSONDecoder().decode(Plan.self, from: Data(value.canonicalBytes()))
        } catch {
            throw CommandFailure(.infrastructure, "the stored plan \(name) cannot be read: \(error)")
        }
    }
}
