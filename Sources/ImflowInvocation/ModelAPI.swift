package import ImflowExecution

/// Lets models submit jobs of their own while they work. Implemented where jobs are driven; without one, models get no
/// `IMFLOW_API`.
package protocol ModelAPI: Sendable {
    /// Where the models of an attempt reach it; listens when this returns. Nil: not offered.
    func endpoint(for order: WorkOrder) -> APIEndpoint?

    /// Where a warm instance reaches it, which several jobs may use and a later engine may take over; listens when this
    /// returns. The same for the same name, also under a later engine. Nil: not offered.
    /// - Parameter name: the instance's own, in place of a job's id.
    func endpoint(ofInstance name: String) -> APIEndpoint?

    /// The instance of that name has ended.
    func closeEndpoint(ofInstance name: String) async

    /// Begins to serve one request to a model.
    /// - Returns: the token by which the model is known until ``close(_:)``; the same for the same attempt and unit, also
    ///   under a later engine.
    func open(_ call: APICall) -> String

    /// The model's request is over: its token is dead.
    func close(_ token: String)
}

/// Where models reach the API.
package struct APIEndpoint: Sendable, Equatable {
    /// On this machine; absolute. Holds the socket and nothing else.
    package var folder: String
    /// The socket's name in the folder.
    package var socket: String
    /// A part that all tokens have in common; no token can be used without it, so hiding it in a log hides them all.
    package var secret: String

    var path: String { folder + "/" + socket }

    package init(folder: String, socket: String, secret: String) {
        self.folder = folder
        self.socket = socket
        self.secret = secret
    }
}

/// One request to a model, as far as the API is concerned.
package struct APICall: Sendable {
    package var order: WorkOrder
    /// The unit's index in its stage.
    package var unit: Int
    /// The folder whose files the model may hand over, on this machine and as the model sees it.
    package var files: (path: String, guest: String)
    /// Where files for the model are put; gone when the request is over.
    package var unitFolder: (path: String, guest: String)

    package init(
        order: WorkOrder, unit: Int, files: (path: String, guest: String), unitFolder: (path: String, guest: String)
    ) {
        self.order = order
        self.unit = unit
        self.files = files
        self.unitFolder = unitFolder
    }
}
