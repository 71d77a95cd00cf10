package import ImflowPlan

/// The variables by which servers of a protocol are told where to listen, for a process of this machine.
package enum ServerVariables {
    /// Laid under the model's own `env`: an MLServer listens for gRPC and metrics, too, which nobody asks for here, and on
    /// every address of the machine unless it is told otherwise.
    package static func defaults(of callProtocol: CallProtocol) -> [String: String] {
        guard callProtocol == .oip else { return [:] }
        return ["MLSERVER_HOST": "127.0.0.1", "MLSERVER_GRPC_PORT": "0", "MLSERVER_METRICS_PORT": "0"]
    }

    /// Laid over it: where requests will come.
    package static func listening(on port: Int, _ callProtocol: CallProtocol) -> [String: String] {
        var variables = ["PORT": String(port), "IMFLOW_PORT": String(port)]
        if callProtocol == .oip { variables["MLSERVER_HTTP_PORT"] = String(port) }
        return variables
    }
}
