import ArgumentParser
import Glibc
import ImflowCompiler
import ImflowLanguageServer

struct LSPCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lsp", abstract: "Serve an editor: the Language Server Protocol on standard input and output.",
        discussion: "Started by the editor: see docs/editors.md. Exits with 0 after `shutdown` and `exit`, else with 1.")

    @OptionGroup var search: ModelOptions
    @Flag(help: "The default; editors that always give it may.")
    var stdio = false

    func run() throws {
        var server = LanguageServer(
            LocalFiles(), options: search.compileOptions, loop: dispatchLoop, version: Imflow.version)
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while server.exitCode == nil {
            // All that has come is taken first: what is out of date need not be checked, what is withdrawn not answered.
            while server.wantsInput, Self.isReadable(waiting: !server.isBusy) {
                let count = buffer.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR || errno == EAGAIN { continue }
                if count > 0 { server.receive(buffer[..<count]) } else { server.inputEnded() }
                Self.send(&server)
            }
            server.step()
            Self.send(&server)
        }
        if let code = server.exitCode, code != 0 { throw ExitCode(code) }
    }

    /// A client that takes no answers is gone.
    private static func send(_ server: inout LanguageServer) {
        do {
            try Console.writeAll(server.takeOutput(), to: STDOUT_FILENO)
        } catch {
            server.inputEnded()
        }
    }

    /// Whether a read would not block. `waiting`: not before it is so.
    private static func isReadable(waiting: Bool) -> Bool {
        var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        while true {
            let count = poll(&descriptor, 1, waiting ? -1 : 0)
            if count < 0, errno == EINTR { continue }
            return count != 0
        }
    }
}
