@testable import ImflowDocker
import ImflowExecution
@testable import ImflowInvocation
import ImflowJSON
import ImflowPlan
@testable import ImflowProcess
import Testing

@Suite struct GPUPartsTests {
    private func device(_ index: Int, gibibytes: Int64 = 24, capability: Double = 8.6) -> GPUDevice {
        GPUDevice(
            index: index, uuid: "GPU-\(index)f", name: "Test", memory: gibibytes << 30, computeCapability: capability,
            driver: "550")
    }

    private func model(_ gpu: GPURequest?) -> ModelPlan {
        ModelPlan(name: "m", folder: "/", image: "i:1", resources: Resources(gpu: gpu))
    }

    private func launch(_ model: ModelPlan, devices: [String] = []) -> Launch {
        var launch = Launch(
            model: model, job: "j", task: "t", attempt: 1, token: "a", unit: nil, workFolder: "/w", environment: [:],
            logPath: "/l")
        launch.devices = devices
        return launch
    }

    @Test func whatNvidiaSMIPrintsIsReadOrLeftOut() {
        let text = """
            0, GPU-5a, NVIDIA A100-SXM4-80GB, 81920, 8.0, 550.54.14
            1, GPU-5b, Tesla T4, 15360, 7.5, 550.54.14\r

            2, GPU-5c, Broken, [N/A], 7.5, 550.54.14
            3, GPU-5d, Too many, 1, 7.5, 550, more
            x, GPU-5e, No index, 1, 7.5, 550
            4, 5f, No UUID, 1, 7.5, 550
            5, GPU-60, Far too much, 9223372036854775807, 7.5, 550
            """
        let inventory = NvidiaSMI.read(text)
        #expect(inventory.devices.map(\.uuid) == ["GPU-5a", "GPU-5b"])
        #expect(inventory.devices.map(\.memory) == [81920 << 20, 15360 << 20])
        #expect(inventory.remark == "5 lines of nvidia-smi say nothing that can be used")
        #expect(NvidiaSMI.read("").remark == "nvidia-smi knows of none")
        #expect(NvidiaSMI.read("No devices were found").devices.isEmpty)
    }

    @Test func theUsersOwnListIsReadAsCUDAReadsIt() {
        let all = GPUInventory(devices: (0..<4).map { device($0) })
        func left(_ text: String?) -> [Int] { all.visible(text).devices.map(\.index) }
        #expect(left(nil) == [0, 1, 2, 3])
        #expect(left("2,0") == [2, 0])
        #expect(left("GPU-3, 1") == [3, 1])
        #expect(left("") == [])
        #expect(left("-1,0") == [])
        #expect(left("0,7,1") == [0])
        #expect(left("1,1") == [1])
        #expect(left("GPU-") == [])
        #expect(left("0,,1") == [0])
        #expect(left("MIG-2f") == [])
    }

    @Test func aContainerIsGivenItsDevicesAndNoOthers() {
        func requests(_ launch: Launch) -> JSONValue? {
            ContainerSpec(
                launch: launch, image: "i:1", environment: [:], labels: [:], network: nil, takesInput: true, hasInit: false
            ).json["HostConfig"]?["DeviceRequests"]
        }
        let own = requests(launch(model(GPURequest(count: 2)), devices: ["GPU-a", "GPU-b"]))
        #expect(own == [["Driver": "nvidia", "Capabilities": [["gpu"]], "DeviceIDs": ["GPU-a", "GPU-b"]]])
        let any = requests(launch(model(GPURequest(count: 2))))
        #expect(any == [["Driver": "nvidia", "Capabilities": [["gpu"]], "Count": 2]])
        #expect(requests(launch(model(nil))) == nil)
        #expect(requests(launch(model(GPURequest(count: 0)))) == nil)
    }

    @Test func theSmallestThatFitGoFirstAndAllOrNothingIsTaken() async throws {
        let folder = try TemporaryFolder.make("gpus")
        defer { TemporaryFolder.remove(folder) }
        let inventory = GPUInventory(devices: [device(0, gibibytes: 80), device(1, gibibytes: 16), device(2, gibibytes: 40)])
        let here = GPUDevices(folder: folder, find: { inventory })
        let there = GPUDevices(folder: folder, find: { inventory })
        let wait = GPUWait(job: "j", task: "t", model: "m", reason: "")
        func need(_ count: Int, gibibytes: Int64 = 8) throws -> GPUNeed {
            try #require(GPUNeed(model(GPURequest(count: count, memory: ByteCount(bytes: gibibytes << 30)))))
        }
        let small = try await here.lease(try need(1), record: "a/", wait: wait) { _ in }
        #expect(small.devices.map(\.index) == [1])
        let notes = AsyncStream<String>.makeStream()
        let two = try need(2)
        let three = try need(3)
        async let all = there.lease(three, record: "b/", wait: wait) { notes.continuation.yield($0) }
        for await note in notes.stream {
            #expect(note == "waits for 3 GPUs of 8 GiB: those of this machine that fit (3) are in use")
            break
        }
        #expect(GPUWait.all(of: "j", folder: folder).map(\.task) == ["t"])
        #expect(GPUWait.all(of: "other", folder: folder).isEmpty)
        // The one that waits for three holds none of them meanwhile.
        let others = try await here.lease(two, record: "c/", wait: wait) { _ in }
        #expect(others.devices.map(\.index) == [2, 0])
        await here.giveBack(small)
        await here.giveBack(others)
        let lease = try await all
        #expect(lease.devices.count == 3)
        #expect(GPUWait.all(of: "j", folder: folder).isEmpty)
        lease.close()
        // An engine that takes a launch over knows its devices by the launch.
        #expect(await here.leaseAgain(record: "b/").devices.map(\.index) == [0, 1, 2])
        #expect(await here.leaseAgain(record: "zz/").devices.isEmpty)
    }

    @Test func whoIsCancelledWaitsNoMore() async throws {
        let folder = try TemporaryFolder.make("gpus")
        defer { TemporaryFolder.remove(folder) }
        let inventory = GPUInventory(devices: [device(0)])
        let devices = GPUDevices(folder: folder, find: { inventory })
        let wait = GPUWait(job: "j", task: "t", model: "m", reason: "")
        let need = try #require(GPUNeed(model(GPURequest(count: 1))))
        let first = try await devices.lease(need, record: "a/", wait: wait) { _ in }
        let notes = AsyncStream<String>.makeStream()
        let second = Task { () -> Failure? in
            do throws(Failure) {
                _ = try await devices.lease(need, record: "b/", wait: wait) { notes.continuation.yield($0) }
                return nil
            } catch { return error }
        }
        for await _ in notes.stream { break }
        second.cancel()
        #expect(await second.value?.cause == .cancelled)
        #expect(GPUWait.all(of: "j", folder: folder).isEmpty)
        await devices.giveBack(first)
        let impossible = try #require(GPUNeed(model(GPURequest(count: 2))))
        await #expect(throws: Failure.self) { _ = try await devices.lease(impossible, record: "c/", wait: wait) { _ in } }
    }
}
