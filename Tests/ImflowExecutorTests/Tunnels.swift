import Foundation
import Glibc

/// What this process has OpenSSH carry.
enum Tunnels {
    /// Processes of ssh that carry sockets, were started by this process, and use the configuration of `Tools/ssh-server` in `folder`.
    static func of(_ folder: String) -> [pid_t] {
        processes { $0.contains(folder + "/ssh_config") && $0.contains("imflow-ssh-\(getpid())-") && $0.contains("-L") }
    }

    /// Those of sshd that serve somebody, and the one that waits for more.
    static func servers(of folder: String) -> (waiting: pid_t?, serving: [pid_t]) {
        let text = (try? String(contentsOfFile: folder + "/sshd.pid", encoding: .utf8)) ?? ""
        let waiting = pid_t(text.trimmingCharacters(in: .newlines))
        let parents = processes { $0.hasPrefix("sshd: ") }.filter { parent(of: $0) == waiting }
        return (waiting, waiting == nil ? [] : parents)
    }

    /// The folder of a tunnel's sockets.
    static func folder(of tunnel: pid_t) -> String? {
        let prefix = "ControlPath="
        let words = FileManager.default.contents(atPath: "/proc/\(tunnel)/cmdline")?.split(separator: 0) ?? []
        return words.map { String(decoding: $0, as: UTF8.self) }.first { $0.hasPrefix(prefix) }
            .map { URL(filePath: String($0.dropFirst(prefix.count))).deletingLastPathComponent().path }
    }

    /// Whether the process listens for connections of a network.
    static func listens(_ process: pid_t) -> Bool {
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd")) ?? []
        let sockets = descriptors.compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/fd/\($0)")
        }
        return ["tcp", "tcp6"].contains { table in
            let lines = ((try? String(contentsOfFile: "/proc/\(process)/net/\(table)", encoding: .utf8)) ?? "")
                .split(separator: "\n").dropFirst()
            return lines.contains { line in
                let words = line.split(separator: " ")
                // 0A is LISTEN.
                return words.count > 9 && words[3] == "0A" && sockets.contains("socket:[\(words[9])]")
            }
        }
    }

    private static func processes(_ isWanted: (String) -> Bool) -> [pid_t] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap(pid_t.init).filter { pid in
            guard let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline"), !line.isEmpty else { return false }
            return isWanted(String(decoding: line, as: UTF8.self))
        }
    }

    private static func parent(of process: pid_t) -> pid_t? {
        let text = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("PPid:") }
        return line?.split(separator: "\t").last.flatMap { pid_t($0) }
    }
}
