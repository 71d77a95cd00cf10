import Foundation
import ImflowContent
import ImflowExecution
import Testing

@testable import ImflowData

@Suite(.enabled(if: TestServers.hasSeaweedFS, "no SeaweedFS here: run Tools/test-servers"), .timeLimit(.minutes(10)))
struct S3ServerTests {
    private let server: S3Server

    init() throws { server = try S3Server.shared.get() }

    private func bench(_ more: [String: String] = [:], without names: [String] = []) throws -> FetchBench {
        var environment = [
            "AWS_ENDPOINT_URL_S3": server.endpoint, "AWS_ACCESS_KEY_ID": S3Server.key,
            "AWS_SECRET_ACCESS_KEY": S3Server.secret, "AWS_REGION": "us-east-1", "HOME": "/nonexistent",
        ]
        environment.merge(more) { $1 }
        for name in names { environment[name] = nil }
        // No private address is allowed: the endpoint is the user's own.
        return try FetchBench(allowed: PrivateAddresses(), environment: environment)
    }

    @Test func keysOfAnyKindAreSignedRight() async throws {
        try server.make(bucket: "keys")
        let bench = try bench()
        let keys = [
            "a.txt", "folder/of folders/a b.txt", "grün/ß 日本.bin", "p+q=r", "100%", "already%20encoded", "q?x#y", "'()*!&@:,$;~",
            "-._~", "trailing./x",
        ]
        for (index, key) in keys.enumerated() {
            try server.put(key, size: 1000 + index, in: "keys")
            let reference = try await bench.fetcher.fetch("s3://keys/" + key)
            let bytes = try bench.content.read(reference.hash, limit: 1 << 20)
            #expect(bytes == (0..<1000 + index).map { UInt8($0 % 251) }, "\(key)")
        }
        #expect(try await bench.fetcher.fetch("s3://keys/folder/of folders/a b.txt").name == "a_b.txt")
        #expect(try bench.leftovers() == [])
    }

    @Test func refusalsAreSentences() async throws {
        try server.make(bucket: "refusals")
        try server.put("there", size: 10, in: "refusals")
        let none = try await #require(bench().failure("s3://refusals/nowhere"))
        #expect(none == Failure(.app, "s3://refusals/nowhere: the bucket has no such object"))
        let bucket = try await #require(bench().failure("s3://no-such-bucket/x"))
        #expect(bucket.message.contains("there is no bucket `no-such-bucket`"))
        let secret = try await #require(bench(["AWS_SECRET_ACCESS_KEY": "wr0ng"]).failure("s3://refusals/there"))
        #expect(secret.cause == .app)
        #expect(secret.message.contains("the secret key is wrong"))
        #expect(!secret.message.contains("wr0ng"))
        let key = try await #require(bench(["AWS_ACCESS_KEY_ID": "nobody"]).failure("s3://refusals/there"))
        #expect(key.message.contains("does not know the access key"))
        let names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
        let anonymous = try await #require(bench(without: names).failure("s3://refusals/there"))
        #expect(anonymous.message.contains("no credentials are set"))
    }

    @Test func whatEverybodyMayReadNeedsNoCredentials() async throws {
        try server.make(bucket: "public")
        try server.put("x.bin", size: 300, in: "public")
        let bench = try bench(without: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
        let reference = try await bench.fetcher.fetch("s3://public/x.bin")
        #expect(bench.content.size(of: reference.hash) == 300)
    }

    @Test func profilesOfAWSsFilesAreUsed() async throws {
        try server.make(bucket: "profiles")
        try server.put("x", size: 7, in: "profiles")
        let files = try FetchBench()
        let credentials = try files.write(
            """
            # of a test
            [default]
            aws_access_key_id = nobody
            aws_secret_access_key = x
            [ work ]
            aws_access_key_id=\(S3Server.key)
            aws_secret_access_key = \(S3Server.secret)
            """, "credentials")
        let config = try files.write(
            "[profile work]\nregion = us-east-1\ns3 =\n  addressing_style = path\nendpoint_url = \(server.endpoint)\n", "config")
        let bench = try bench(
            [
                "AWS_PROFILE": "work", "AWS_SHARED_CREDENTIALS_FILE": credentials, "AWS_CONFIG_FILE": config,
            ], without: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL_S3", "AWS_REGION"])
        #expect(bench.content.size(of: try await bench.fetcher.fetch("s3://profiles/x").hash) == 7)
    }
}

struct S3SourceTests {
    private func url(_ text: String, _ environment: [String: String]) throws -> String {
        let source = try S3Source(try #require(FetchURL(text)), FetchAccess(environment: environment))
        return source.identity
    }

    @Test(arguments: [
        ("s3://bucket/a b", ["AWS_REGION": "eu-west-1"], "https://bucket.s3.eu-west-1.amazonaws.com/a%20b"),
        ("s3://my.bucket/k", [:], "https://s3.us-east-1.amazonaws.com/my.bucket/k"),
        ("s3://bucket/k", ["AWS_REGION": "cn-north-1"], "https://bucket.s3.cn-north-1.amazonaws.com.cn/k"),
        ("s3://bucket/k", ["AWS_ENDPOINT_URL": "http://minio:9000/"], "http://minio:9000/bucket/k"),
        (
            "s3://bucket/k", ["AWS_ENDPOINT_URL": "http://minio:9000", "IMFLOW_S3_STYLE": "virtual"],
            "http://bucket.minio:9000/k"
        ),
        ("s3://bucket/k", ["IMFLOW_S3_STYLE": "path"], "https://s3.us-east-1.amazonaws.com/bucket/k"),
    ])
    func styles(text: String, environment: [String: String], expected: String) throws {
        #expect(try url(text, environment) == "s3  " + expected)
    }

    @Test(arguments: [
        ["AWS_ACCESS_KEY_ID": "x"], ["AWS_PROFILE": "nowhere"], ["AWS_REGION": "evil.example/"], ["IMFLOW_S3_STYLE": "x"],
        ["AWS_ENDPOINT_URL": "file:///etc"],
    ])
    func settingsThatAreNoUse(environment: [String: String]) throws {
        let error = #expect(throws: Failure.self) { try url("s3://bucket/k", environment) }
        #expect(error?.cause == .app)
    }

    @Test func anotherRegionIsNamed() throws {
        let body = "<?xml version=\"1.0\"?><Error><Code>PermanentRedirect</Code></Error>"
        let refusal = S3Refusal(.init(status: 301, headers: [("x-amz-bucket-region", "eu-west-3")], body: Array(body.utf8)))
        let failure = refusal.failure("s3://b/k", bucket: "b", region: "us-east-1", isSigned: true)
        #expect(failure?.message == "s3://b/k: the bucket `b` is not in region us-east-1; set AWS_REGION=eu-west-3")
    }
}
