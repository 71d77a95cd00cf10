internal import ImflowExecution
internal import ImflowHTTP
internal import ImflowPlan

/// An object of S3 or of a server that speaks its protocol: `s3://BUCKET/KEY`. The key is taken as it stands, as AWS's own
/// tools do: nothing in it is percent-decoded.
struct S3Source {
    private let shown: String
    private let url: String
    private let key: Substring
    private let bucket: Substring
    private let profile: AWSProfile
    private let addresses: AddressGuard

    /// - Throws: ``Failure`` of cause `app` for a URL that names no object, or settings that are no use.
    init(_ url: FetchURL, _ access: FetchAccess) throws(Failure) {
        shown = url.shown
        let rest = url.rest.hasPrefix("//") ? url.rest.dropFirst(2) : ""
        bucket = rest.prefix { $0 != "/" }
        key = rest.dropFirst(bucket.count + 1)
        guard !bucket.isEmpty, !key.isEmpty, bucket.utf8.count <= 255, Self.isPlain(bucket), key.utf8.count <= 1024 else {
            throw Failure(.app, "\(url.shown) names no object; give s3://BUCKET/KEY")
        }
        profile = try AWSProfile(access.environment)
        let isVirtual = try Self.isVirtual(access.environment["IMFLOW_S3_STYLE"], profile, bucket)
        let base = profile.endpoint ?? "https://s3.\(profile.region).\(Self.domain(of: profile.region))"
        guard let endpoint = ServerURL(base) else {
            throw Failure(.app, "the S3 endpoint '\(base.prefix(100))' is no http or https URL; set AWS_ENDPOINT_URL_S3")
        }
        self.url = Self.url(endpoint.url, bucket: bucket, key: key, isVirtual: isVirtual)
        addresses = access.guarded(with: profile.endpoint == nil ? nil : AddressGuard.host(ofURL: self.url))
    }

    /// What the key ends in.
    var name: String { key.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? "" }

    /// Where the object lies, and who asks for it.
    var identity: String { "s3 \(profile.credentials?.key ?? "") \(url)" }

    func download(_ client: HTTPClient, _ limits: FetchLimits, _ reporter: FetchReporter) -> Download {
        var request = HTTPRequest(
            "GET", url, headers: Fetcher.headers, connectTimeout: limits.connectTimeout,
            stallTimeout: limits.stallTimeout, addresses: addresses)
        if let credentials = profile.credentials {
            request.signing = AWSSigning(
                region: profile.region, service: "s3", key: credentials.key, secret: credentials.secret)
            if let token = credentials.token { request.headers.append(("X-Amz-Security-Token", token)) }
        }
        var download = Download(shown: shown, request: request, client: client, limits: limits, reporter: reporter)
        let (bucket, region, isSigned) = (String(bucket), profile.region, profile.credentials != nil)
        let shown = shown
        download.explain = { response in
            S3Refusal(response).failure(shown, bucket: bucket, region: region, isSigned: isSigned)
        }
        return download
    }

    /// A bucket's name becomes part of a host name or a path: nothing in it may end either.
    private static func isPlain(_ bucket: Substring) -> Bool {
        bucket.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || "-._".utf8.contains($0)
        } && bucket.contains { $0 != "." }
    }

    /// `https://BUCKET.HOST/KEY` rather than `https://HOST/BUCKET/KEY`. A certificate covers no bucket with a dot.
    private static func isVirtual(
        _ style: String?, _ profile: AWSProfile, _ bucket: Substring
    ) throws(Failure) -> Bool {
        switch style ?? "" {
        case "virtual": return true
        case "path": return false
        case "": return profile.endpoint == nil && !bucket.contains(".") && !bucket.contains("_")
        default: throw Failure(.app, "IMFLOW_S3_STYLE is path or virtual, not '\((style ?? "").prefix(40))'")
        }
    }

    private static func url(_ endpoint: String, bucket: Substring, key: Substring, isVirtual: Bool) -> String {
        let path = PercentEncoding.encodePath(key)
        guard isVirtual, let scheme = endpoint.firstRange(of: "://") else { return "\(endpoint)/\(bucket)/\(path)" }
        return "\(endpoint[..<scheme.upperBound])\(bucket).\(endpoint[scheme.upperBound...])/\(path)"
    }

    private static func domain(of region: String) -> String {
        region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
    }
}

/// What S3 says when it refuses: an XML document with a code (docs.aws.amazon.com/AmazonS3, error responses).
struct S3Refusal {
    private let status: Int
    private let code: String
    private let region: String?

    init(_ response: HTTPResponse) {
        let text = String(decoding: response.body.prefix(16_384), as: UTF8.self)
        status = response.status
        code = Self.element("Code", of: text) ?? ""
        region = response.header("x-amz-bucket-region") ?? Self.element("Region", of: text)
    }

    /// Nil when the status says as much.
    func failure(_ shown: String, bucket: String, region: String, isSigned: Bool) -> Failure? {
        switch code {
        case "NoSuchKey": return Failure(.app, "\(shown): the bucket has no such object")
        case "NoSuchBucket": return Failure(.app, "\(shown): there is no bucket `\(bucket)`")
        case "AccessDenied", "AllAccessDisabled", "AccountProblem":
            let wayOut =
                isSigned
                ? "the key of AWS_ACCESS_KEY_ID or AWS_PROFILE needs s3:GetObject"
                : "no credentials are set: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
            return Failure(.app, "\(shown): access is denied (\(code)); \(wayOut)")
        case "InvalidAccessKeyId": return Failure(.app, "\(shown): the server does not know the access key; see AWS_ACCESS_KEY_ID")
        case "SignatureDoesNotMatch":
            return Failure(.app, "\(shown): the secret key is wrong (SignatureDoesNotMatch); see AWS_SECRET_ACCESS_KEY")
        case "ExpiredToken", "InvalidToken", "TokenRefreshRequired":
            return Failure(.app, "\(shown): the session token is no longer valid (\(code)); get a new AWS_SESSION_TOKEN")
        case "RequestTimeTooSkewed": return Failure(.app, "\(shown): this machine's clock is wrong (\(code)); set it")
        case "InvalidObjectState":
            return Failure(.app, "\(shown): the object is archived (\(code)); restore it first")
        case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException":
            return elsewhere(shown, bucket: bucket, asked: region)
        case "": return (300...399).contains(status) ? elsewhere(shown, bucket: bucket, asked: region) : nil
        default:
            let cause: Cause = status >= 500 || code == "SlowDown" ? .infra : .app
            return Failure(cause, "\(shown) answered with status \(status): \(code.prefix(80))")
        }
    }

    private func elsewhere(_ shown: String, bucket: String, asked: String) -> Failure {
        let wayOut = region.map { "set AWS_REGION=\($0.prefix(40))" } ?? "set AWS_REGION to its region"
        return Failure(.app, "\(shown): the bucket `\(bucket)` is not in region \(asked); \(wayOut)")
    }

    private static func element(_ name: String, of text: String) -> String? {
        guard let start = text.firstRange(of: "<\(name)>"),
            let end = text[start.upperBound...].firstRange(of: "</\(name)>")
        else { return nil }
        let value = text[start.upperBound..<end.lowerBound]
        return value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "<") } ? String(value) : nil
    }
}
