internal import ImflowContent
internal import ImflowExecution
internal import ImflowJSON

/// `mean`, `sum`, `max`, `min`: element by element over numbers, lists of one length and objects of the same members,
/// at any depth. No units: `sum` is 0, the others null.
///
/// Sums are exact and rounded once, at the end, so that they do not depend on an order: a sum that is an integer of 64 bits is
/// written with all its digits, any other as the nearest double; a mean is the double nearest to the exact one. The
/// largest and the smallest are found by value. A run holds one result's numbers, however many units it has.
struct NumberMerge: MergeFold, Sendable {
    enum Operation: String { case mean, sum, max, min }

    private enum Column {
        case sums(SumColumn)
        case extremes([JSONNumber])
    }

    let operation: Operation
    private var shape: NumberShape?
    private var column = Column.extremes([])
    private var count = 0
    private(set) var firstUnit = 0

    init(_ operation: Operation) { self.operation = operation }

    mutating func add(_ text: UnsafeRawBufferPointer, of unit: Int) throws(Failure) {
        guard let shape else { return try begin(text, unit) }
        var index = 0
        var column = column
        self.column = .extremes([])
        do throws(NumberShape.Mismatch) {
            switch column {
            case .sums(var sums):
                column = .extremes([])
                try shape.match(text) { number in
                    sums.add(number, at: index)
                    index += 1
                }
                self.column = .sums(sums)
            case .extremes(var numbers):
                column = .extremes([])
                try shape.match(text) { number in
                    if isBetter(number, numbers[index]) { numbers[index] = number }
                    index += 1
                }
                self.column = .extremes(numbers)
            }
        } catch {
            throw mismatch(shape, try UnitValue.parse(text, of: unit), unit)
        }
        count += 1
    }

    private mutating func begin(_ text: UnsafeRawBufferPointer, _ unit: Int) throws(Failure) {
        var numbers: [JSONNumber] = []
        do throws(NumberShape.Mismatch) {
            shape = try NumberShape(of: text) { numbers.append($0) }
        } catch {
            throw notNumbers(try UnitValue.parse(text, of: unit), unit, [])
        }
        (count, firstUnit) = (1, unit)
        switch operation {
        case .max, .min: column = .extremes(numbers)
        case .sum, .mean:
            var sums = SumColumn(count: numbers.count)
            for (index, number) in numbers.enumerated() { sums.add(number, at: index) }
            column = .sums(sums)
        }
    }

    private func isBetter(_ new: JSONNumber, _ old: JSONNumber) -> Bool {
        operation == .max ? JSONNumber.isLess(old, new) : JSONNumber.isLess(new, old)
    }

    mutating func combine(_ next: NumberMerge) throws(Failure) {
        guard let other = next.shape else { return }
        guard let shape else { return self = next }
        guard shape == other else { throw mismatch(shape, other.zero ?? .null, next.firstUnit) }
        switch (column, next.column) {
        case (.sums(var sums), .sums(let more)):
            column = .extremes([])
            sums.add(more)
            column = .sums(sums)
        case (.extremes(let numbers), .extremes(let more)):
            column = .extremes(zip(numbers, more).map { isBetter($1, $0) ? $1 : $0 })
        default: break
        }
        count += next.count
    }

    mutating func finish(in content: ContentStore) throws(Failure) -> Payload {
        let writer = ContentWriter(content: content)
        guard let shape else {
            try writer.put(operation == .sum ? "0" : "null")
            return try writer.payload()
        }
        var index = 0
        try shape.fill({ () throws(Failure) in
            defer { index += 1 }
            return try result(at: index, shape)
        }) { piece throws(Failure) in try writer.put(piece) }
        return try writer.payload()
    }

    private func result(at index: Int, _ shape: NumberShape) throws(Failure) -> JSONNumber {
        switch column {
        case .extremes(let numbers): return numbers[index]
        case .sums(let sums):
            if let result = operation == .sum ? sums.sum(at: index) : sums.mean(at: index, of: count) { return result }
            let place = shape.zero.flatMap { Self.place(of: index, in: $0) } ?? []
            throw Failure(
                .app, "\(operation.rawValue): the numbers\(Self.text(place)) add up to more than a number holds")
        }
    }
}
