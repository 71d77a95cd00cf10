import Glibc
import ImflowSimulation

/// `imflow-simulate SEED`, `--seeds N [--from SEED]`, `--seconds S [--from SEED]`, `--trace`, `--first` (end at the
/// first broken promise), `--enumerate`. Prints the seeds that break
/// a promise, with their traces; exits 1 when there is any.
@main
struct Main {
    private static let usage = """
        usage: imflow-simulate SEED | --seeds N [--from SEED] | --seconds S [--from SEED]   [--trace] [--first] | --enumerate
        """

    static func main() {
        guard let settings = Settings(Array(CommandLine.arguments.dropFirst())) else {
            print(usage)
            exit(2)
        }
        exit((settings.enumerates ? enumerate() : run(settings)) ? 0 : 1)
    }

    /// The digest over all worlds is printed, too, so that two processes can be compared.
    private static func run(_ settings: Settings) -> Bool {
        let start = seconds()
        var (worlds, steps, failures) = (0, 0, 0)
        var digest = Trace(.digest)
        var seed = settings.first
        while settings.count.map({ worlds < $0 }) ?? (seconds() - start < settings.seconds), failures < settings.failureLimit {
            let verdict = Simulation(seed: seed, keepsTrace: settings.showsTrace).run()
            worlds += 1
            steps += verdict.steps
            digest.note("\(seed) \(verdict.trace.digest)")
            if settings.showsTrace, verdict.violation == nil { show(verdict.trace) }
            if let violation = verdict.violation {
                failures += 1
                show(Simulation(seed: seed, keepsTrace: true).run().trace)
                print("simulate: seed \(seed) breaks a promise: \(violation)")
                print("simulate: to see it again: Tools/simulate \(seed) --trace")
                fflush(nil)
            }
            seed &+= 1
        }
        let time = Double(Int((seconds() - start) * 10)) / 10
        print("simulate: \(worlds) worlds from seed \(settings.first), \(steps) steps, \(time) s, \(failures) broken")
        print("simulate: trace hash \(String(digest.digest, radix: 16))")
        return failures == 0
    }

    /// Every graph of up to four tasks with every single failure.
    private static func enumerate() -> Bool {
        var isFine = true
        for size in 1...4 {
            var enumeration = Enumeration(size: size)
            enumeration.run()
            let kinds = enumeration.cases.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
            print("simulate: \(enumeration.total) cases with \(size) tasks: \(kinds.joined(separator: ", "))")
            for violation in enumeration.violations.prefix(5) { print("simulate: \(violation)") }
            isFine = isFine && enumeration.violations.isEmpty
        }
        return isFine
    }

    private static func show(_ trace: Trace) { for line in trace.lines { print(line) } }

    private static func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// What the command line asks for.
struct Settings {
    var first: UInt64 = 1
    /// Nil: as many as the time lets.
    var count: Int? = 1
    var seconds = 0.0
    var showsTrace = false
    var enumerates = false
    /// Ends when so many worlds have broken a promise.
    var failureLimit = 5

    /// Nil when the words cannot be understood.
    init?(_ words: [String]) {
        var words = words[...]
        var isAsked = false
        while let word = words.popFirst() {
            switch word {
            case "--trace": showsTrace = true
            case "--first": failureLimit = 1
            case "--enumerate": enumerates = true
            case "--seeds":
                guard let number = words.popFirst().flatMap({ Int($0) }), number > 0 else { return nil }
                (count, isAsked) = (number, true)
            case "--seconds":
                guard let number = words.popFirst().flatMap({ Double($0) }), number > 0 else { return nil }
                (count, seconds, isAsked) = (nil, number, true)
            case "--from":
                guard let number = words.popFirst().flatMap({ UInt64($0) }) else { return nil }
                first = number
            default:
                guard let number = UInt64(word) else { return nil }
                (first, isAsked) = (number, true)
            }
        }
        if !isAsked, !enumerates { return nil }
    }
}
