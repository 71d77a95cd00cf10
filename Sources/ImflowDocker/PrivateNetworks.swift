import Glibc
import ImflowExecution
import ImflowJSON

/// Networks of a job: one for `rest` instances, which this machine reaches and which do not reach out, nor each other; and one
/// for models that are said to reach out.
actor PrivateNetworks {
    private let engine: EngineClient
    private let identity: ContainerIdentity
    private var pending: [String: Task<Result<String, Failure>, Never>] = [:]
    private var jobs: Set<String> = []

    init(engine: EngineClient, identity: ContainerIdentity) {
        self.engine = engine
        self.identity = identity
    }

    /// The name of the job's network, which is there now. Callers that come at once share one look.
    func network(for job: String, outbound: Bool) async throws(Failure) -> String {
        let name = identity.networkName(job: job, outbound: outbound)
        let look = pending[name] ?? Task { await self.ensure(name, job, outbound: outbound) }
        pending[name] = look
        let result = await look.value
        pending[name] = nil
        return try result.get()
    }

    /// Removes the job's networks if no container uses them.
    func remove(job: String) async {
        let listed = try? await engine.call(
            "GET", "/networks", query: [("filters", identity.filters(job: job))], purpose: "listing networks")
        for network in listed?.json.arrayValue ?? [] {
            guard let id = network["Id"]?.stringValue else { continue }
            _ = try? await engine.call("DELETE", "/networks/\(id)", purpose: "removing a network")
        }
        jobs.remove(job)
    }

    /// Removes what was used through this value.
    func removeAll() async {
        for job in jobs { await remove(job: job) }
    }

    private func ensure(_ name: String, _ job: String, outbound: Bool) async -> Result<String, Failure> {
        do throws(Failure) {
            let known = try await engine.call("GET", "/networks/\(name)", purpose: "looking at network \(name)")
            if known.isSuccess { try check(known.json, name, outbound) } else { try await create(name, job, outbound) }
            if !outbound { try await requireReachable(name) }
        } catch {
            return .failure(error)
        }
        jobs.insert(job)
        return .success(name)
    }

    private func create(_ name: String, _ job: String, _ outbound: Bool) async throws(Failure) {
        let answer = try await engine.call(
            "POST", "/networks/create",
            body: .object([
                "Name": .string(name), "CheckDuplicate": true, "Driver": "bridge", "Internal": .bool(!outbound),
                "Options": .object(["com.docker.network.bridge.enable_icc": "false"]),
                "Labels": ContainerSpec.object(identity.labels(job: job)),
            ]), purpose: "making network \(name)")
        // 409: another process was faster.
        guard answer.isSuccess || answer.status == 409 else {
            throw Failure(
                .infra,
                "the Docker engine makes no private network: \(answer.message); "
                    + "`docker network prune` removes unused ones"
            )
        }
    }

    /// Whether the engine's bridges are interfaces of this machine. Asked by a network of its own, whose bridge is named by
    /// the network's id: addresses and names of other networks are the same on many machines.
    func areHere() async throws(Failure) -> Bool {
        // Of a process that was killed in the middle of this.
        await removeProbes()
        let name = "imflow-\(identity.state.prefix(8))-probe-\(UInt32.random(in: .min ... .max))"
        let made = try await engine.call(
            "POST", "/networks/create",
            body: .object([
                "Name": .string(name), "Driver": "bridge", "Internal": true,
                "Labels": ContainerSpec.object([ContainerIdentity.Label.probe: identity.state]),
            ]), purpose: "making network \(name)")
        guard made.isSuccess, let id = made.json["Id"]?.stringValue else {
            throw Failure(.infra, "the Docker engine makes no private network: \(made.message)")
        }
        let bridge = id.prefix(12)
        let isHere = bridge.allSatisfy(\.isHexDigit) && access("/sys/class/net/br-\(bridge)", F_OK) == 0
        await uncancelled { [engine] in
            _ = try? await engine.call("DELETE", "/networks/\(id)", purpose: "removing a network")
        }
        return isHere
    }

    private func removeProbes() async {
        let label = JSONValue.string("\(ContainerIdentity.Label.probe)=\(identity.state)")
        let listed = try? await engine.call(
            "GET", "/networks", query: [("filters", JSONValue.object(["label": [label]]).text)], purpose: "listing networks")
        for network in listed?.json.arrayValue ?? [] {
            guard let id = network["Id"]?.stringValue else { continue }
            _ = try? await engine.call("DELETE", "/networks/\(EngineClient.escaped(id))", purpose: "removing a network")
        }
    }

    /// Podman's older networks (CNI) leave this machine without an address in one that leads nowhere: requests would go to
    /// whoever answers for the address outside.
    private func requireReachable(_ name: String) async throws(Failure) {
        guard try await engine.isPodman() else { return }
        let network = try await engine.call("GET", "/networks/\(name)", purpose: "looking at network \(name)")
        let gateway = network.json["IPAM"]?["Config"]?.arrayValue?.first?["Gateway"]?.stringValue ?? ""
        guard gateway.isEmpty || gateway.contains("nil") else { return }
        throw Failure(
            .app,
            "Podman's CNI networks cannot be reached from this machine when they lead nowhere: install netavark and set "
                + "network_backend = \"netavark\" in containers.conf, or declare `network: outbound`")
    }

    /// A network of this name that somebody else made might lead out.
    private func check(_ network: JSONValue, _ name: String, _ outbound: Bool) throws(Failure) {
        let isOurs = network["Labels"]?[ContainerIdentity.Label.state]?.stringValue == identity.state
        guard isOurs, network["Internal"]?.boolValue == !outbound else {
            throw Failure(.infra, "a Docker network named \(name) exists that imflow did not make: remove or rename it")
        }
    }
}
