import ImflowJSON
import ImflowJobAPI
import Testing

private struct Clerk: JobCallHandler {
    func isKnown(_ token: String) -> Bool { token == "right" }

    func answer(_ call: JobCall, wait: Int, token: String) async -> APIResponse {
        APIResponse(200, ["call": .string("\(call)"), "wait": .int(Int64(wait)), "token": .string(token)])
    }
}

@Suite("The routes of the job API")
struct JobAPITests {
    private let api = JobAPI(Clerk())

    private func head(_ method: String, _ target: String, token: String? = "right", key: String? = nil) -> RequestHead {
        var parser = RequestParser()
        var text = "\(method) \(target) HTTP/1.1\r\nHost: imflow\r\n"
        if let token { text += "Authorization: Bearer \(token)\r\n" }
        if let key { text += "Idempotency-Key: \(key)\r\n" }
        guard case .complete(let request) = parser.take(Array((text + "\r\n").utf8)) else {
            preconditionFailure("the test's own request is broken")
        }
        return request.head
    }

    @Test("routes lead to calls")
    func routes() async {
        for (request, call) in [
            (head("POST", "/v1/jobs?priority=-3&wait=5", key: "k"), "submit(body: [], key: Optional(\"k\"), priority: Optional(-3))"),
            (head("POST", "/v1/jobs?key=q", key: "k"), "submit(body: [], key: Optional(\"q\"), priority: nil)"),
            (head("GET", "/v1/jobs"), "list"),
            (head("GET", "/v1/jobs/a-1?wait=3600"), "look(job: \"a-1\")"),
            (head("POST", "/v1/jobs/a-1/cancel"), "cancel(job: \"a-1\")"),
        ] {
            #expect(api.refusal(of: request) == nil)
            let answer = await api.answer(APIRequest(head: request, body: []))
            #expect(answer.body["call"]?.stringValue == call)
            #expect(answer.body["token"] == "right")
        }
    }

    @Test(
        "what is not offered is refused, by a status and a sentence",
        arguments: [
            ("GET", "/", 404), ("GET", "/v1/job", 404), ("GET", "/v1/jobs/a/b", 404), ("POST", "/v1/jobs/a/b/c", 404),
            ("DELETE", "/v1/jobs", 405), ("PUT", "/v1/jobs/a", 405), ("GET", "/v1/jobs/a/cancel", 405),
            ("GET", "/v1/jobs?wait=1", 400), ("GET", "/v1/jobs/a?wait=3601", 400), ("GET", "/v1/jobs/a?wait=-1", 400),
            ("GET", "/v1/jobs/a?wait=soon", 400), ("POST", "/v1/jobs?priority=1e9", 400), ("POST", "/v1/jobs?key=", 400),
            ("POST", "/v1/jobs?wiat=3", 400),
        ])
    func refusals(method: String, target: String, status: Int) {
        let answer = api.refusal(of: head(method, target))
        #expect(answer?.status == status)
        #expect(answer?.body["schema"] == "imflow.error/v1")
        #expect(answer?.body["message"]?.stringValue?.isEmpty == false)
        if status == 405 { #expect(answer?.fields["Allow"] != nil) }
    }

    @Test("without the right token nothing is said of what there is")
    func tokens() {
        for token in [nil, "wrong", "", "righ", "rightt"] as [String?] {
            for target in ["/v1/jobs", "/v1/jobs/a", "/nothing"] {
                let answer = api.refusal(of: head("GET", target, token: token))
                #expect(answer?.status == 401)
                #expect(answer?.fields["WWW-Authenticate"] == "Bearer")
            }
        }
    }
}
