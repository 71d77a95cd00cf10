import Glibc
import ImflowJSON

/// What an engine remembers to have happened to one container. It keeps the last few hundred events of all its containers,
/// and forgets them when it is started again.
struct ContainerHistory: Sendable, Equatable {
    /// That commands to the engine sent, ours too, the first first; nil: the engine does not say which.
    private(set) var signals: [Int32?] = []
    /// How often a process in it was killed because memory ran out.
    private(set) var shortages = 0
    /// Whether the engine remembers its start.
    private(set) var hasStart = false

    /// - Parameter events: an answer of `GET /events`: a JSON object a line.
    init(_ events: [UInt8] = []) {
        for line in events.split(separator: UInt8(ascii: "\n")) {
            guard let event = try? JSONValue.parse(Array(line)), event["Type"]?.stringValue == "container" else { continue }
            switch event["Action"]?.stringValue {
            case "start": hasStart = true
            case "oom": shortages += 1
            case "kill": signals.append(event["Actor"]?["Attributes"]?["signal"]?.stringValue.flatMap { Int32($0) })
            default: break
            }
        }
    }

    /// Whether a signal was sent that can explain how the container ended.
    /// - Parameter signal: that it ended by; nil: it exited.
    func explains(_ signal: Int32?) -> Bool {
        signals.contains { sent in
            guard let sent else { return true }
            return sent == signal || [SIGINT, SIGQUIT, SIGKILL, SIGTERM].contains(sent)
        }
    }

    /// `SECONDS.NANOSECONDS` since 1970, as the engine wants moments, of one as it tells it (RFC 3339); nil: it is none.
    static func moment(_ text: String) -> String? {
        let numbers = text.prefix(19).split { !$0.isASCII || !$0.isNumber }.compactMap { Int32($0) }
        guard text.utf8.count >= 20, numbers.count == 6 else { return nil }
        var rest = text.dropFirst(19)
        var fraction = Substring("0")
        if rest.first == "." {
            fraction = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(fraction.count + 1)
        }
        guard let offset = Self.offset(rest), (1...9).contains(fraction.count) else { return nil }
        var time = tm()
        (time.tm_year, time.tm_mon, time.tm_mday) = (numbers[0] - 1900, numbers[1] - 1, numbers[2])
        (time.tm_hour, time.tm_min, time.tm_sec) = (numbers[3], numbers[4], numbers[5])
        return "\(timegm(&time) - offset).\(fraction)" + String(repeating: "0", count: 9 - fraction.count)
    }

    /// Seconds east of Greenwich, of `Z` or `+HH:MM`.
    private static func offset(_ text: Substring) -> Int? {
        if text == "Z" || text == "z" { return 0 }
        let parts = text.dropFirst().split(separator: ":").compactMap { Int($0) }
        guard let sign = text.first, sign == "+" || sign == "-", parts.count == 2, (0...24).contains(parts[0]),
            (0..<60).contains(parts[1])
        else { return nil }
        return (parts[0] * 60 + parts[1]) * 60 * (sign == "-" ? -1 : 1)
    }
}
