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

    init(id: Int, index: Int, link: EngineLink, model: ModelPlan, engine: String, engines: DockerEngines) {
        self.id = id
        self.index = index
        self.link = link
        self.model = model
        self.engine = engine
        self.engines = engines
    }

    var host: any ModelHost { link.host }

    func gone() async { await link.gone.wait() }

    func answers() async -> Bool { await engines.stillAnswers(index, link) }

    func leave() { engines.roster.leave(self) }
}
