import Foundation
import ImflowJSON
import Testing

/// A model in a container, without network, that submits jobs through the socket it was given.
@Suite("Child jobs from a container", .onThreads)
struct ChildJobDockerTests {
    private let place: Workplace

    init() throws { place = try Workplace() }

    private func hasImage() throws -> Bool {
        let has = try place.run(["docker", "image", "inspect", "imflow-test/python:3.11"]).code == 0
        let required = ProcessInfo.processInfo.environment["IMFLOW_REQUIRE_DOCKER"] != nil
        #expect(has || !required, "no Docker engine with the image imflow-test/python:3.11: Tools/images makes it")
        if !has { print("skipped: no Docker engine with the image imflow-test/python:3.11") }
        return has
    }

    /// Asks again when the engine has gone, and hands a file over.
    private static let agent =
        ChildJobTests.client + """
            def patient(*call):
                while True:
                    try: return api(*call)
                    except (OSError, http.client.HTTPException): time.sleep(0.02)
            assert os.environ["IMFLOW_API"] == "/imflow/api/imflow.sock"
            open("/imflow/work/in.txt", "w").write("from a container")
            first = patient("POST", "/v1/jobs?wait=60&key=1", {"model": "reader", "input": {"text_url": "file:///imflow/work/in.txt"}})
            outside = patient("POST", "/v1/jobs", {"model": "reader", "input": {"text_url": "file:///etc/hostname"}})
            second = patient("POST", "/v1/jobs?wait=600&key=2", {"model": "gated"})
            print(json.dumps([first[1]["output"], outside[0], second[1]["output"]]))
            """

    @Test("its engine is killed while it waits; the next one adopts the container, which finds its children again")
    func adopted() throws {
        guard try hasImage() else { return }
        let script = JSONValue.string(Self.agent).text
        try place.write(
            "models/agent/model.yaml",
            """
            name: agent
            image: imflow-test/python:3.11
            protocol: exec
            entrypoint: [python3, -c, \(script)]
            timeout: 100s
            """)
        try place.model(
            "reader",
            """
            path=$(sed 's/.*"file:..\\([^"]*\\)".*/\\1/')
            echo "read" >> "\(place.path)/side.log"
            printf '{"text": "%s"}' "$(cat "$path")"
            """)
        try place.model(
            "gated",
            """
            echo "begun $IMFLOW_ATTEMPT" >> "\(place.path)/side.log"
            while [ ! -e "\(place.path)/gate" ]; do sleep 0.02; done
            echo '{"ok": true}'
            """)
        let wait = "while ! grep -qx '%' side.log 2>/dev/null; do kill -0 $engine || exit 99; sleep 0.02; done"
        let killed = try place.run([
            "sh", "-c",
            """
            \(Workplace.binary) run --model agent --job-id top --concurrency 1 & engine=$!
            \(wait.replacingOccurrences(of: "%", with: "begun 1"))
            kill -9 $engine; wait $engine
            """,
        ])
        #expect(killed.code == 137, "\(killed.errors)")
        let resumed = try place.run([
            "sh", "-c",
            """
            \(Workplace.binary) resume top --output json & engine=$!
            touch gate; wait $engine
            """,
        ])
        #expect(resumed.code == 0, "\(resumed.errors)")
        #expect(try resumed.json["output"] == [["text": "from a container"], 422, ["ok": true]])
        let job = try place.imflow("job", "--id", "top", "--details", "--output", "json").json
        #expect(job["receipts"]?.arrayValue?.count == 1, "the container was started anew")
        #expect(job["children"]?.arrayValue?.count == 2)
        #expect(place.read("side.log") == "read\nbegun 1\n")
    }
}
