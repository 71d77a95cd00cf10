import ImflowInvocation
import ImflowPlan

/// A place for one attempt on one engine, as long as that is there.
final class EngineSeat: ModelSeat {
    let id: Int
    let index: Int
    let link: EngineLink
    let model: ModelPlan
    let engine: String
    private let engines: DockerEngines
    /// Over which the attempt began, where all of the engine's exchanges share one.
    private let connection: Int

    init(id: Int, index: Int, link: EngineLink, model: ModelPlan, engine: String, engines: DockerEngines) {
        self.id = id
        self.index = index
        self.link = link
        self.model = model
        self.engine = engine
        self.engines = engines
        connection = link.host.containers.engine.connection
    }

    var host: any ModelHost { link.host }

    func gone() async { await link.gone.wait() }

    /// Where the connection broke, nobody knows what became of the attempt, though the engine may be reached again.
    func answers() async -> Bool {
        let hasBroken = await link.host.containers.engine.hasBroken(connection)
        return await engines.stillAnswers(index, link) && !hasBroken
    }

    func leave() { engines.roster.leave(self) }
}
