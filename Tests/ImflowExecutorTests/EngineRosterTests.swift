import ImflowExecution
import ImflowHTTP
import ImflowPlan
import Testing

@testable import ImflowDocker

/// Who gets a place where, without an engine.
@Suite struct EngineRosterTests {
    private let engines: DockerEngines
    private var roster: EngineRoster { engines.roster }
    private let links: [EngineLink]

    /// The first has 2 cores, the second 8 and a GPU, the third, far away, 4 slots on 64 cores.
    init() throws {
        let entries = try ["unix:///a", "unix:///b", "tcp://127.0.0.1:9,slots=4"].map { text throws(Failure) in
            try EngineEntry(text)
        }
        let engines = DockerEngines(entries, node: "0x", stateRoot: "/tmp", note: { _ in })
        self.engines = engines
        links = entries.map { EngineLink(host: engines.host(of: $0)) }
        let infos = [(2, false), (8, true), (64, false)]
        for (index, info) in infos.enumerated() {
            roster.arrived(index, links[index], EngineInfo(cores: info.0, memory: 8 << 30, hasGPU: info.1))
            roster.has("i", at: index)
        }
    }

    private func order(_ token: String, beside: String? = nil) -> WorkOrder {
        WorkOrder(
            job: "j", task: "t", stage: "s", attempt: 1, token: token, beside: beside,
            work: .fetch(FetchWork(input: .null, pointers: [])))
    }

    private func seat(
        _ token: String = "x", beside: String? = nil, holder: Int? = nil, _ change: (inout ModelPlan) -> Void = { _ in }
    ) -> EngineSeat? {
        var model = ModelPlan(name: "m", folder: "/", image: "i", command: [])
        change(&model)
        let choice = roster.choose(for: order(token, beside: beside), model: model, holder: holder, in: engines)
        if case .place(let seat) = choice { return seat }
        return nil
    }

    @Test func theEngineWithMostRoomIsNext() {
        #expect(engines.places == 14)
        let places = (0..<14).compactMap { _ in seat()?.index }
        // Free places: 8, 7, 6, 5, then two engines with 4, and so on; of equals the first that was named.
        #expect([0, 1, 2].map { index in places.count { $0 == index } } == [2, 8, 4])
        #expect(Array(places.prefix(7)) == [1, 1, 1, 1, 1, 2, 1])
        #expect(seat() == nil)
    }

    @Test func aPlaceThatIsLeftIsFree() {
        for index in [1, 2] { #expect(roster.left(index, links[index])) }
        #expect(roster.left(0, links[0]))
        roster.arrived(0, EngineLink(host: links[0].host), EngineInfo(cores: 1, memory: 1 << 30, hasGPU: false))
        roster.has("i", at: 0)
        let seat = seat()
        #expect(seat?.index == 0)
        #expect(self.seat() == nil)
        seat?.leave()
        #expect(self.seat()?.index == 0)
    }

    @Test func coresAndMemoryAreCountedWhereSlotsAreNot() {
        #expect(seat { $0.resources.cpu = 6 }?.index == 1)
        // Two cores are left there; six more are nowhere but where slots count.
        #expect(seat { $0.resources.cpu = 6 }?.index == 2)
        #expect(seat { $0.resources.memory = ByteCount(bytes: 6 << 30) }?.index == 2)
        #expect(seat { $0.resources.memory = ByteCount(bytes: 6 << 30) }?.index == 0)
        #expect(seat { $0.resources.memory = ByteCount(bytes: 6 << 30) }?.index == 1)
        #expect(seat { $0.resources.memory = ByteCount(bytes: 6 << 30) } == nil)
    }

    @Test func whatAnEngineLacksKeepsAModelAway() {
        #expect(seat { $0.resources.gpu = GPURequest(count: 1) }?.index == 1)
        #expect(seat { $0.resources.cpu = 32 }?.index == 2)
        #expect(seat { $0.resources.cpu = 65 } == nil)
        #expect(seat { $0.image = "elsewhere" } == nil)
        roster.has("elsewhere", at: 0)
        #expect(seat { $0.image = "elsewhere" }?.index == 0)
        // One that listens cannot be reached on another machine.
        let places = (0..<20).compactMap { _ in seat { $0.callProtocol = .rest }?.index }
        #expect(!places.contains(2) && places.contains(0))
    }

    @Test func aHedgeRunsElsewhereWhereItCan() {
        #expect(seat("first")?.index == 1)
        #expect(seat("hedge", beside: "first")?.index == 2)
        _ = roster.left(2, links[2])
        _ = roster.left(0, links[0])
        #expect(seat("hedge-2", beside: "first")?.index == 1)
    }

    @Test func whoHoldsTheContainersGetsTheAttemptHoweverFullItIs() {
        for _ in 0..<14 { _ = seat() }
        #expect(seat(holder: 0)?.index == 0)
        _ = roster.left(0, links[0])
        #expect(seat(holder: 0) == nil)
    }

    @Test func whatAModelSubmittedNeverWaitsForItsParentsPlace() {
        for _ in 0..<14 { _ = seat() }
        var child = order("child")
        child.root = "parent"
        let model = ModelPlan(name: "m", folder: "/", image: "i", command: [])
        guard case .place(let seat) = roster.choose(for: child, model: model, holder: nil, in: engines) else {
            Issue.record("it waits")
            return
        }
        // It is counted all the same.
        self.seat(holder: seat.index)?.leave()
        #expect(self.seat() == nil)
        child.root = "j"
        guard case .full = roster.choose(for: child, model: model, holder: nil, in: engines) else {
            Issue.record("the job itself waits its turn")
            return
        }
    }

    @Test func anEngineThatHasGoneIsCutOnceAndForGood() async {
        let seat = seat()
        #expect(roster.left(1, links[1]))
        #expect(!roster.left(1, links[1]))
        await seat?.gone()
        #expect(links[1].isCut)
        #expect(await seat?.answers() == false)
        let answer = await links[1].host.containers.engine.answersPing(within: TimeSpan(seconds: 60))
        #expect(!answer)
        // Its load went with it.
        seat?.leave()
        #expect(roster.members[1].link == nil)
    }

    @Test(arguments: [
        ("unix:///a", nil, nil, nil), ("tcp://h:1,slots=4", 4, nil, nil),
        ("ssh://u@h,files=bind,certs=/c,slots=4096", 4096, ContainerFiles.bind, "/c"),
    ])
    func optionsOfAnEngineAreRead(text: String, slots: Int?, files: ContainerFiles?, certificates: String?) throws {
        let entry = try EngineEntry(text)
        #expect(entry.address == text.prefix { $0 != "," })
        #expect(entry.slots == slots && entry.files == files && entry.certificates == certificates)
    }

    @Test(arguments: ["", ",slots=1", "a,slots", "a,slots=0", "a,slots=4097", "a,slots=x", "a,files=copy", "a,certs=c", "a,b=c"])
    func optionsThatAreNoneAreRefused(text: String) {
        #expect(throws: Failure.self) { _ = try EngineEntry(text) }
    }

    @Test func theAddressTellsHowFilesGetThere() throws {
        let ways = try ["unix:///a", "tcp://127.0.0.1:1", "ssh://h", "unix:///a,files=archive", "tcp://127.0.0.1:1,files=bind"]
            .map { text throws(Failure) in
                DockerHost(try EngineEntry(text), client: HTTPClient(), node: "0x", stateRoot: "/tmp").files
            }
        #expect(ways == [.bind, .archive, .archive, .archive, .bind])
    }
}
