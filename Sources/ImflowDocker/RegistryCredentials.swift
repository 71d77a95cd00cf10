import FoundationEssentials
import ImflowExecution
import ImflowHTTP
import ImflowJSON

/// What Docker's config.json knows of a registry: a helper program's word, or what `docker login` kept. It goes into one
/// header of one request, and nowhere else.
struct RegistryCredentials: Sendable {
    private static let patience = Duration.seconds(60)
    /// The name under which Docker keeps those of its own registry.
    private static let hubKey = "https://index.docker.io/v1/"

    let configuration: DockerConfiguration

    /// The value of `X-Registry-Auth`; nil: none are known, and whoever may do so pulls without.
    /// - Throws: ``Failure`` with cause `app`: what is there cannot be used.
    func header(for registry: String) async throws(Failure) -> String? {
        guard let known = try configuration.configuration() else { return nil }
        let key = registry == ImageReference.hub ? Self.hubKey : registry
        let helper = known["credHelpers"]?[registry]?.stringValue ?? known["credsStore"]?.stringValue
        let found: JSONObject?
        if let helper, !helper.isEmpty {
            found = try await ask(helper, for: key)
        } else {
            found = try stored(known["auths"], for: key)
        }
        guard var found else { return nil }
        found["serveraddress"] = .string(key)
        // URL-safe, as the engine decodes it (RFC 4648, section 5).
        return Data(JSONValue.object(found).text.utf8).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_")
    }

    /// Docker writes names with or without a scheme and a path.
    private func stored(_ auths: JSONValue?, for key: String) throws(Failure) -> JSONObject? {
        let wanted = Self.host(of: key)
        let entry = auths?[key] ?? auths?.objectValue?.first { Self.host(of: $0.key) == wanted }?.value
        guard let entry else { return nil }
        if let token = entry["identitytoken"]?.stringValue, !token.isEmpty { return ["identitytoken": .string(token)] }
        if let token = entry["registrytoken"]?.stringValue, !token.isEmpty { return ["registrytoken": .string(token)] }
        guard let auth = entry["auth"]?.stringValue, !auth.isEmpty else { return nil }
        guard let data = Data(base64Encoded: auth), let colon = data.firstIndex(of: UInt8(ascii: ":")) else {
            throw Failure(
                .app, "the entry of \(wanted) in \(configuration.folder)/config.json is damaged: `docker login` makes it anew")
        }
        let name = String(decoding: data[..<colon], as: UTF8.self)
        // Docker pads with NUL bytes.
        let secret = String(decoding: data[data.index(after: colon)...], as: UTF8.self)
        return ["username": .string(name), "password": .string(secret.filter { $0 != "\0" })]
    }

    /// The protocol of Docker's credential helpers: the registry's name in, JSON out.
    private func ask(_ helper: String, for key: String) async throws(Failure) -> JSONObject? {
        guard helper.utf8.allSatisfy(EngineAddress.isNameByte) else {
            throw Failure(.app, "\(configuration.folder)/config.json names a credential helper that is no name")
        }
        let name = "docker-credential-\(helper)"
        let answer = await withCheckedContinuation { (answer: CheckedContinuation<Result<[UInt8]?, Failure>, Never>) in
            let started = DetachedThread.start { answer.resume(returning: Self.run(name, path: configuration.path, for: key)) }
            if !started { answer.resume(returning: .failure(Failure(.infra, "there is no thread for \(name)"))) }
        }
        guard let bytes = try answer.get() else { return nil }
        guard let said = try? JSONValue.parse(bytes), let user = said["Username"]?.stringValue,
            let secret = said["Secret"]?.stringValue
        else { throw Failure(.app, "\(name) answers something that is no credential for \(Self.host(of: key))") }
        if user == "<token>" { return ["identitytoken": .string(secret)] }
        return ["username": .string(user), "password": .string(secret)]
    }

    /// Nil: it knows none.
    private static func run(_ name: String, path: String?, for key: String) -> Result<[UInt8]?, Failure> {
        do throws(Failure) {
            let tool = try SystemTool(name, arguments: ["get"], path: path)
            tool.say(Array(key.utf8))
            var speech = SystemTool.Speech()
            guard tool.listen(&speech, until: .now + patience) == .ended,
                let code = tool.exitCode(until: .now + .seconds(5))
            else { return .failure(Failure(.infra, "\(name) does not answer within \(patience)")) }
            if code == 0 { return .success(speech.output) }
            let said = String(decoding: speech.output.prefix(500), as: UTF8.self)
            if said.contains("credentials not found") { return .success(nil) }
            return .failure(Failure(.app, "\(name) has no credential for \(host(of: key)): exit code \(code)"))
        } catch {
            return .failure(error)
        }
    }

    private static func host(of key: String) -> String {
        var rest = key[...]
        if let scheme = rest.firstRange(of: "://") { rest = rest[scheme.upperBound...] }
        return String(rest.prefix { $0 != "/" })
    }
}
