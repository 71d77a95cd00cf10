/// A command as written: a line or an argv.
package enum Command: Sendable, Equatable {
    /// The words of a string, and nothing decided about who runs it.
    case line([String])
    case argv([String])

    package var words: [String] {
        switch self {
        case .line(let words), .argv(let words): words
        }
    }
}

/// Runtimes whose name is also the program that runs a script.
package enum Interpreter {
    private static let names = [
        "python", "pypy", "node", "nodejs", "bash", "sh", "dash", "zsh", "ruby", "perl", "php", "lua", "julia",
        "Rscript",
        "deno", "bun", "tclsh",
    ]

    /// `python3.10` is, `onnx` is not.
    package static func isInterpreter(_ runtime: String) -> Bool {
        let base = runtime.split(separator: "/").last.map(String.init) ?? ""
        let trimmed = base.reversed().drop { ("0"..."9").contains($0) || $0 == "." }
        return names.contains(String(trimmed.reversed()))
    }

    /// What a model is started with: a line is run by an interpreter runtime unless it names one itself.
    package static func argv(_ command: Command, runtime: String?) -> [String] {
        guard case .line(let words) = command, let runtime, isInterpreter(runtime), let first = words.first,
            !isInterpreter(first)
        else { return command.words }
        return [runtime] + words
    }
}
