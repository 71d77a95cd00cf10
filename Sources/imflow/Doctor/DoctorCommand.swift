import ArgumentParser
import FoundationEssentials

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Say what this machine can run; look for damage in a state folder, and repair it.",
        discussion: """
            Looks at the machine (cores, memory, disk, control groups, container engine, GPUs, libraries), and with models \
            named, at whether they can run here; each thing that is lacking comes with what to do about it. Then at the state \
            folder: the database's file, each job's journal and plan, every stored content (its bytes are hashed \
            again), the leases and work folders that engines left behind, and the free space. --repair takes out what is \
            damaged and what nobody needs; jobs whose outputs or journals it hits make them again on imflow resume. \
            A database that is no longer whole is kept beside the one that is made of what can be read. Nothing is repaired \
            while an engine runs there. Exits with 1 when a named model cannot run here or damage in the state folder is left, \
            else with 0: what a machine lacks is a finding only for a model that needs it.
            """)

    @Argument(help: ArgumentHelp("Models that are to run here: names, or paths of manifests or folders.", valueName: "model"))
    var models: [String] = []
    @Flag(help: "Repair what can be repaired in the state folder, and look at nothing else.")
    var repair = false
    @Flag(help: "Do not hash stored contents again: much faster where there are many.")
    var quick = false
    @Flag(help: "Look at the state folder only.")
    var stateOnly = false
    @Flag(help: "Look at the machine, and at the named models, only.")
    var machineOnly = false
    @Option(help: "Where the named models are to run: auto (docker when one has an image, else process), process or docker.")
    var executor: ExecutorChoice = .auto
    @OptionGroup var engines: EngineOptions
    @OptionGroup var search: ModelOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var state: StateOptions

    func validate() throws {
        if machineOnly, stateOnly || repair {
            throw ValidationError("--machine-only leaves out the state folder, which \(repair ? "--repair" : "--state-only") looks at")
        }
        if !models.isEmpty, stateOnly || repair {
            throw ValidationError("whether models run here is a question to the machine: leave out \(repair ? "--repair" : "--state-only")")
        }
    }

    func run() async throws {
        let folder = state.folder
        let isThere = FileManager.default.fileExists(atPath: folder.root)
        // One that nobody named is made by the first run.
        guard isThere || machineOnly || (state.state == nil && !stateOnly && !repair) else {
            throw CommandFailure(.usage, "there is no state folder \(folder.root): name another one with --state")
        }
        var report = DoctorReport(folder: folder, isRepairing: repair)
        if !stateOnly, !repair {
            report.machine = await MachineDoctor(folder: folder, engines: try engines.entries()).examine()
            let doctor = ModelDoctor(
                search: search, executor: executor, engines: try engines.entries(), disk: folder.root)
            report.models = []
            for model in models { report.models?.append(try await doctor.examine(model)) }
        }
        if !machineOnly, isThere {
            var doctor = StateDoctor(folder: folder, repairs: repair, hashesContent: !quick)
            try await doctor.examine()
            report.state = doctor.findings
        }
        switch output.output {
        case .json: Console.print(report.json)
        case .text: for line in report.lines { Console.print(line) }
        }
        if !report.isWell { throw ExitCode(ExitStatus.failed.rawValue) }
    }
}
