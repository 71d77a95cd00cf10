import ImflowPlan

/// How much of an engine is in use, and whether one more attempt has room there.
struct EngineLoad: Sendable, Equatable {
    /// Slots by `slots=`, each taken by one attempt; nil: cores, of which an attempt takes what its model asks for.
    var slots: Int?
    var cores: Int
    /// In bytes.
    var memory: Int64
    private(set) var takenPlaces = 0
    private(set) var takenMemory: Int64 = 0

    init(slots: Int?, info: EngineInfo) {
        self.slots = slots
        cores = info.cores
        memory = info.memory
    }

    /// Attempts that can run at once, where each asks for no more than one core.
    var places: Int { slots ?? cores }

    var freePlaces: Int { places - takenPlaces }

    func hasRoom(for model: ModelPlan) -> Bool {
        freePlaces >= weight(of: model) && memory - takenMemory >= (model.resources.memory?.bytes ?? 0)
    }

    mutating func take(_ model: ModelPlan) {
        takenPlaces += weight(of: model)
        takenMemory += model.resources.memory?.bytes ?? 0
    }

    mutating func give(_ model: ModelPlan) {
        takenPlaces -= weight(of: model)
        takenMemory -= model.resources.memory?.bytes ?? 0
    }

    /// A model that asks for more than there is takes all: that it does not fit is said elsewhere.
    private func weight(of model: ModelPlan) -> Int {
        guard slots == nil, let cpu = model.resources.cpu, cpu > 1 else { return 1 }
        return cpu >= Double(cores) ? cores : Int(cpu.rounded(.up))
    }
}
