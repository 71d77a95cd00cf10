import Glibc
internal import ImflowExecution

/// Who asks S3, where and how: by AWS's own environment variables, else by its files, as AWS's tools do
/// (docs.aws.amazon.com/sdkref).
struct AWSProfile {
    struct Credentials {
        var key: String
        var secret: String
        var token: String?
    }

    /// Nil: requests are not signed.
    private(set) var credentials: Credentials?
    private(set) var region: String
    /// A base URL; nil: AWS's own.
    private(set) var endpoint: String?

    private static let fileLimit = 1 << 20

    init(_ environment: [String: String]) throws(Failure) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let home = value("HOME") ?? "/"
        let profile = value("AWS_PROFILE")
        let name = profile ?? "default"
        let shared = Self.section(name, of: value("AWS_SHARED_CREDENTIALS_FILE") ?? home + "/.aws/credentials")
        let config = Self.section(
            name == "default" ? name : "profile " + name, of: value("AWS_CONFIG_FILE") ?? home + "/.aws/config")
        region = value("AWS_REGION") ?? value("AWS_DEFAULT_REGION") ?? config["region"] ?? "us-east-1"
        endpoint =
            value("AWS_ENDPOINT_URL_S3") ?? value("AWS_ENDPOINT_URL") ?? config["endpoint_url"]
            ?? shared["endpoint_url"]
        guard region.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }) else {
            throw Failure(.app, "'\(region.prefix(60))' is no AWS region; set AWS_REGION, as in us-east-1")
        }
        let files = config.merging(shared) { $1 }
        if let key = value("AWS_ACCESS_KEY_ID") {
            guard let secret = value("AWS_SECRET_ACCESS_KEY") else {
                throw Failure(.app, "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not")
            }
            credentials = Credentials(key: key, secret: secret, token: value("AWS_SESSION_TOKEN"))
        } else if let key = files["aws_access_key_id"], let secret = files["aws_secret_access_key"] {
            credentials = Credentials(key: key, secret: secret, token: files["aws_session_token"])
        } else if let profile {
            throw Failure(
                .app, "the AWS profile `\(profile.prefix(80))` has no aws_access_key_id and aws_secret_access_key; roles, SSO "
                    + "and credential_process are not supported: export the keys (aws configure export-credentials)")
        }
    }

    /// The members of a section of an INI file; none when there is no such file or section.
    static func section(_ name: String, of path: String) -> [String: String] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return [:] }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: fileLimit)
        let count = read(descriptor, &bytes, bytes.count)
        guard count > 0 else { return [:] }
        var members: [String: String] = [:]
        var isWanted = false
        for line in String(decoding: bytes[..<count], as: UTF8.self).split(whereSeparator: \.isNewline) {
            let text = trimmed(line)
            if text.hasPrefix("#") || text.hasPrefix(";") { continue }
            if text.hasPrefix("[") {
                isWanted = trimmed(text.dropFirst().prefix { $0 != "]" }) == name
            } else if isWanted, let equals = text.firstIndex(of: "="), !(line.first?.isWhitespace ?? true) {
                // An indented line belongs to the member above it (`s3 =`), which is none of these.
                members[trimmed(text[..<equals]).lowercased()] = trimmed(text[text.index(after: equals)...])
            }
        }
        return members
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }

    private static func trimmed(_ text: String) -> String { trimmed(text[...]) }
}
