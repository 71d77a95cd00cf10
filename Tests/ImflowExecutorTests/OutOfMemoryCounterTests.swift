import Foundation
import ImflowTestKit
import Testing

@testable import ImflowProcess

struct OutOfMemoryCounterTests {
    /// What counts for a process of these control groups rises, then all else does.
    private func expect(
        _ counting: String, of all: [String], groups: String, mounts: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let folder = try TemporaryFolder.make("memory")
        defer { TemporaryFolder.remove(folder) }
        func write(_ file: String, _ count: Int) throws {
            let path = URL(filePath: "\(folder)/\(file)")
            try FileManager.default.createDirectory(at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data("low 3\noom_kill \(count)\noom_group_kill 7\n".utf8).write(to: path)
        }
        for file in all { try write(file, 4) }
        let counter = OutOfMemoryCounter(
            groups: groups, mounts: mounts.replacingOccurrences(of: "AT", with: folder), machine: folder + "/vmstat")
        let mark = counter.mark()
        for file in all where file != counting { try write(file, 5) }
        #expect(!counter.rose(since: mark), sourceLocation: sourceLocation)
        try write(counting, 5)
        #expect(counter.rose(since: mark), sourceLocation: sourceLocation)
    }

    @Test func theNearestGroupThatCountsIsAsked() throws {
        let mounts = "24 30 0:22 / AT rw,relatime shared:9 - cgroup2 cgroup2 rw\n"
        let all = ["vmstat", "a/memory.events", "a/b/memory.events", "x/memory.events"]
        try expect("a/b/memory.events", of: all, groups: "0::/a/b\n", mounts: mounts)
        try expect("a/b/memory.events", of: all, groups: "0::/a/b/c/d\n", mounts: mounts)
        try expect("a/memory.events", of: all, groups: "0::/a/bc\n", mounts: mounts)
        try expect("vmstat", of: all, groups: "0::/\n", mounts: mounts)
        try expect("vmstat", of: all, groups: "0::/y\n", mounts: mounts)
        // A name may have a colon.
        try expect("q:r/memory.events", of: ["vmstat", "q:r/memory.events"], groups: "0::/q:r\n", mounts: mounts)
    }

    @Test func aContainerSeesItsGroupAsTheRoot() throws {
        let all = ["vmstat", "memory.events", "in/memory.events"]
        try expect(
            "memory.events", of: all, groups: "0::/\n", mounts: "24 30 0:22 / AT rw - cgroup2 cgroup2 rw\n")
        try expect(
            "in/memory.events", of: all, groups: "0::/docker/1/in\n", mounts: "24 30 0:22 /docker/1 AT rw - cgroup2 cgroup2 rw\n")
        try expect(
            "vmstat", of: all, groups: "0::/docker/12\n", mounts: "24 30 0:22 /docker/1 AT rw - cgroup2 cgroup2 rw\n")
    }

    @Test func versionOneHasAHierarchyForMemory() throws {
        let mounts = """
            1 2 0:3 / AT/unified rw - cgroup2 none rw
            1 2 0:3 / AT/cpu rw shared:1 master:2 - cgroup none rw,cpu
            1 2 0:3 / AT/memory rw shared:1 master:2 - cgroup none rw,memory

            """
        let all = ["vmstat", "memory/a/memory.oom_control", "memory/memory.oom_control", "cpu/a/memory.oom_control"]
        try expect(
            "memory/a/memory.oom_control", of: all, groups: "5:cpu,cpuacct:/x\n4:memory:/a\n0::/\n", mounts: mounts)
        try expect("memory/memory.oom_control", of: all, groups: "4:memory:/\n0::/\n", mounts: mounts)
        // One that counts for itself alone says nothing of those below it.
        try expect("vmstat", of: all, groups: "4:memory:/a/b\n", mounts: mounts)
    }

    @Test func whereNothingIsToldTheMachineCounts() throws {
        for (groups, mounts) in [("", ""), ("garbage\n1:2\n", "garbage - x\n- - -\n"), ("0::/a\n", "1 2 0:3 / AT rw - ext4 none rw\n")] {
            try expect("vmstat", of: ["vmstat", "a/memory.events"], groups: groups, mounts: mounts)
        }
    }
}
