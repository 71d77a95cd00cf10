internal import ImflowExecution
internal import ImflowJSON

/// `candidates`: so many calls with the same input, and `seed`, `seed + 1`, … as the member and the geometry's `seed`.
enum CandidatesSplit {
    /// Needs a count of at least 0, and `seed + count` to fit 64 bits.
    static func units(count: Int, seed: Int) -> [Unit] {
        (0..<count).map { index in
            let seed = JSONValue.int(Int64(seed + index))
            return Unit(geometry: ["index": .int(Int64(index)), "seed": seed], set: ["seed": seed])
        }
    }
}
