import Glibc
import ImflowEngine
import ImflowPlan
import Synchronization

/// What a running job shows on standard error: bars that move on a terminal, plain lines elsewhere.
final class Progress: Sendable {
    struct Stage {
        var name: String
        var status = "waiting"
        var shards: Int?
        var units: Int?
        var done = 0
        var failed = 0
        var running = 0
        var retried = 0
        var cached = 0
        /// Units of finished shards, and of running attempts by task.
        var unitsOfDone = 0
        var unitsOfRunning: [String: Int] = [:]
        var startedAt: ContinuousClock.Instant?
        /// When a plain line last told of it.
        var toldAt: ContinuousClock.Instant?
        /// Units that were done before this process drove the job: no measure of its speed.
        var unitsAtStart = 0

        var unitsDone: Int { unitsOfDone + unitsOfRunning.values.reduce(0, +) }
    }

    struct Board {
        var stages: [Stage]
        var linesShown = 0
        var redrawing: Task<Void, Never>?
    }

    private let indexes: [String: Int]
    private let board: Mutex<Board>
    private let isLive = Console.errorIsTerminal

    /// - Parameter machine: the job as it is before this process drives it.
    init(_ machine: JobMachine) {
        indexes = Dictionary(uniqueKeysWithValues: machine.plan.stages.enumerated().map { ($1.name, $0) })
        board = Mutex(
            Board(
                stages: machine.plan.stages.indices.map { index in
                    var stage = Stage(name: machine.plan.stages[index].name)
                    let done = machine.stages[index].shards.filter { machine.tasks[$0].status == .succeeded }
                    stage.unitsOfDone = done.reduce(0) { $0 + machine.unitCount(of: $1) }
                    return stage
                }))
    }

    var observer: Conductor.Observer {
        Conductor.Observer(
            committed: { [self] facts, machine in committed(facts, machine) },
            unitsDone: { [self] task, done in unitsDone(task, done) })
    }

    func start() {
        guard isLive else { return }
        let redrawing = Task { [self] in
            while !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(200))
                board.withLock { if $0.redrawing != nil { draw(&$0) } }
            }
        }
        board.withLock { $0.redrawing = redrawing }
    }

    /// Leaves the last state of the bars on the screen.
    func finish() {
        board.withLock { board in
            board.redrawing?.cancel()
            board.redrawing = nil
            if isLive { draw(&board) }
        }
    }

    /// A line above the bars.
    func note(_ text: String) {
        board.withLock { board in
            clear(&board)
            Console.note(text)
            if isLive { draw(&board) }
        }
    }

    private func unitsDone(_ task: String, _ done: Int) {
        guard let index = indexes[String(task.prefix { $0 != "~" })] else { return }
        board.withLock { $0.stages[index].unitsOfRunning[task] = done }
    }

    private func committed(_ facts: [Fact], _ machine: JobMachine) {
        board.withLock { board in
            var touched: Set<Int> = []
            for fact in facts { note(fact, machine, &board, &touched) }
            for index in touched { update(index, machine, &board) }
        }
    }

    private func note(_ fact: Fact, _ machine: JobMachine, _ board: inout Board, _ touched: inout Set<Int>) {
        func touch(_ task: Int) { if let stage = machine.tasks[task].stage { touched.insert(stage) } }
        func settle(_ task: Int, counting: Bool) {
            touch(task)
            guard let stage = machine.tasks[task].stage else { return }
            board.stages[stage].unitsOfRunning[machine.name(of: task)] = nil
            if counting, machine.tasks[task].isCall {
                board.stages[stage].unitsOfDone += machine.unitCount(of: task)
            }
        }
        switch fact {
        case .attemptStarted(let task, _, _, _): touch(task)
        case .attemptSucceeded(let task, _, _, _): settle(task, counting: true)
        case .splitExpanded(let task, _, _, _, _, _): settle(task, counting: false)
        case .attemptSkipped(let task, _, let reason, _):
            settle(task, counting: false)
            say("\(machine.name(of: task)): skipped: \(reason)", &board)
        case .attemptReleased(let task, _, _): settle(task, counting: false)
        case .attemptFailed(let task, let attempt, let failure, let retryAt, let evidence):
            settle(task, counting: false)
            let wait = retryAt.map { WallClock.span(max(0, $0 - evidence.finishedAt)) }
            let runsOn = machine.tasks[task].status == .running
            let next =
                runsOn ? "another attempt runs" : wait.map { "trying again in \($0)" } ?? "no attempt is left"
            say(
                "\(machine.name(of: task)): attempt \(attempt) failed (\(failure.cause.rawValue)): \(failure.message); \(next)",
                &board)
        case .queueTimedOut(let task, let failure, _):
            touch(task)
            say("\(machine.name(of: task)): failed (\(failure.cause.rawValue)): \(failure.message)", &board)
        case .resumed:
            touched.formUnion(machine.stages.indices)
        default: break
        }
    }

    private func update(_ index: Int, _ machine: JobMachine, _ board: inout Board) {
        let state = machine.stages[index]
        let now = ContinuousClock.now
        let before = board.stages[index]
        var stage = before
        stage.status = state.status.rawValue
        stage.shards = state.shardCount
        stage.units = state.unitCount
        let whole = machine.plan.stages[index].split == nil
        stage.done = whole ? (state.result == nil ? 0 : 1) : state.shardsSucceeded
        stage.failed = state.shardsFailed
        stage.running = state.callsRunning
        stage.retried = state.callsRetried
        stage.cached = state.callsCached
        if stage.startedAt == nil, stage.running > 0 {
            stage.startedAt = now
            stage.unitsAtStart = stage.unitsDone
        }
        let news = stage.status != before.status || stage.shards != before.shards
        let due = stage.toldAt.map { now - $0 > .seconds(5) } ?? true
        if !isLive, news || (due && stage.running > 0) {
            stage.toldAt = now
            Console.note(ProgressLine(stage).plain)
        }
        board.stages[index] = stage
    }

    private func say(_ text: String, _ board: inout Board) {
        clear(&board)
        Console.note(text)
    }

    private func clear(_ board: inout Board) {
        guard isLive, board.linesShown > 0 else { return }
        Console.write("\r\u{1B}[\(board.linesShown)A\u{1B}[J", to: STDERR_FILENO)
        board.linesShown = 0
    }

    private func draw(_ board: inout Board) {
        let limit = 20
        let active = board.stages.filter { $0.status != "waiting" }
        let shown = active.suffix(limit)
        var text = board.linesShown > 0 ? "\r\u{1B}[\(board.linesShown)A\u{1B}[J" : ""
        for stage in shown { text += ProgressLine(stage).bar(columns: Console.columns) + "\n" }
        board.linesShown = shown.count
        Console.write(text, to: STDERR_FILENO)
    }
}
