/// A job as one page of HTML that needs nothing beside itself: what became of it, its timeline, its stragglers, what
/// failed, and its graph.
package struct HTMLReport {
    /// Bars drawn at most: browsers grow slow beyond.
    package static let barLimit = 5_000
    private static let listLimit = 50
    private static let width = 1160

    private let trace: ExecutionTrace
    private let timeText: (Int64) -> String

    /// - Parameter timeText: writes milliseconds since 1970-01-01T00:00:00Z for people.
    package init(_ trace: ExecutionTrace, timeText: @escaping (Int64) -> String) {
        self.trace = trace
        self.timeText = timeText
    }

    package var html: String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
        <title>\(Markup.escaped(trace.job)): \(Markup.escaped(trace.status))</title><style>\(Self.style)</style></head><body>
        <h1>Job \(Markup.escaped(trace.job)) <span class="\(Markup.escaped(trace.status))">\(Markup.escaped(trace.status))</span></h1>
        \(facts)<h2>Timeline</h2>
        \(timeline)<h2>Stages</h2>
        \(stages)<h2>Stragglers</h2>
        \(stragglers)<h2>Failed attempts</h2>
        \(failures)<h2>Graph</h2>
        <div class="wide">\(GraphDrawing(trace).svg)</div></body></html>

        """
    }

    private static let style = """
        :root{color-scheme:light dark}body{font:14px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:1200px;padding:0 1rem}\
        h1 span{font-size:.6em;padding:.2em .6em;border-radius:.4em;background:#94a3b8;color:#fff;vertical-align:middle}\
        h1 .succeeded{background:#1f6f8b}h1 .failed{background:#c2410c}h1 .partial{background:#a16207}\
        table{border-collapse:collapse}td,th{padding:.2rem .8rem .2rem 0;text-align:left;vertical-align:top}\
        td.n,th.n{text-align:right}.wide{overflow:auto;max-height:80vh}code{font-size:.95em}
        """

    private var facts: String {
        let attempts = trace.tasks.reduce(0) { $0 + $1.attempts.count }
        let failed = trace.tasks.reduce(0) { $0 + $1.attempts.count { $0.status == "failed" } }
        let rows = [
            ("submitted", timeText(trace.submittedAt)), ("completed", trace.completedAt.map(timeText) ?? "not yet"),
            ("time", Self.seconds(trace.end - trace.start)), ("tasks", String(trace.tasks.count)),
            ("attempts", "\(attempts), of which \(failed) failed"),
            ("at once", String(Lanes(trace).count)),
        ]
        return table([], rows.map { [$0.0, Markup.escaped($0.1)] })
    }

    private var timeline: String {
        let lanes = Lanes(trace, limit: Self.barLimit)
        guard let first = lanes.bars.first else { return "<p>No attempt has ended.</p>\n" }
        let span = Double(max(1, trace.end - first.attempt.startedAt))
        let height = min(22, max(4, 480 / max(1, lanes.count)))
        var text = """
            <div class="wide"><svg xmlns="http://www.w3.org/2000/svg" width="\(Self.width)" \
            height="\(lanes.count * height + 20)" font-size="11" font-family="system-ui,sans-serif">

            """
        for bar in lanes.bars {
            let x = Double(bar.attempt.startedAt - first.attempt.startedAt) / span * Double(Self.width - 2)
            let length = max(1, Double(bar.attempt.milliseconds) / span * Double(Self.width - 2))
            let task = trace.tasks[bar.task]
            let tip =
                "\(task.id), attempt \(bar.attempt.number): \(bar.attempt.status), \(Self.seconds(bar.attempt.milliseconds))"
                + (bar.attempt.startMilliseconds.map { ", \(Self.seconds($0)) of it to start" } ?? "")
                + (bar.attempt.cause.map { " (\($0))" } ?? "")
            text += """
                <rect x="\(Self.rounded(x))" y="\(bar.lane * height)" width="\(Self.rounded(length))" \
                height="\(max(1, height - 1))" fill="\(Markup.colour(of: bar.attempt.status))">\
                <title>\(Markup.escaped(tip))</title></rect>

                """
        }
        text += "<text x=\"0\" y=\"\(lanes.count * height + 14)\" fill=\"currentColor\">0 s</text>"
        text += "<text x=\"\(Self.width - 4)\" y=\"\(lanes.count * height + 14)\" text-anchor=\"end\" fill=\"currentColor\">"
        text += "\(Self.seconds(Int64(span)))</text></svg></div>\n"
        let all = trace.tasks.reduce(0) { $0 + $1.attempts.count }
        return all > lanes.bars.count ? text + "<p>The first \(lanes.bars.count) of \(all) attempts are drawn.</p>\n" : text
    }

    private var stages: String {
        var order: [String] = []
        var calls: [String: [ExecutionTrace.Task]] = [:]
        for task in trace.tasks where task.isCall {
            guard let stage = task.stage else { continue }
            if calls[stage] == nil { order.append(stage) }
            calls[stage, default: []].append(task)
        }
        let rows = order.map { stage -> [String] in
            let tasks = calls[stage] ?? []
            let times = tasks.compactMap { $0.attempts.last { $0.status == "succeeded" }?.milliseconds }.sorted()
            func quantile(_ share: Double) -> String {
                times.isEmpty ? "-" : Self.seconds(times[min(times.count - 1, Int(share * Double(times.count)))])
            }
            return [
                Markup.escaped(stage), Markup.escaped(tasks.first?.model ?? "-"), String(tasks.count),
                String(tasks.count { $0.status == "succeeded" }), String(tasks.count { $0.status == "failed" }),
                quantile(0.5), quantile(0.95), times.last.map(Self.seconds) ?? "-",
            ]
        }
        return table(["stage", "model", "shards", "succeeded", "failed", "p50", "p95", "slowest"], rows)
    }

    private var stragglers: String {
        let all = Straggler.all(in: trace)
        guard !all.isEmpty else {
            return "<p>No shard took more than \(Self.rounded(Straggler.factor)) times the median of its stage.</p>\n"
        }
        let rows = all.prefix(Self.listLimit).map {
            [
                Markup.escaped($0.task), Self.seconds($0.milliseconds), Self.seconds($0.median),
                Self.rounded($0.ratio) + " ×",
            ]
        }
        return table(["task", "took", "median of its stage", "ratio"], Array(rows)) + rest(all.count)
    }

    private var failures: String {
        let all = trace.tasks.flatMap { task in task.attempts.filter { $0.status == "failed" }.map { (task.id, $0) } }
        guard !all.isEmpty else { return "<p>None.</p>\n" }
        let rows = all.prefix(Self.listLimit).map { task, attempt in
            [
                Markup.escaped(task), String(attempt.number), Markup.escaped(attempt.cause ?? "-"),
                Self.seconds(attempt.milliseconds), Markup.escaped(String((attempt.message ?? "").prefix(500))),
            ]
        }
        return table(["task", "attempt", "cause", "took", "message"], Array(rows)) + rest(all.count)
    }

    private func rest(_ count: Int) -> String {
        count > Self.listLimit ? "<p>… and \(count - Self.listLimit) more.</p>\n" : ""
    }

    private func table(_ head: [String], _ rows: [[String]]) -> String {
        let top = head.isEmpty ? "" : "<tr>" + head.map { "<th>\($0)</th>" }.joined() + "</tr>\n"
        return "<table>\n" + top + rows.map { "<tr>" + $0.map { "<td>\($0)</td>" }.joined() + "</tr>\n" }.joined()
            + "</table>\n"
    }

    private static func seconds(_ milliseconds: Int64) -> String {
        milliseconds < 1000 ? "\(milliseconds) ms" : rounded(Double(milliseconds) / 1000) + " s"
    }

    private static func rounded(_ number: Double) -> String {
        let tenths = (number * 10).rounded() / 10
        return tenths == tenths.rounded() && abs(tenths) < 1e15 ? String(Int64(tenths)) : String(tenths)
    }
}
