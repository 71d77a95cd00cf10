import Foundation
import ImflowCompiler
import ImflowDiagnostics
import ImflowIR
import Testing

/// What looks like a secret is told of and never shown.
@Suite struct SecretTests {
    @Test(
        arguments: [
            ("ID", "AKIAIOSFODNN7EXAMPLE"), ("X", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
            ("X", "github_pat_11ABCDEFG0abcdefghijklmnopqrstuv"), ("X", "glpat-x1y2z3A4B5C6D7E8F9G0"),
            ("X", "Bearer ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
            ("X", "hf_abcdefghijklmnopqrstuvwxyz01234567"), ("X", "sk-proj-4f9a8Zq1xT7mLw0bV3nE"),
            ("X", "xoxb-123456789012-abcdefGHIJKL"), ("X", "postgres://reader:k3Xq9vT2@db.example.org/images"),
            ("X", "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n"),
            ("DB_PASSWORD", "q8Zt2LmW5xKc"), ("authToken", "9f86d081884c7d659a2feaa0"), ("api-key", "Zx81kQp0Lm2Vt7"),
            ("client_secret", "aB3dE5fG7hJ9kL1m"),
        ])
    func isKnown(_ name: String, _ value: String) { #expect(SecretText.kind(of: value, under: name) != nil) }

    @Test(
        arguments: [
            ("HF_TOKEN", "${HF_TOKEN}"), ("HF_TOKEN", "<your token here>"), ("TOKEN", "changeme-1234567"),
            ("PAD_TOKEN", "[PAD]"), ("EOS_TOKEN", "<|endoftext|>"), ("MODEL", "q8Zt2LmW5xKc"),
            ("API_KEY_FILE", "/run/secrets/api_key"), ("SECRET", "/run/secrets/client_secret_2"),
            ("TOKEN_URL", "https://auth.example.org/token"), ("URL", "https://reader@db.example.org/images"),
            ("URL", "https://reader:${PASSWORD}@db.example.org/images"), ("X", "sk-xxxxxxxxxxxxxxxxxxxxxxxx"),
            ("X", "sk-learn-pipeline-for-images"), ("X", "hf_hub"), ("PASSWORD", "short"), ("KEY", "transcript_2024"),
            ("input_key", "transcript_v2_2024"), ("TOKENIZER", "bert-base-uncased-2"), ("X", "AKIA"), ("X", ""),
            ("X", "a text: about ghp_ and more"),
        ])
    func isNone(_ name: String, _ value: String) { #expect(SecretText.kind(of: value, under: name) == nil) }

    /// Every form of the findings of these files.
    private func reports(_ files: [String: String]) -> [String] {
        let report = Compiler(MemoryFiles(files)).check(["."])
        #expect(!report.diagnostics.isEmpty)
        var context = ReportContext()
        context.files = report.files
        context.failingFrom = .note
        context.page = { code in DiagnosticPage.of(code).map { ($0.summary, $0.text) } }
        return DiagnosticRenderer.Format.allCases.map {
            DiagnosticRenderer($0, context: context).render(report.diagnostics)
        } + [Baseline.text(of: report.diagnostics, context)]
    }

    @Test(
        arguments: [
            // By itself; in a job; silenced beside another finding; beside one, in one line; under a key that is no key.
            ("model.yaml", "name: a\nentrypoint: [./a]\nenv: {T: SECRET}\n"),
            ("job.json", "{\"model\": \"a\", \"input\": {\"deep\": [{\"t\": \"SECRET\"}]}}"),
            ("model.yaml", "name: a\nentrypoint: [./a]\nenv: {T: SECRET} # imflow: ignore[IMF0112, IMF0101] mine\n"),
            ("model.yaml", "{name: a, entrypoint: [./a], prot: 1, env: {T: SECRET}}\n"),
            ("model.yaml", "name: a\nentrypoint: [./a]\nenvironment: {T: SECRET}\n"),
            ("model.yaml", "name: a\nentrypoint: [./a]\nport: SECRET\n"),
            ("model.yaml", "name: a\nentrypoint: [./a]\nenv: {T: SECRET: x}\n"),
            ("model.yaml", "name: a\nentrypoint: [./a]\nprotocol: SECRET\n"),
            ("model.yaml", "name: a\nentrypoint: [./a]\nprotocol: \"https://me:SECRET@example.org SECRET\"\n"),
            ("model.yaml", "name: SECRET\nentrypoint: [./a]\n"),
            ("model.yaml", "name: a\nentrypoint: [./a]\nenv: {SECRET: SECRET}\n"),
            ("model.yaml", "name: a\nentrypoint: [./a]\nSECRET: 1\n"),
            ("model.yaml", "name: a\nentrypoint: [./a]\nenv: {T: 1, T: SECRET}\n"),
            ("model.yaml", "name: a\nentrypoint: [./a]\nimage: \"registry/SECRET:1\"\n"),
        ])
    func noReportShowsIt(_ name: String, _ text: String) {
        for secret in ["ghp_16C7e42F292c6912E7710c838347Ae178B4a", "AKIAIOSFODNN7EXAMPLE"] {
            for report in reports([name: text.replacingOccurrences(of: "SECRET", with: secret)]) {
                #expect(!report.contains(secret), "\(report)")
            }
        }
    }

    /// A cut through a long line may fall into a token.
    @Test func aCutLineShowsNoPartOfIt() {
        let secret = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
        for gap in 0..<60 {
            let filler = String(repeating: "z", count: 200)
            let space = String(repeating: " ", count: gap)
            let text = "{\"x-f\": \"\(filler)\", \"x-s\": \"\(secret)\",\(space)\"prot\": 1, \"x-g\": \"\(filler)\"}"
            for report in reports(["job.json": text]) {
                for part in [secret.prefix(12), secret.suffix(8)] { #expect(!report.contains(part), "\(report)") }
            }
        }
    }

    @Test func whatItsNameTellsIsHiddenToo() {
        let texts = [
            "name: a\nentrypoint: [./a]\nenv: {DB_PASSWORD: q8Zt2LmW5xKc, T: 1}\n",
            "name: a\nentrypoint: [./a]\nenv: {DB_PASSWORD: 912345678901, T: 1}\n",
            "name: a\nentrypoint: [./a]\nenv: &e {DB_PASSWORD: \"q8Zt2LmW5xKc\"}\nlabels: *e\nprot: 1\n",
        ]
        for report in texts.flatMap({ reports(["model.yaml": $0]) }) {
            #expect(!report.contains("q8Zt2LmW5xKc") && !report.contains("912345678901"), "\(report)")
        }
    }

    @Test func theFingerprintDoesNotHoldIt() throws {
        let texts = ["q8Zt2LmW5xKc", "w7Yt3LnW4xKd"].map { "name: a\nentrypoint: [./a]\nenv: {DB_PASSWORD: \($0)}\n" }
        let prints = texts.map { text in
            Fingerprint.all(
                of: Compiler(MemoryFiles(["model.yaml": text])).check(["model.yaml"]).diagnostics, ReportContext())
        }
        #expect(prints[0].count == 1 && prints[0] == prints[1])
    }
}
