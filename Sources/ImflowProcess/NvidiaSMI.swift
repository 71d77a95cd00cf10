import Dispatch
import Glibc
import ImflowExecution
package import ImflowInvocation

/// NVIDIA's `nvidia-smi`, which comes with the driver: what GPUs this machine has.
package enum NvidiaSMI {
    private static let program = "nvidia-smi"
    private static let fields = ["index", "uuid", "name", "memory.total", "compute_cap", "driver_version"]
    private static let outputLimit = 1 << 20
    /// A driver that hangs must not hang us.
    private static let patience = DispatchTimeInterval.seconds(20)

    /// What there is for this process: `CUDA_VISIBLE_DEVICES`, where it is set, leaves some out.
    package static func inventory() -> GPUInventory {
        all().visible(ModelEnvironment.ownVariable("CUDA_VISIBLE_DEVICES"))
    }

    /// All that the machine has. Waits for the program, a bounded time.
    package static func all() -> GPUInventory {
        do throws(Failure) {
            let path = ModelEnvironment.ownVariable("PATH") ?? "/usr/local/bin:/usr/bin:/bin"
            guard let found = self.path(in: path) else {
                return GPUInventory(remark: "there is no \(program) in PATH: install NVIDIA's driver")
            }
            let (output, status) = try run(found)
            guard status == 0 else { return GPUInventory(remark: complaint(output, status)) }
            return read(String(decoding: output, as: UTF8.self))
        } catch { return GPUInventory(remark: error.message) }
    }

    /// The lines of `--format=csv,noheader,nounits`; memory is in MiB there. Lines that are none are left out.
    static func read(_ text: String) -> GPUInventory {
        var devices: [GPUDevice] = []
        var strange = 0
        for line in text.split(whereSeparator: \.isNewline) {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false).map { cell in
                String(cell.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            }
            guard cells.count == fields.count, let index = Int(cells[0]), cells[1].hasPrefix("GPU-"),
                let mebibytes = Int64(cells[3]), (0...(1 << 30)).contains(mebibytes), let capability = Double(cells[4])
            else {
                strange += 1
                continue
            }
            devices.append(
                GPUDevice(
                    index: index, uuid: cells[1], name: cells[2], memory: mebibytes << 20, computeCapability: capability,
                    driver: cells[5]))
        }
        let remark = strange > 0 ? "\(strange) lines of \(program) say nothing that can be used" : nil
        return GPUInventory(devices: devices, remark: devices.isEmpty ? remark ?? "\(program) knows of none" : remark)
    }

    private static func path(in path: String) -> String? {
        path.split(separator: ":").map { "\($0)/\(program)" }.first { $0.hasPrefix("/") && access($0, X_OK) == 0 }
    }

    private static func run(_ path: String) throws(Failure) -> (output: [UInt8], status: Int32) {
        let output = try OutputPipe()
        let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(nothing) }
        // Its own environment would show it fewer devices than there are.
        let variables = ["PATH", "LD_LIBRARY_PATH", "HOME"].compactMap { name in
            ModelEnvironment.ownVariable(name).map { (name, $0) }
        }
        let order = Program(
            model: program, path: path, folder: "/", name: program,
            arguments: ["--query-gpu=" + fields.joined(separator: ","), "--format=csv,noheader,nounits"],
            variables: Dictionary(uniqueKeysWithValues: variables))
        let child = try ChildProcess(order, input: nothing, output: output.programEnd, error: nothing)
        output.releaseProgramEnd()
        let late = DispatchWorkItem { child.stop(grace: .zero) }
        DispatchQueue.global().asyncAfter(deadline: .now() + patience, execute: late)
        defer { late.cancel() }
        var collected = OutputBuffer(limit: outputLimit)
        let status = child.wait(reading: [ChildProcess.Stream(descriptor: output.reading) { collected.append($0) }])
        return (collected.bytes, status)
    }

    private static func complaint(_ output: [UInt8], _ status: Int32) -> String {
        let signal = status & 0x7F
        if signal != 0 { return "\(program) was ended by signal \(signal), or did not answer within 20 s" }
        let words = Quotation.printable(Array(output.prefix(200)), keepingLines: false)
        return "\(program) exited with code \(status >> 8 & 0xFF)\(words.isEmpty ? "" : ": \(words)")"
    }
}
