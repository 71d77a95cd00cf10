import ImflowEngine
import ImflowExecution

extension World {
    /// One step of one engine: between any two of them it can die.
    func advance(_ place: Int) throws(Violation) {
        try count()
        switch engines[place].phase {
        case .starting: try takeLease(place)
        case .leased: recover(place)
        case .turned(let turn): try commit(turn, place)
        case .handing(let effects, let done): try handOut(effects, done, place)
        case .idle:
            let token = drawToken
            if let turn = engines[place].turn(now: now, token: token) { engines[place].phase = .turned(turn) }
        case .resting: rest(place)
        case .gone: break
        }
    }

    private func takeLease(_ place: Int) throws(Violation) {
        let engine = engines[place]
        let id = jobs[engine.job].id
        if let holder = store.lease(of: id),
            holder.keepsOut(engine.holder, boot: "boot \(boot)", startTicks: startTicks)
        {
            note("engine \(place) leaves \(id) to pid \(holder.pid)")
            engines[place].phase = .gone
            return
        }
        if let other = driver(of: engine.job) {
            throw Violation("\(id): engines \(other) and \(place) both drive it")
        }
        store.setLease(engine.holder, of: id)
        note("engine \(place) drives \(id)")
        engines[place].phase = .leased
    }

    /// As `imflow resume` does: fold, see what is lost, end what is not wanted, go on.
    private func recover(_ place: Int) {
        let engine = engines[place]
        let id = jobs[engine.job].id
        var machine = JobMachine(job: id, plan: jobs[engine.job].plan)
        for fact in store.facts(of: id) { machine.apply(fact) }
        var opening: [Fact] = []
        if !engine.isSubmitter || machine.status != .running || !machine.tasks.allSatisfy({ $0.attempts == 0 }) {
            let lost = LostOutputs(machine, isIntact: executor.isIntact)
            if machine.status == .succeeded, lost.tasks.isEmpty {
                note("engine \(place) finds \(id) done")
                return rest(place)
            }
            opening = (lost.tasks.isEmpty ? [] : [.outputsLost(tasks: lost.tasks)]) + [.resumed(at: now)]
            var resumed = machine
            for fact in opening { resumed.apply(fact) }
            executor.sweep(job: id, keeping: resumed.liveTokens)
        }
        var loop = JobLoop(machine: machine, slots: engine.slots)
        let turn = loop.open(opening, now: now)
        engines[place].loop = loop
        engines[place].owesTurn = true
        engines[place].phase = .turned(turn)
        note("engine \(place) takes \(id) up: \(opening.map(\.label).joined(separator: ", "))")
    }

    private func commit(_ turn: JobLoop.Turn, _ place: Int) throws(Violation) {
        if let batch = turn.batch {
            note("engine \(place) commits \(batch.facts.map(\.label).joined(separator: ", "))")
            do { try store.commit(batch) } catch {
                note("the store refuses; engine \(place) ends")
                executor.sweep(job: batch.job, keeping: [])
                return crash(place, children: true)
            }
            try take(batch, place)
        }
        engines[place].phase = .handing(turn.effects, 0)
    }

    private func take(_ batch: FactBatch, _ place: Int) throws(Violation) {
        let job = engines[place].job
        for fact in batch.facts {
            jobs[job].replica.apply(fact)
            if case .queueTimedOut(let task, _, _) = fact {
                try jobs[job].ledger.learn(jobs[job].replica.name(of: task), of: task)
            }
        }
        try jobs[job].ledger.take(batch.facts, engines[place].circumstances)
        if batch.facts.contains(where: { if case .resumed = $0 { true } else { false } }) {
            jobs[job].ledger.keepOnly(jobs[job].replica.liveTokens)
        }
        if let summary = batch.summary, summary != jobs[job].replica.summary {
            throw Violation("\(batch.job): the summary that is written is not that of the facts")
        }
        // What was due by the engine's clock stays due when the clock is set back.
        let latest = max(now, engines[place].circumstances.latest)
        if let live = engines[place].loop?.machine { try Replay.check(live, jobs[job].replica, now: latest) }
        try jobs[job].ledger.check(jobs[job].replica.summary)
    }

    /// One effect at a time: orders, then endings; at last the engine waits or comes to rest.
    private func handOut(_ effects: JobLoop.Effects, _ done: Int, _ place: Int) throws(Violation) {
        let job = engines[place].job
        if done < effects.orders.count {
            let order = effects.orders[done]
            note("engine \(place) hands out \(order.task)/\(order.attempt) \(order.token)\(order.recovered ? " again" : "")")
            try jobs[job].ledger.handOut(order)
            try executor.take(order, for: place, now: now)
        } else if done < effects.orders.count + effects.ending.count {
            let token = effects.ending[done - effects.orders.count]
            note("engine \(place) ends \(token)")
            executor.end(token)
        } else {
            engines[place].wake = effects.wake
            engines[place].phase = effects.isAtRest ? .resting : .idle
            return
        }
        engines[place].phase = .handing(effects, done + 1)
    }

    private func rest(_ place: Int) {
        let id = jobs[engines[place].job].id
        note("engine \(place) leaves \(id)")
        executor.sweep(job: id, keeping: [])
        store.setLease(nil, of: id)
        engines[place].phase = .gone
        engines[place].loop = nil
    }

    /// `imflow cancel` of a job that nobody drives.
    func cancelAbandoned(_ job: Int) throws(Violation) {
        guard driver(of: job) == nil, !jobs[job].replica.status.isFinished else { return }
        let id = jobs[job].id
        executor.sweep(job: id, keeping: [])
        let facts = JobLoop.cancellation(of: jobs[job].replica, now: now)
        var machine = jobs[job].replica
        for fact in facts { machine.apply(fact) }
        do { try store.commit(FactBatch(job: id, facts: facts, summary: machine.summary)) } catch { return }
        note("\(id) is cancelled while nobody drives it")
        jobs[job].replica = machine
        var ended = Ledger.Circumstances(slots: 0)
        for token in jobs[job].ledger.live.keys { ended.delivered[token] = .failed(Failure(.cancelled, "swept")) }
        try jobs[job].ledger.take(facts, ended)
        try jobs[job].ledger.check(machine.summary)
    }
}
