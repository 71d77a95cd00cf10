import Glibc
import ImflowExecution
package import ImflowJSON

/// The files by which all engines of a user on this machine share its GPUs: who has the lock of a device's file (flock(2))
/// has the device, and the end of a process, however it comes, ends its locks.
struct GPULocks: Sendable {
    /// Not below a state folder: devices are the machine's. Not below `TMPDIR`, which may differ between engines.
    static var home: String { "/tmp/imflow-gpus-\(geteuid())" }

    private static let recordLimit = 4096
    private static let waitPrefix = "waits."

    let folder: String

    /// Makes the folder, for this user alone.
    func prepare() throws(Failure) {
        mkdir(folder, 0o700)
        var status = stat()
        guard lstat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid() else {
            throw Failure(.infra, "\(folder), by which engines share GPUs, is not a folder of this user: remove it")
        }
    }

    /// Nil: somebody has the device, or its file cannot be used.
    /// - Parameter record: what stands in the file while the lock is held.
    func lock(_ device: GPUDevice, record: String) -> Int32? {
        lock(file: path(device), record: record)
    }

    /// What stands in the device's file, of whoever has it or had it last.
    func record(of device: GPUDevice) -> String? { read(path(device)) }

    /// Says that somebody waits, until the descriptor is closed and the file removed.
    func announce(_ wait: GPUWait, number: Int) -> (descriptor: Int32, path: String)? {
        let path = "\(folder)/\(Self.waitPrefix)\(getpid()).\(number)"
        return lock(file: path, record: wait.json.text).map { ($0, path) }
    }

    /// Those who wait now. What the dead have left is removed.
    func waits() -> [GPUWait] {
        WorkFolder.names(in: folder).filter { $0.hasPrefix(Self.waitPrefix) }.sorted().compactMap { name in
            let path = folder + "/" + name
            let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
            guard descriptor >= 0 else { return nil }
            defer { close(descriptor) }
            guard flock(descriptor, LOCK_SH | LOCK_NB) != 0 else {
                unlink(path)
                return nil
            }
            return read(path).flatMap { try? JSONValue.parse(Array($0.utf8)) }.flatMap(GPUWait.init)
        }
    }

    private func path(_ device: GPUDevice) -> String {
        folder + "/" + device.uuid.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") } + ".lock"
    }

    private func lock(file path: String, record: String) -> Int32? {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return nil }
        var own = stat()
        var named = stat()
        // Somebody may have removed the file meanwhile; then the lock is one of nothing.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &own) == 0, lstat(path, &named) == 0,
            own.st_ino == named.st_ino
        else {
            close(descriptor)
            return nil
        }
        let bytes = Array(record.utf8.prefix(Self.recordLimit))
        ftruncate(descriptor, 0)
        pwrite(descriptor, bytes, bytes.count, 0)
        return descriptor
    }

    private func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let bytes = [UInt8](unsafeUninitializedCapacity: Self.recordLimit) { buffer, count in
            count = max(0, Glibc.read(descriptor, buffer.baseAddress, buffer.count))
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Who waits for GPUs.
package struct GPUWait: Sendable, Equatable {
    package var job: String
    /// `instance` for a warm instance.
    package var task: String
    package var model: String
    /// What it asks for, and what keeps it waiting: the rest of a sentence that begins with “waits for”.
    package var reason: String

    package init(job: String, task: String, model: String, reason: String) {
        self.job = job
        self.task = task
        self.model = model
        self.reason = reason
    }

    init?(_ json: JSONValue) {
        guard let job = json["job"]?.stringValue, let task = json["task"]?.stringValue,
            let model = json["model"]?.stringValue, let reason = json["reason"]?.stringValue
        else { return nil }
        self.init(job: job, task: task, model: model, reason: reason)
    }

    package var json: JSONValue {
        ["job": .string(job), "task": .string(task), "model": .string(model), "reason": .string(reason)]
    }

    /// Those who wait now for this job, under any engine of this user on this machine.
    /// - Parameter folder: nil: where engines share their GPUs.
    package static func all(of job: String, folder: String? = nil) -> [GPUWait] {
        GPULocks(folder: folder ?? GPULocks.home).waits().filter { $0.job == job }
    }
}
