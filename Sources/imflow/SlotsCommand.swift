import ArgumentParser
import ImflowJSON
import ImflowStore

struct SlotsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slots", abstract: "Show or set how many attempts of all jobs run at once.",
        discussion: """
            Engines that share a state folder share its slots: a larger job priority goes first, and equals have equal parts. \
            Nothing that runs is taken away. Unless the number is set, there is a slot per processor, or as many as the largest \
            --concurrency of an engine that runs.
            """)

    @Argument(help: "The number of slots from now on, 1 to 4096; 0: back to the default.")
    var number: Int?
    @OptionGroup var output: OutputOptions
    @OptionGroup var state: StateOptions

    func validate() throws {
        if let number, !(0...SlotFile.maximumSlots).contains(number) {
            throw ValidationError("a state folder has 1 to \(SlotFile.maximumSlots) slots; 0 sets the default")
        }
    }

    func run() async throws {
        let state = try self.state.open(creating: number != nil)
        let file = try SlotFile(folder: state.database.engines)
        if let number { file.setSlots(number == 0 ? nil : number) }
        let engines = file.engines().map(\.record)
        let slots = file.slotCount(engines)
        switch output.output {
        case .json:
            Console.print([
                "schema": "imflow.slots/v1", "slots": .int(Int64(slots)), "is_set": .bool(file.slots != nil),
                "engines": .array(engines.map(Self.json)),
            ])
        case .text:
            Console.print("slots      \(slots)\(file.slots == nil ? " (nobody has set them)" : "")")
            for engine in engines {
                Console.print(
                    "process \(engine.pid): holds \(engine.held), could use \(engine.wanted), "
                        + "priority \(engine.priority), job \(engine.job)")
            }
        }
    }

    private static func json(_ engine: EngineRecord) -> JSONValue {
        [
            "pid": .int(Int64(engine.pid)), "held": .int(Int64(engine.held)), "wanted": .int(Int64(engine.wanted)),
            "priority": .int(Int64(engine.priority)), "job_id": .string(engine.job),
        ]
    }
}
