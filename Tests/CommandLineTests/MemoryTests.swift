import Testing

/// Programs that the kernel kills because memory runs out.
@Suite(
    "Memory that runs out", .onThreads,
    .enabled(if: MemoryGroup.isAvailable, "no control group of memory can be made here"))
struct MemoryTests {
    private let place: Workplace

    init() throws { place = try Workplace() }

    /// `tail` keeps a line until it ends, and this one does not.
    private let hungry = "head -c 2000000000 /dev/zero | tail -n 1"

    private func imflow(_ command: [String], in group: MemoryGroup) throws -> Ended {
        try place.run(["sh", "-c", "echo $$ >\"$0\" && exec \"$@\"", group.members, Workplace.binary] + command)
    }

    @Test("the kernel's kill in imflow's own control group is told from any other", arguments: [["run", "--model"], ["try"]])
    func told(command: [String]) throws {
        try place.model("hungry", hungry + "\n")
        try place.model("killed", "kill -9 $$\n")
        let group = try MemoryGroup(limit: 512 << 20)
        defer { group.remove() }
        let full = try imflow(command + ["hungry"], in: group)
        #expect(full.code == 1 && full.errors.contains("was killed because memory ran out"), "\(full.errors)")
        let killed = try imflow(command + ["killed"], in: group)
        #expect(killed.code == 1 && killed.errors.contains("signal 9"), "\(killed.errors)")
    }

    @Test("who runs out of memory in another control group makes no kill one for memory", arguments: [["run", "--model"], ["try"]])
    func others(command: [String]) throws {
        let own = try MemoryGroup(limit: 1 << 30)
        defer { own.remove() }
        let other = try MemoryGroup(limit: 32 << 20)
        defer { other.remove() }
        try place.model(
            "killed",
            """
            sh -c 'echo $$ >"\(other.members)" && \(hungry)'
            [ $? != 137 ] || kill -9 $$

            """)
        let killed = try imflow(command + ["killed"], in: own)
        #expect(killed.code == 1 && killed.errors.contains("signal 9"), "\(killed.errors)")
    }
}
