package import ImflowExecution
package import ImflowInvocation
package import ImflowPlan

extension DockerEngines {
    /// Whether every engine answers, and each model has one that can run it, before anything starts.
    package func preflight(_ models: [ModelPlan]) async throws(Failure) {
        listening.withLock { if $0.isEmpty { $0 += models.filter(\.callProtocol.isHTTP).prefix(1) } }
        try await connect()
        for link in roster.members.compactMap(\.link) { try await link.host.ways.explore(for: models) }
        for model in models { try await requirePlace(for: model) }
    }

    private func requirePlace(for model: ModelPlan) async throws(Failure) {
        var obstacles: [String] = []
        var able: [(index: Int, link: EngineLink)] = []
        for (index, member) in roster.members.enumerated() {
            guard let link = member.link else { continue }
            if let lack = EngineRoster.lack(of: member, for: model, link.host) {
                obstacles.append("\(member.entry.address): \(lack)")
            } else {
                able.append((index, link))
            }
        }
        guard let first = able.first else {
            throw Failure(
                .app, "no Docker engine can run model \(model.name): " + obstacles.joined(separator: "; "))
        }
        var has = false
        for (index, link) in able { has = await look(for: model, at: index, link) || has }
        if !has { try await first.link.host.preflight([model]) }
    }

    /// Whether the image is there, which is kept in mind.
    private func look(for model: ModelPlan, at index: Int, _ link: EngineLink) async -> Bool {
        guard let image = model.image else { return false }
        if roster.members[index].images.contains(image) { return true }
        guard (try? await link.host.images.described(image)) != nil else { return false }
        roster.has(image, at: index)
        return true
    }

    package func seat(for order: WorkOrder, model: ModelPlan) async throws(Failure) -> any ModelSeat {
        var absentSince: ContinuousClock.Instant?
        while true {
            if Task.isCancelled { throw Failure(.cancelled, "the attempt was cancelled while it waited for an engine") }
            let mark = roster.changed.count
            for (index, member) in roster.members.enumerated() {
                if let link = member.link { _ = await look(for: model, at: index, link) }
            }
            let holder = order.recovered ? await holder(of: order.token) : nil
            switch roster.choose(for: order, model: model, holder: holder, in: self) {
            case .place(let seat): return seat
            case .full:
                absentSince = nil
                await roster.changed.wait(after: mark)
            case .none:
                let since = absentSince ?? .now
                absentSince = since
                try await waitForEngine(model, mark, until: since + patience.absence.duration)
            }
        }
    }

    private func waitForEngine(
        _ model: ModelPlan, _ mark: Int, until deadline: ContinuousClock.Instant
    ) async throws(Failure) {
        let absent = roster.members.filter { $0.link == nil }.map(\.entry.address)
        guard !absent.isEmpty else { throw Containers.missing(model.image ?? "", model: model.name) }
        guard deadline > .now else {
            throw Failure(
                .infra,
                "no Docker engine that could run model \(model.name) answers (\(absent.joined(separator: ", "))): see "
                    + "that they run and can be reached, then resume")
        }
        await roster.changed.wait(after: mark, until: deadline)
    }

    /// The engine on which an earlier engine process left the attempt's containers; nil: none that answers.
    private func holder(of token: String) async -> Int? {
        for (index, member) in roster.members.enumerated() {
            guard let host = member.link?.host,
                let found = try? await host.containers.list(filters: host.identity.filters(token: token))
            else { continue }
            if !found.isEmpty { return index }
        }
        return nil
    }
}
