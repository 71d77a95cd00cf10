import ImflowExecution
import ImflowJSON

/// The protocol `jsonl`: a request per line on standard input, a reply per line on standard output, in order.
struct JSONLCall: WarmCall {
    let model: String
    let lease: InstanceLease

    func result(of request: WarmRequest) async throws(ExchangeFailure) -> JSONValue {
        let mark = lease.log.size
        if let exit = await lease.instance.exit() {
            throw .gone(exit.failure(of: model, "between two requests", log: lease.log.tail(from: 0)))
        }
        let reply: [UInt8]?
        let bytes = request.bytes
        CallObserver.note(.request(bytes))
        do throws(Failure) {
            reply = try await lease.instance.exchange(bytes)
        } catch { throw .broken(error) }
        if Task.isCancelled { throw .broken(.cancelled) }
        guard let reply else {
            if let exit = await lease.exitSoon() {
                let failure = exit.failure(of: model, "before it had replied", log: lease.log.tail(from: 0))
                // A program that ended by its own choice may have done so before the request came.
                throw exit.code == 0 ? .gone(failure) : .broken(failure)
            }
            if let trouble = await lease.instance.trouble() { throw .broken(trouble) }
            throw .broken(Failure(.app, "model \(model) closed its standard output before it had replied"))
        }
        CallObserver.note(.reply(status: nil, body: reply))
        do throws(Failure) {
            return ModelReply.result(in: try ModelReply.parse(reply, model: model, origin: "as its reply line"))
        } catch {
            // Where one line was no reply, nobody knows to which request the next one belongs.
            let log = lease.log.tail(from: mark)
            throw .broken(log.isEmpty ? error : Failure(error.cause, error.message + "; the end of its log:\n" + log))
        }
    }
}
