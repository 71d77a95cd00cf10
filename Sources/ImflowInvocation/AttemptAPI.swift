import ImflowExecution

/// The API as one attempt offers it to its model.
struct AttemptAPI: Sendable {
    /// A running request's place in the API.
    struct Session: Sendable {
        let token: String
        fileprivate let service: any ModelAPI

        func close() { service.close(token) }
    }

    let service: any ModelAPI
    let endpoint: APIEndpoint

    /// Nil when none is offered.
    init?(_ service: (any ModelAPI)?, for order: WorkOrder) {
        guard let service, let endpoint = service.endpoint(for: order) else { return nil }
        self.service = service
        self.endpoint = endpoint
    }

    func open(_ unit: StagedUnit, of order: WorkOrder, files: UnitFolder, unitFolder: UnitFolder) -> Session {
        let call = APICall(
            order: order, unit: unit.unit.index, files: (files.path, files.guest),
            unitFolder: (unitFolder.path, unitFolder.guest))
        return Session(token: service.open(call), service: service)
    }
}
