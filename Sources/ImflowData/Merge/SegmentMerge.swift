internal import ImflowExecution
internal import ImflowJSON

/// `segments`: what models hear in windows of a recording, with times in seconds as speech recognizers give them, moved
/// into the recording's time. A unit answers a list of objects with `start` and `end`, or an object with such a list as its
/// `segments`; the merged result has the same form. No units: `[]`.
///
/// Of two neighbouring windows each counts up to the middle of what they share: a segment whose own middle lies beyond is
/// left to the other. Beside a hole nothing is left out. Objects inside of segments that have times, such as words, are
/// moved with them; an `id` that counts the segments counts them anew.
///
/// Of objects, `text` becomes the kept segments' texts, and other members stay where all units agree.
enum SegmentMerge {
    private struct Window {
        var item: UnitResult
        var start: Double
        var end: Double
    }

    static func merge(_ results: [UnitResult]) throws(Failure) -> JSONValue {
        var windows: [Window] = []
        for item in results {
            let geometry = item.unit.geometry
            guard let start = geometry["start"]?.doubleValue, let end = geometry["end"]?.doubleValue,
                geometry["sample_rate"] != nil
            else {
                throw Failure(.app, "\(item.name) is no window of a recording: use `split_mode: audio` with this merge")
            }
            windows.append(Window(item: item, start: start, end: end))
        }
        let isBare = results.first?.result.objectValue == nil
        var segments: [JSONValue] = []
        for (index, window) in windows.enumerated() {
            let before = index > 0 ? middle(windows[index - 1], window) : nil
            let after = index + 1 < windows.count ? middle(window, windows[index + 1]) : nil
            for (place, segment) in try list(window.item, isBare: isBare).enumerated() {
                guard let start = segment["start"]?.doubleValue, let end = segment["end"]?.doubleValue else {
                    throw Failure(.app, "segment \(place) of \(window.item.name) has no numbers `start` and `end`, in seconds")
                }
                let center = window.start + (start + end) / 2
                guard center >= before ?? -.infinity, center < after ?? .infinity else { continue }
                segments.append(moved(segment, by: window.start))
            }
        }
        renumber(&segments)
        return isBare ? .array(segments) : .object(answer(results, segments))
    }

    /// Of what two windows share; nil when they are no neighbours.
    private static func middle(_ left: Window, _ right: Window) -> Double? {
        left.item.unit.index + 1 == right.item.unit.index ? (right.start + left.end) / 2 : nil
    }

    private static func list(_ item: UnitResult, isBare: Bool) throws(Failure) -> [JSONValue] {
        let list = isBare ? item.result : item.result["segments"] ?? .null
        guard let segments = list.arrayValue else {
            throw Failure(
                .app, "`segments` needs a list of segments of each unit, or an object with the list `segments`, alike for all;"
                    + " \(item.name) answered \(item.result.kindName)")
        }
        return segments
    }

    /// A segment's times, and those of what it holds.
    private static func moved(_ value: JSONValue, by time: Double) -> JSONValue {
        switch value {
        case .array(let items): return .array(items.map { moved($0, by: time) })
        case .object(var members):
            for (key, member) in members {
                if key == "start" || key == "end", let own = member.doubleValue {
                    members[key] = .number(rounded(own + time))
                } else {
                    members[key] = moved(member, by: time)
                }
            }
            return .object(members)
        default: return value
        }
    }

    /// To microseconds: sums of binary fractions would show the error of their last digit.
    private static func rounded(_ seconds: Double) -> Double { (seconds * 1_000_000).rounded() / 1_000_000 }

    private static func renumber(_ segments: inout [JSONValue]) {
        guard segments.allSatisfy({ $0["id"]?.intValue != nil }) else { return }
        for index in segments.indices {
            guard var members = segments[index].objectValue else { continue }
            members["id"] = .int(Int64(index))
            segments[index] = .object(members)
        }
    }

    private static func answer(_ results: [UnitResult], _ segments: [JSONValue]) -> JSONObject {
        var answer = results.first?.result.objectValue ?? [:]
        for item in results.dropFirst() { answer = answer.filter { item.result[$0.key] == $0.value } }
        answer["segments"] = .array(segments)
        answer["text"] = nil
        let texts = segments.compactMap { $0["text"]?.stringValue }
        if texts.count == segments.count, results.allSatisfy({ $0.result["text"] != nil }) {
            answer["text"] = .string(texts.map(trimmed).filter { !$0.isEmpty }.joined(separator: " "))
        }
        return answer
    }

    private static func trimmed(_ text: String) -> Substring {
        let isSpace = { (character: Character) in character.isWhitespace }
        guard let last = text.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return text[...last].drop(while: isSpace)
    }
}
