import CSpawnShim

/// A program with its arguments, folder and variables, laid out as a start of a process wants them.
struct Program: Sendable, Equatable {
    /// What messages call the model.
    let model: String
    /// Absolute.
    let path: String
    let folder: String
    /// Its own name and its arguments, each ended by a NUL.
    let words: [UInt8]
    /// `NAME=value`, each ended by a NUL.
    let variables: [UInt8]

    /// Nil when a list does not end with a NUL, or there is no word.
    init?(model: String, path: String, folder: String, words: [UInt8], variables: [UInt8]) {
        guard words.last == 0, variables.isEmpty || variables.last == 0 else { return nil }
        self.model = model
        self.path = path
        self.folder = folder
        self.words = words
        self.variables = variables
    }

    /// - Parameter arguments: without its own name, and like the variables without a NUL.
    init(model: String, path: String, folder: String, name: String, arguments: [String], variables: [String: String]) {
        self.model = model
        self.path = path
        self.folder = folder
        words = Self.strings([name] + arguments)
        self.variables = Self.strings(variables.map { "\($0.key)=\($0.value)" })
    }

    /// As the start of a process wants it; the descriptors are left to `body`.
    func withOrder<Value>(_ body: (inout imflow_spawn_order) -> Value) -> Value {
        words.withUnsafeBytes { words in
            variables.withUnsafeBytes { variables in
                path.withCString { path in
                    folder.withCString { folder in
                        var order = imflow_spawn_order(
                            program: path, folder: folder,
                            arguments: words.baseAddress?.assumingMemoryBound(to: CChar.self),
                            argument_count: words.count { $0 == 0 },
                            // Not null where there are none: that would mean ours.
                            variables: (variables.baseAddress ?? words.baseAddress)?.assumingMemoryBound(to: CChar.self),
                            variable_count: variables.count { $0 == 0 }, input: -1, output: -1, error: -1, session: 0)
                        return body(&order)
                    }
                }
            }
        }
    }

    private static func strings(_ texts: [String]) -> [UInt8] {
        var bytes: [UInt8] = []
        for text in texts {
            bytes.append(contentsOf: text.utf8)
            bytes.append(0)
        }
        return bytes
    }
}
