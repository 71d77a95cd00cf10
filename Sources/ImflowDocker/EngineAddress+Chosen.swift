import ImflowContent
package import ImflowExecution
import ImflowHTTP
import ImflowInvocation
import ImflowJSON

extension EngineAddress {
    /// The engine that the docker command would use: `DOCKER_HOST`, else the context that `DOCKER_CONTEXT` or Docker's
    /// config.json names, else this machine's.
    /// - Parameter variable: the environment.
    package static func chosen(
        variable: @escaping (String) -> String? = ModelEnvironment.ownVariable
    ) -> Result<EngineAddress, Failure> {
        let configuration = DockerConfiguration(variable: variable)
        do throws(Failure) {
            if let host = set(variable("DOCKER_HOST")) { return .success(try named(host, variable: variable)) }
            var name = set(variable("DOCKER_CONTEXT"))
            if name == nil { name = try configuration.currentContext() }
            if let name, name != "default" {
                return .success(try context(name, in: configuration, allowsPlain: allowsPlain(variable)))
            }
            return .success(try named(nil, variable: variable))
        } catch {
            return .failure(error)
        }
    }

    /// An address as the user gives it, by `DOCKER_HOST` or an option, with the certificates that `DOCKER_TLS_VERIFY` and
    /// `DOCKER_CERT_PATH` speak of.
    /// - Parameter text: nil: the standard one.
    package static func named(
        _ text: String?, variable: @escaping (String) -> String? = ModelEnvironment.ownVariable
    ) throws(Failure) -> EngineAddress {
        var certificates: TLSCertificates?
        if set(variable("DOCKER_TLS_VERIFY")) != nil {
            let folder = set(variable("DOCKER_CERT_PATH")) ?? DockerConfiguration(variable: variable).folder
            certificates = TLSCertificates(in: folder)
        }
        let standard = certificates == nil ? "unix://\(standardSocket)" : "tcp://localhost:\(securePort)"
        return try EngineAddress(
            text ?? standard, certificates: certificates, allowsPlain: allowsPlain(variable))
    }

    private static func allowsPlain(_ variable: (String) -> String?) -> Bool {
        set(variable("IMFLOW_DOCKER_PLAIN_TCP")).map { $0 != "0" && $0 != "false" } ?? false
    }

    private static func set(_ value: String?) -> String? { value.flatMap { $0.isEmpty ? nil : $0 } }

    /// Docker keeps a context's description and its certificates under the hash of its name.
    private static func context(
        _ name: String, in configuration: DockerConfiguration, allowsPlain: Bool
    ) throws(Failure) -> EngineAddress {
        let hash = ContentHash(of: Array(name.utf8)).hex
        let path = "\(configuration.folder)/contexts/meta/\(hash)/meta.json"
        guard let meta = try DockerConfiguration.json(at: path) else {
            throw Failure(
                .infra, "there is no Docker context \(name) (\(path) is not there): `docker context ls` lists them")
        }
        let endpoint = meta["Endpoints"]?["docker"]
        guard let host = set(endpoint?["Host"]?.stringValue) else {
            throw Failure(.infra, "the Docker context \(name) names no engine: see `docker context inspect \(name)`")
        }
        guard endpoint?["SkipTLSVerify"]?.boolValue != true else {
            throw Failure(
                .infra,
                "the Docker context \(name) skips the check of who answers, which imflow does not: give it the ca.pem")
        }
        let files = TLSCertificates(in: "\(configuration.folder)/contexts/tls/\(hash)/docker", ifThere: true)
        return try EngineAddress(host, certificates: files, allowsPlain: allowsPlain)
    }
}

extension TLSCertificates {
    /// `ca.pem`, `cert.pem` and `key.pem`.
    init(in folder: String) {
        self.init(authority: folder + "/ca.pem", certificate: folder + "/cert.pem", key: folder + "/key.pem")
    }

    /// What the folder has of them; nil: nothing.
    init?(in folder: String, ifThere: Bool) {
        let all = TLSCertificates(in: folder)
        let has = DockerConfiguration.exists
        let pair = has(all.certificate ?? "") && has(all.key ?? "")
        self.init(
            authority: all.authority.flatMap { has($0) ? $0 : nil }, certificate: pair ? all.certificate : nil,
            key: pair ? all.key : nil)
        if authority == nil, certificate == nil { return nil }
    }
}
