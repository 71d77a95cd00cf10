import ImflowDiagnostics
import ImflowJSON
import ImflowPlan

/// A value of the type that its key takes.
enum FieldValue: Sendable {
    case text(String)
    case integer(Int)
    case number(Double)
    case boolean(Bool)
    case duration(TimeSpan)
    case bytes(ByteCount)
    case command(Command)
    case pair(Int, Int)
    case fill(MergePlan.Fill)
    case reference(ModelReference)
    case condition(Condition)
    case json(JSONValue)
    case texts([Located<String>])
    case map([(key: String, value: Located<String>)])
    case fields(Fields)
    case list([Fields])
}

/// The members of a mapping that are what their keys take; all else was reported and is absent.
struct Fields: Sendable {
    /// The place of the mapping.
    let span: Span
    /// In the order of the file. A few dozen at most, which are searched faster than hashed.
    private var names: [String] = []
    /// By position in ``names``.
    private var values: [Located<FieldValue>] = []
    /// The places inside values of ``KeyType/members`` and ``KeyType/schema``, by key.
    private(set) var places: [String: ValuePlaces] = [:]

    /// Whether reading stopped inside the mapping, so that it may have keys that nobody has seen.
    private let isCut: Bool

    /// - Parameter count: how many members the mapping has.
    init(span: Span, count: Int = 0, isCut: Bool = false) {
        self.span = span
        self.isCut = isCut
        names.reserveCapacity(Swift.min(count, 64))
        values.reserveCapacity(Swift.min(count, 64))
    }

    /// Keys whose value was reported.
    private(set) var broken: Set<String> = []

    func hasValue(_ key: String) -> Bool { names.contains(key) }

    /// The keys that have a value, and where they stand.
    var keys: KeyPlaces { KeyPlaces(zip(names, values).map { ($0, $1.keySpan) }) }

    /// Remembers that `key` was there, with a value that was reported.
    mutating func markRead(_ key: String) { broken.insert(key) }
    /// Whether `key` was there with a value that was reported, or may stand where reading did not come.
    func wasRead(_ key: String) -> Bool { broken.contains(key) || (isCut && !hasValue(key)) }
    /// `key` has no value yet.
    mutating func set(_ key: String, _ value: Located<FieldValue>) {
        names.append(key)
        values.append(value)
    }
    mutating func setPlaces(_ key: String, _ places: ValuePlaces) { self.places[key] = places }

    private func located<T: Sendable>(_ key: String, _ unwrap: (FieldValue) -> T?) -> Located<T>? {
        guard let index = names.firstIndex(of: key), let value = unwrap(values[index].value) else { return nil }
        return values[index].map { _ in value }
    }

    func text(_ key: String) -> Located<String>? {
        located(key) { if case .text(let value) = $0 { value } else { nil } }
    }
    func integer(_ key: String) -> Located<Int>? {
        located(key) { if case .integer(let value) = $0 { value } else { nil } }
    }
    func number(_ key: String) -> Located<Double>? {
        located(key) { if case .number(let value) = $0 { value } else { nil } }
    }
    func boolean(_ key: String) -> Located<Bool>? {
        located(key) { if case .boolean(let value) = $0 { value } else { nil } }
    }
    func json(_ key: String) -> Located<JSONValue>? {
        located(key) { if case .json(let value) = $0 { value } else { nil } }
    }
    func fields(_ key: String) -> Located<Fields>? {
        located(key) { if case .fields(let value) = $0 { value } else { nil } }
    }
    func list(_ key: String) -> Located<[Fields]>? {
        located(key) { if case .list(let value) = $0 { value } else { nil } }
    }
    func duration(_ key: String) -> Located<TimeSpan>? {
        located(key) { if case .duration(let value) = $0 { value } else { nil } }
    }
    func bytes(_ key: String) -> Located<ByteCount>? {
        located(key) { if case .bytes(let value) = $0 { value } else { nil } }
    }
    func command(_ key: String) -> Located<Command>? {
        located(key) { if case .command(let value) = $0 { value } else { nil } }
    }
    func reference(_ key: String) -> Located<ModelReference>? {
        located(key) { if case .reference(let value) = $0 { value } else { nil } }
    }
    func condition(_ key: String) -> Located<Condition>? {
        located(key) { if case .condition(let value) = $0 { value } else { nil } }
    }
    func texts(_ key: String) -> Located<[Located<String>]>? {
        located(key) { if case .texts(let value) = $0 { value } else { nil } }
    }
    func pair(_ key: String) -> Located<Pair>? {
        located(key) { if case .pair(let x, let y) = $0 { Pair(x: x, y: y) } else { nil } }
    }
    func fill(_ key: String) -> Located<MergePlan.Fill>? {
        located(key) { if case .fill(let value) = $0 { value } else { nil } }
    }
    func map(_ key: String) -> Located<[(key: String, value: Located<String>)]>? {
        located(key) { if case .map(let value) = $0 { value } else { nil } }
    }
    /// A choice; the reader has refused every other text.
    func choice<T: RawRepresentable & Sendable>(_ key: String, _ type: T.Type) -> Located<T>?
    where T.RawValue == String {
        located(key) { if case .text(let value) = $0 { T(rawValue: value) } else { nil } }
    }
    func choices<T: RawRepresentable & Sendable>(
        _ key: String, _ type: T.Type
    ) -> Located<[T]>? where T.RawValue == String {
        located(key) { if case .texts(let values) = $0 { values.compactMap { T(rawValue: $0.value) } } else { nil } }
    }
}

/// A size along both axes, in px.
package struct Pair: Sendable, Equatable {
    package var x: Int
    package var y: Int

    package init(x: Int, y: Int) {
        self.x = x
        self.y = y
    }
}
