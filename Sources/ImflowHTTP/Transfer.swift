import CCurlShim
import Glibc
internal import ImflowPlan

/// One exchange on its way through libcurl.
///
/// Unchecked: it is made by the calling task, handed over once, and from then on touched by the loop's thread alone.
final class Transfer: @unchecked Sendable {
    typealias Answer = CheckedContinuation<Result<HTTPResponse, HTTPError>, Never>

    /// Where a successful answer's body goes; the body of any other status is kept in the answer.
    enum Sink: Sendable {
        case answer
        /// False: enough, and what came so far is fine.
        case chunks(@Sendable ([UInt8]) -> Bool)
        /// Bounded by ``HTTPRequest/maximumBodyBytes``. False: give up.
        case writer(@Sendable (UnsafeRawBufferPointer) -> Bool)
        /// As `writer`; the first is told the answer's head before any of its body.
        case checkedWriter(@Sendable (HTTPResponse) -> Bool, @Sendable (UnsafeRawBufferPointer) -> Bool)
    }

    /// Of the body of an answer that refuses a download, in bytes.
    private static let reasonLimit = 64 * 1024

    let id: UInt64
    let deadline: ContinuousClock.Instant?
    private(set) var handle: OpaquePointer?
    private let request: HTTPRequest
    private let sink: Sink
    private let answer: Answer
    private var head = ResponseHead()
    private var body: [UInt8] = []
    private var received = 0
    private var isHeadTold = false
    private var enough = false
    private var failure: HTTPError?
    private var isSecondTry = false

    init(id: UInt64, request: HTTPRequest, sink: Sink, answer: Answer) {
        self.id = id
        self.request = request
        self.sink = sink
        self.answer = answer
        deadline = request.deadline
    }

    deinit {
        if let handle { imflow_transfer_destroy(handle) }
    }

    /// Nil when it is ready to run.
    func prepare() -> HTTPError? {
        if let mistake = request.mistake { return .other("\(mistake).") }
        let context = Unmanaged.passUnretained(self).toOpaque()
        let created = imflow_transfer_create(
            context,
            { context, bytes, count in Transfer.receive(context, bytes, count) { $0.receiveHeader($1) } },
            { context, bytes, count in Transfer.receive(context, bytes, count) { $0.receiveBody($1) } })
        guard let created else { return .other("\(request.place): libcurl has no memory for a request.") }
        handle = created
        guard configure(created) else { return .other("\(request.place): libcurl refuses this request.") }
        return nil
    }

    func finish(with result: Result<HTTPResponse, HTTPError>) { answer.resume(returning: result) }

    func finishTimedOut() { finish(with: .failure(.timedOut("\(request.place): \(timeoutText)."))) }

    /// A kept-alive connection may be closed by the server at the moment it is used again: then nothing was answered and
    /// the request may go once more, over a new connection.
    func mayRunAgain(after outcome: imflow_outcome) -> Bool {
        guard outcome == IMFLOW_CLOSED, !isSecondTry, head.status == 0, let handle,
            imflow_transfer_reused_connection(handle) == 1
        else { return false }
        isSecondTry = true
        imflow_transfer_use_new_connection(handle)
        return true
    }

    func finish(_ outcome: imflow_outcome) {
        if enough || outcome == IMFLOW_DONE {
            finish(with: .success(HTTPResponse(status: head.status, headers: head.headers, body: body)))
        } else {
            finish(with: .failure(failure ?? error(of: outcome)))
        }
    }

    // MARK: Before

    private func configure(_ handle: OpaquePointer) -> Bool {
        var limits = imflow_limits()
        limits.connect_milliseconds = HTTPRequest.bounded(request.connectTimeout).milliseconds
        if let deadline {
            let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
            limits.total_milliseconds = max(1, Int64(left.rounded(.up)))
        }
        if let stall = request.stallTimeout {
            limits.stall_seconds = (HTTPRequest.bounded(stall).milliseconds + 999) / 1000
        }
        if isBounded, request.method != "HEAD" { limits.body_bytes = Int64(max(request.maximumBodyBytes, 1)) }
        limits.redirects = request.followRedirects ? Int64(HTTPRequest.redirectLimit) : 0
        return imflow_transfer_set_target(handle, request.url, request.unixSocket) == 0
            && setMethodAndBody(handle) && addHeaders(handle)
            && imflow_transfer_set_limits(handle, limits) == 0 && setGuard(handle) && setSigning(handle)
            && setCertificates(handle) && (!request.isDirect || imflow_transfer_set_direct(handle) == 0)
    }

    private func setGuard(_ handle: OpaquePointer) -> Bool {
        guard request.addresses != nil else { return true }
        return imflow_transfer_set_guard(handle) { context, bytes, count in
            guard let context, let bytes else { return 0 }
            let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            let address = NetworkAddress(bytes: UnsafeBufferPointer(start: bytes, count: count))
            return address.map { transfer.request.addresses?.allows($0) ?? true } == true ? 1 : 0
        } == 0
    }

    private func setSigning(_ handle: OpaquePointer) -> Bool {
        guard let signing = request.signing else { return true }
        return imflow_transfer_set_signing(handle, signing.scope, signing.key, signing.secret) == 0
    }

    private func setCertificates(_ handle: OpaquePointer) -> Bool {
        guard let files = request.certificates else { return true }
        return imflow_transfer_set_certificates(handle, files.authority, files.certificate, files.key) == 0
    }

    private func setMethodAndBody(_ handle: OpaquePointer) -> Bool {
        if let form = request.form { return set(form, handle) }
        if request.supply != nil { return setSupply(handle) }
        guard let body = request.body ?? (request.method == "POST" ? [] : nil) else {
            return imflow_transfer_set_method(handle, request.method) == 0
        }
        return body.withUnsafeBufferPointer {
            imflow_transfer_set_body(handle, request.method, $0.baseAddress, $0.count) == 0
        }
    }

