/// A job's graph as SVG: tasks in layers from left to right, each after everything it waited for. Graphs of many tasks are
/// drawn by stage.
package struct GraphDrawing {
    /// More tasks than this are drawn by stage.
    package static let taskLimit = 300
    private static let box = (width: 190, height: 34, gapX: 60, gapY: 14)

    private struct Box {
        var title: String
        var note: String
        var status: String
        var layer = 0
        var row = 0
    }

    private var boxes: [Box] = []
    private var edges: [(from: Int, to: Int)] = []
    private var layers: [[Int]] = []

    package init(_ trace: ExecutionTrace) {
        if trace.tasks.count <= Self.taskLimit {
            boxes = trace.tasks.map { Box(title: $0.id, note: Self.note($0), status: $0.status) }
            edges = trace.edges
        } else {
            gather(trace)
        }
        layOut()
    }

    private static func note(_ task: ExecutionTrace.Task) -> String {
        let tries = task.attempts.count > 1 ? ", \(task.attempts.count) attempts" : ""
        return "\(task.status)\(task.attempts.last.map { ", \($0.milliseconds) ms" } ?? "")\(tries)"
    }

    private mutating func gather(_ trace: ExecutionTrace) {
        var numbers: [String: Int] = [:]
        var counts: [[String: Int]] = []
        let owners = trace.tasks.map { task -> Int in
            let name = task.stage ?? task.id
            if let number = numbers[name] { return number }
            numbers[name] = boxes.count
            boxes.append(Box(title: name, note: "", status: "succeeded"))
            counts.append([:])
            return boxes.count - 1
        }
        for (task, owner) in zip(trace.tasks, owners) { counts[owner][task.status, default: 0] += 1 }
        let worst = ["succeeded", "skipped", "waiting", "ready", "running", "cancelled", "failed"]
        for index in boxes.indices {
            boxes[index].status = counts[index].keys.max { (worst.firstIndex(of: $0) ?? 0) < (worst.firstIndex(of: $1) ?? 0) } ?? ""
            boxes[index].note = counts[index].sorted { $0.key < $1.key }.map { "\($1) \($0)" }.joined(separator: ", ")
        }
        var seen: Set<Int> = []
        for edge in trace.edges {
            let (from, to) = (owners[edge.from], owners[edge.to])
            if from != to, seen.insert(from * boxes.count + to).inserted { edges.append((from, to)) }
        }
    }

    /// The layer of a box is its longest way from a root; within a layer a box stands near the mean row of what it waited
    /// for (Sugiyama, Tagawa, Toda 1981: one sweep of their barycentre method).
    private mutating func layOut() {
        var parents = Array(repeating: [Int](), count: boxes.count)
        var children = parents
        for edge in edges {
            parents[edge.to].append(edge.from)
            children[edge.from].append(edge.to)
        }
        var open = parents.map(\.count)
        var next = boxes.indices.filter { open[$0] == 0 }
        while let box = next.popLast() {
            for child in children[box] {
                boxes[child].layer = max(boxes[child].layer, boxes[box].layer + 1)
                open[child] -= 1
                if open[child] == 0 { next.append(child) }
            }
        }
        layers = Array(repeating: [], count: (boxes.map(\.layer).max() ?? -1) + 1)
        for index in boxes.indices { layers[boxes[index].layer].append(index) }
        for layer in layers.indices {
            let rows = layers[layer].map { box -> (Double, Int) in
                let above = parents[box].map { Double(boxes[$0].row) }
                return (above.isEmpty ? Double(box) : above.reduce(0, +) / Double(above.count), box)
            }.sorted { $0 < $1 }
            layers[layer] = rows.map(\.1)
            for (row, box) in layers[layer].enumerated() { boxes[box].row = row }
        }
    }

    package var svg: String {
        let width = max(1, layers.count) * (Self.box.width + Self.box.gapX)
        let height = (layers.map(\.count).max() ?? 1) * (Self.box.height + Self.box.gapY) + Self.box.gapY
        var text = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" height="\(height)" \
            font-family="system-ui, sans-serif" font-size="11">

            """
        for edge in edges {
            let (from, to) = (corner(edge.from), corner(edge.to))
            let (x1, y1) = (from.x + Self.box.width, from.y + Self.box.height / 2)
            let (x2, y2) = (to.x, to.y + Self.box.height / 2)
            let bend = (x1 + x2) / 2
            text += "<path d=\"M\(x1) \(y1) C\(bend) \(y1) \(bend) \(y2) \(x2) \(y2)\" fill=\"none\" stroke=\"#8a8f98\"/>\n"
        }
        for (index, box) in boxes.enumerated() {
            let place = corner(index)
            let title = box.title.count > 28 ? box.title.prefix(27) + "…" : box.title[...]
            text += """
                <g><title>\(Markup.escaped("\(box.title): \(box.note)"))</title>\
                <rect x="\(place.x)" y="\(place.y)" width="\(Self.box.width)" height="\(Self.box.height)" rx="5" \
                fill="\(Markup.colour(of: box.status))"/>\
                <text x="\(place.x + 8)" y="\(place.y + 14)" fill="#fff">\(Markup.escaped(String(title)))</text>\
                <text x="\(place.x + 8)" y="\(place.y + 27)" fill="#fff" opacity="0.85">\(Markup.escaped(box.note))</text></g>

                """
        }
        return text + "</svg>\n"
    }

    private func corner(_ box: Int) -> (x: Int, y: Int) {
        (
            boxes[box].layer * (Self.box.width + Self.box.gapX) + Self.box.gapX / 2,
            boxes[box].row * (Self.box.height + Self.box.gapY) + Self.box.gapY
        )
    }
}

/// What stands in SVG and HTML.
enum Markup {
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\t", "\n", "\r": result += " "
            // XML has no place for other control characters.
            case _ where character.value < 0x20 || character.value == 0x7F: result += "\u{FFFD}"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }

    /// Tells failed from succeeded to people who see no red and green, too.
    static func colour(of status: String) -> String {
        switch status {
        case "succeeded": "#1f6f8b"
        case "failed": "#c2410c"
        case "running": "#6d5bd0"
        case "skipped", "cancelled": "#6b7280"
        default: "#94a3b8"
        }
    }
}
