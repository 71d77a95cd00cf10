package import ImflowExecution
import ImflowHTTP
import ImflowJSON
import ImflowPlan

/// What a container engine says of itself, for whoever wants to know whether models can run there.
package struct EngineExamination: Sendable, Equatable {
    /// Where it listens.
    package var place: String
    /// Whether it is on this machine.
    package var isHere: Bool
    /// Whether what answers is Podman's service.
    package var isPodman: Bool
    package var version: String
    package var apiVersion: String
    package var storageDriver: String
    /// Where it keeps images and containers, on its machine.
    package var root: String
    /// `1` or `2`; empty: it does not say.
    package var cgroupVersion: String
    package var hasSeccomp: Bool
    package var hasInit: Bool
    package var hasGPURuntime: Bool
    package var cores: Int
    /// In bytes.
    package var memory: Int64
    package var networks: [String]
    /// Its own.
    package var warnings: [String]

    /// Asks an engine; nil: the one that the docker command would use. Throws ``Failure`` when it cannot be reached, is too
    /// old, or is none. To be given a time limit.
    package static func of(_ entry: EngineEntry?) async throws(Failure) -> EngineExamination {
        let address = entry?.location ?? EngineAddress.chosen()
        let engine = EngineClient(address: address, client: HTTPClient())
        defer { engine.close() }
        let version = try await json("/version", of: engine)
        let info = try await json("/info", of: engine)
        let networks = try await json("/networks", of: engine)
        return EngineExamination(
            place: engine.place, isHere: (try? address.get())?.sharesDisk ?? false, version: version, info: info,
            networks: networks)
    }

    /// The address that is tried; the reason why there is none.
    package static var chosenPlace: String {
        switch EngineAddress.chosen() {
        case .success(let address): address.description
        case .failure(let failure): failure.message
        }
    }

    init(place: String, isHere: Bool, version: JSONValue, info: JSONValue, networks: JSONValue) {
        func text(_ value: JSONValue?) -> String { value?.stringValue ?? "" }
        self.place = place
        self.isHere = isHere
        let components = (version["Components"]?.arrayValue ?? []).map { text($0["Name"]) }
        isPodman = components.contains { $0.hasPrefix("Podman") }
        self.version = text(version["Version"])
        apiVersion = text(version["ApiVersion"])
        storageDriver = text(info["Driver"])
        root = text(info["DockerRootDir"])
        cgroupVersion = text(info["CgroupVersion"])
        hasSeccomp = (info["SecurityOptions"]?.arrayValue ?? []).contains { text($0).contains("seccomp") }
        let commit = text(info["InitCommit"]?["ID"])
        hasInit = !commit.isEmpty && commit != "N/A"
        let devices = info["DiscoveredDevices"]?.arrayValue ?? []
        hasGPURuntime = info["Runtimes"]?["nvidia"] != nil || !devices.isEmpty
        cores = info["NCPU"]?.intValue ?? 0
        memory = Int64(info["MemTotal"]?.intValue ?? 0)
        self.networks = (networks.arrayValue ?? []).map { text($0["Name"]) }
        warnings = (info["Warnings"]?.arrayValue ?? []).map(text).filter { !$0.isEmpty }
    }

    private static func json(_ path: String, of engine: EngineClient) async throws(Failure) -> JSONValue {
        let answer = try await engine.call("GET", path, purpose: "asking what it is")
        guard answer.isSuccess else {
            throw Failure(.infra, "the Docker engine at \(engine.place) does not say what it is: \(answer.message)")
        }
        return answer.json
    }
}
