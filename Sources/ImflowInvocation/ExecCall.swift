import ImflowExecution
import ImflowJSON

/// The protocol `exec`: one start per unit, the request on standard input, the result in `$IMFLOW_OUTPUT` or, if that
/// was not written, on standard output.
struct ExecCall: Sendable {
    let host: any ModelHost
    let launch: Launch
    let folder: UnitFolder
    let log: LogFile
    let startClock: StartClock

    private var model: String { launch.model.name }

    func result(of request: [UInt8]) async throws(Failure) -> JSONValue {
        // What was started by an earlier engine has a log already.
        let mark = launch.recovered ? 0 : log.size
        CallObserver.note(.starting(log: log.path))
        CallObserver.note(.request(request))
        let exit = try await host.run(launch, input: request)
        CallObserver.note(.ended(exit))
        if let startup = exit.startup { startClock.add(startup) }
        if Task.isCancelled { throw .cancelled }
        guard exit.code == 0 else { throw exit.failure(of: model, log: log.tail(from: mark)) }
        let name = "the result of model \(model) in $IMFLOW_OUTPUT"
        let written = try WorkFile.contents(of: folder.output, limit: Launch.outputLimit, name: name)
        if let written, !written.isEmpty {
            CallObserver.note(.reply(status: nil, body: written))
            return try ModelReply.parse(written, model: model, origin: "to $IMFLOW_OUTPUT")
        }
        CallObserver.note(.reply(status: nil, body: exit.output))
        if exit.outputTruncated {
            let beginning = "beginning with \(Quotation.beginning(of: exit.output))"
            throw Failure(
                .app,
                "model \(model) printed more than \(Launch.outputLimit) bytes, \(beginning); return large data as files"
            )
        }
        if ModelReply.isBlank(exit.output) {
            throw Failure(
                .app, "model \(model) exited with code 0 but neither wrote $IMFLOW_OUTPUT nor printed a result")
        }
        return try ModelReply.parse(exit.output, model: model, origin: "on its standard output")
    }
}

extension Failure {
    static let cancelled = Failure(.cancelled, "the attempt was cancelled")
}
