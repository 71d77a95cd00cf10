import ImflowContent
import ImflowEngine
import ImflowExecution
import ImflowJSON
import ImflowStore

/// What an export holds: each file's path, its bytes or its content, and its hash.
struct ExportTree {
    enum Source {
        case bytes([UInt8])
        case content
    }

    struct File {
        var path: String
        var hash: ContentHash
        var size: Int64
        var source: Source
        /// `job`, `plan`, `input`, `output`, `result` or `content`.
        var role: String
        /// What the job calls it; nil: nothing.
        var reference: String?
    }

    private let content: ContentStore
    private(set) var files: [File] = []
    private var jobs: [JSONValue] = []
    /// By path, in small letters: not every file system tells them apart.
    private var taken: [String: ContentHash] = [:]

    init(content: ContentStore) { self.content = content }

    /// Adds a content under its hash.
    mutating func add(_ hash: ContentHash) throws {
        try add(hash, "contents/\(hash.hex)", role: "content", reference: nil)
    }

    /// Adds a job: how it went, with its receipts; its plan, input and output, and the files that they name.
    /// - Parameter withResults: what each of its tasks made, too.
    mutating func add(_ row: JobRow, in state: State, withResults: Bool) async throws {
        let folder = "jobs/\(row.id)"
        let machine = try await state.machine(row)
        let view = JobView(
            id: row.id, content: content, summary: machine.summary, isDriven: false,
            holes: machine.status == .partial ? try Holes(machine, content: content) : nil)
        guard case .object(var members) = try view.json(receipts: try await state.receipts(row)) else { return }
        // Paths of this machine.
        for name in ["output_files", "output_path"] { members[name] = nil }
        add(Array((JSONValue.object(members).prettyText + "\n").utf8), "\(folder)/job.json", role: "job")
        try add(row.plan, "\(folder)/plan.json", role: "plan", files: nil)
        if let input = machine.jobInput { try add(input, "\(folder)/input.json", role: "input", files: "\(folder)/inputs") }
        if let output = machine.output {
            try add(output, "\(folder)/output.json", role: "output", files: "\(folder)/outputs")
        }
        if withResults {
            for task in machine.tasks.indices {
                guard machine.tasks[task].status == .succeeded, machine.tasks[task].kind != .fetch,
                    let result = machine.tasks[task].result
                else { continue }
                let name = "\(folder)/results/\(machine.subJobID(of: task))"
                try add(result, name + ".json", role: "result", files: name)
            }
        }
        jobs.append([
            "job_id": .string(row.id), "status": .string(view.status.rawValue),
            "output_hash": machine.output.map { .string($0.hash.description) } ?? .null,
        ])
    }

    /// A value, and below the folder `files` the files that it names.
    private mutating func add(_ payload: Payload, _ path: String, role: String, files folder: String?) throws {
        if let inline = payload.inline {
            add(Array(inline.utf8), path, role: role)
        } else {
            try add(payload.hash, path, role: role, reference: nil)
        }
        guard let folder else { return }
        for reference in try content.value(of: payload).contentReferences.sorted(by: { $0.text < $1.text }) {
            try add(reference.hash, "\(folder)/\(Self.fileName(reference.name))", role: role, reference: reference.text)
        }
    }

    private mutating func add(_ bytes: [UInt8], _ path: String, role: String) {
        let hash = ContentHash(of: bytes)
        guard let path = free(path, for: hash) else { return }
        files.append(File(path: path, hash: hash, size: Int64(bytes.count), source: .bytes(bytes), role: role))
    }

    private mutating func add(_ hash: ContentHash, _ path: String, role: String, reference: String?) throws {
        guard let size = content.size(of: hash) else {
            throw CommandFailure(
                .failed, "\(path) cannot be exported: the content store lacks \(hash); imflow resume makes it again")
        }
        guard let path = free(path, for: hash) else { return }
        files.append(File(path: path, hash: hash, size: size, source: .content, role: role, reference: reference))
    }

    /// A path that nothing else has; nil when this content has it already.
    private mutating func free(_ path: String, for hash: ContentHash) -> String? {
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        let dot = path[slash...].lastIndex(of: ".").flatMap { $0 > path.index(after: slash) ? $0 : nil } ?? path.endIndex
        var candidate = path
        var number = 2
        while let owner = taken[candidate.lowercased()] {
            if owner == hash { return nil }
            candidate = "\(path[..<dot])-\(number)\(path[dot...])"
            number += 1
        }
        taken[candidate.lowercased()] = hash
        return candidate
    }

    /// Without what `sha256sum` would have to escape.
    private static func fileName(_ name: String) -> String {
        String(String.UnicodeScalarView(name.unicodeScalars.map { $0.value < 0x20 || $0 == "\\" || $0.value == 0x7F ? "_" : $0 }))
    }

    /// All files in the order of their paths, with a manifest and what `sha256sum -c` reads.
    func sealed() -> [File] {
        var all = files.sorted { $0.path < $1.path }
        let entries = all.map { file -> JSONValue in
            var entry: JSONObject = [
                "path": .string(file.path), "hash": .string(file.hash.description), "size": .int(file.size),
                "role": .string(file.role),
            ]
            if let reference = file.reference { entry["reference"] = .string(reference) }
            return .object(entry)
        }
        let manifest: JSONValue = ["schema": "imflow.export/v1", "jobs": .array(jobs), "files": .array(entries)]
        all.append(Self.made("manifest.json", manifest.prettyText + "\n"))
        all.append(Self.made("SHA256SUMS", all.map { "\($0.hash.hex)  \($0.path)\n" }.joined()))
        return all.sorted { $0.path < $1.path }
    }

    private static func made(_ path: String, _ text: String) -> File {
        let bytes = Array(text.utf8)
        return File(path: path, hash: ContentHash(of: bytes), size: Int64(bytes.count), source: .bytes(bytes), role: "manifest")
    }
}
