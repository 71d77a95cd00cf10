import ImflowExecution
import ImflowInvocation
import ImflowJSON

/// Who ended a container.
extension Containers {
    /// Of an engine that keeps no events, nothing.
    func history(of id: String) async throws(Failure) -> ContainerHistory {
        let purpose = "asking what happened to container \(id)"
        var query = [("since", "1"), ("filters", JSONValue.object(["container": [.string(id)]]).text)]
        if try await engine.isPodman() {
            query.append(("stream", "false"))
        } else {
            // Without an end Docker would go on to tell for ever; the engine's own clock says where that is.
            let info = try await engine.call("GET", "/info", purpose: purpose)
            guard let now = info.json["SystemTime"]?.stringValue.flatMap(ContainerHistory.moment) else {
                return ContainerHistory()
            }
            query.append(("until", now))
        }
        let answer = try await engine.call("GET", "/events", query: query, purpose: purpose)
        return ContainerHistory(answer.isSuccess ? answer.body : [])
    }

    /// Who ended a container that did not end well, where that was neither its program nor us.
    /// - Parameter wasUnwatched: nobody waited for it all the time.
    /// - Throws: `infra` when the engine does not answer any more: then it may have been the engine.
    func interruption(of id: String, _ exit: Exit, wasUnwatched: Bool = false) async throws(Failure) -> Interruption? {
        if exit.code == 0 { return nil }
        let history = try await history(of: id)
        if history.explains(exit.signal) { return .commanded }
        return wasUnwatched && exit.code == Self.unknownCode && !history.hasStart ? .unseen : nil
    }

    /// What an engine that was started again says of containers that ended meanwhile.
    private static let unknownCode: Int32 = 255
}