    private func setSupply(_ handle: OpaquePointer) -> Bool {
        imflow_transfer_set_supply(handle, request.method) { context, bytes, count in
            guard let context, let bytes else { return -1 }
            let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            let buffer = UnsafeMutableRawBufferPointer(start: bytes, count: count)
            return transfer.request.supply?.read(into: buffer).map(Int64.init) ?? -1
        } == 0
    }

    private func set(_ form: HTTPForm, _ handle: OpaquePointer) -> Bool {
        switch form.content {
        case .file(let path): imflow_transfer_set_form(handle, form.field, form.fileName, path, nil, 0) == 0
        case .bytes(let bytes):
            bytes.withUnsafeBufferPointer {
                imflow_transfer_set_form(handle, form.field, form.fileName, nil, $0.baseAddress, $0.count) == 0
            }
        }
    }

    private func addHeaders(_ handle: OpaquePointer) -> Bool {
        for (name, value) in request.headers {
            // libcurl drops a header that is written with a colon and no value.
            let line = value.isEmpty ? "\(name);" : "\(name): \(value)"
            guard imflow_transfer_add_header(handle, line) == 0 else { return false }
        }
        // A form says so itself, and a signature covers what is sent: nothing is taken out of either.
        if request.form != nil || request.signing != nil { return true }
        // libcurl would call any body a form.
        if request.headers.contains(where: { $0.name.lowercased() == "content-type" }) { return true }
        return imflow_transfer_add_header(handle, "Content-Type:") == 0
    }

    // MARK: While it runs

    private static func receive(
        _ context: UnsafeMutableRawPointer?, _ bytes: UnsafePointer<UInt8>?, _ count: Int,
        _ take: (Transfer, UnsafeBufferPointer<UInt8>) -> Bool
    ) -> Int {
        guard let context else { return 0 }
        let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
        return take(transfer, UnsafeBufferPointer(start: bytes, count: count)) ? count : 0
    }

    private func receiveHeader(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
        if head.add(line) { return true }
        failure = .other("\(request.place): the headers of the answer are longer than \(ResponseHead.sizeLimit) bytes.")
        return false
    }

    private var isBounded: Bool {
        if case .chunks = sink { false } else { true }
    }

    private func receiveBody(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let isSuccess = (200...299).contains(head.status)
        if isSuccess, case .chunks(let take) = sink {
            enough = !take(Array(bytes))
            return !enough
        }
        guard bytes.count <= request.maximumBodyBytes - received else {
            failure = .bodyTooLarge(limit: request.maximumBodyBytes)
            return false
        }
        received += bytes.count
        guard isSuccess else {
            keepReason(bytes)
            return true
        }
        switch sink {
        case .writer(let write): return keep(write(UnsafeRawBufferPointer(bytes)))
        case .checkedWriter(let check, let write):
            if !isHeadTold {
                isHeadTold = true
                guard keep(check(HTTPResponse(status: head.status, headers: head.headers))) else { return false }
            }
            return keep(write(UnsafeRawBufferPointer(bytes)))
        case .answer, .chunks:
            body.append(contentsOf: bytes)
            return true
        }
    }

    /// Where only a file was wanted, what an answer says instead is for people: its beginning will do.
    private func keepReason(_ bytes: UnsafeBufferPointer<UInt8>) {
        switch sink {
        case .answer, .chunks: body.append(contentsOf: bytes)
        case .writer, .checkedWriter: body.append(contentsOf: bytes.prefix(max(0, Self.reasonLimit - body.count)))
        }
    }

    private func keep(_ isKept: Bool) -> Bool {
        if !isKept { failure = .other("\(request.place): the answer could not be kept.") }
        return isKept
    }

    // MARK: After

    private var timeoutText: String {
        "no whole answer within \((request.timeout ?? TimeSpan(milliseconds: 0)).duration)"
    }

    private func error(of outcome: imflow_outcome) -> HTTPError {
        guard let handle else { return .other("\(request.place): not started.") }
        let detail = String(cString: imflow_transfer_message(handle, outcome))
        let text = "\(request.place): \(detail)."
        switch outcome {
        case IMFLOW_CANNOT_CONNECT: return .cannotConnect(text)
        case IMFLOW_TIMED_OUT: return timeoutError(handle)
        case IMFLOW_CLOSED: return .connectionClosed(text)
        case IMFLOW_TOO_LARGE: return .bodyTooLarge(limit: request.maximumBodyBytes)
        case IMFLOW_REFUSED: return .refusedAddress(String(cString: imflow_transfer_refused_address(handle)))
        case IMFLOW_BAD_SCHEME:
            let scheme = request.url.lowercased().hasPrefix("https:") ? "https" : "http or https"
            return .other("\(request.place): redirected to a URL that is no \(scheme) URL.")
        case IMFLOW_TOO_MANY_REDIRECTS:
            return .other("\(request.place): redirected more than \(HTTPRequest.redirectLimit) times.")
        default: return .other(text)
        }
    }

    private func timeoutError(_ handle: OpaquePointer) -> HTTPError {
        if let deadline, deadline <= .now { return .timedOut("\(request.place): \(timeoutText).") }
        if imflow_transfer_was_connected(handle) == 0 {
            return .cannotConnect("\(request.place): no connection within \(request.connectTimeout.duration).")
        }
        let stall = request.stallTimeout ?? TimeSpan(milliseconds: 0)
        return .timedOut("\(request.place): no byte came for \(stall.duration).")
    }
}
