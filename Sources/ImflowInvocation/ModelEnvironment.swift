import Glibc
package import ImflowExecution
package import ImflowPlan
import ImflowJSON

/// A model's own `env` as one launch gets it: every `${NAME}` replaced by the submitter's variable of that name.
/// Every host takes the variables from here, so that secrets are treated alike everywhere.
package struct ModelEnvironment: Sendable {
    /// The variables, by name.
    package let values: [String: String]
    /// For a stream of what the model prints: hides what came from the submitter's variables.
    package let redactor: SecretRedactor

    /// Throws ``Failure`` with cause `app` when a variable that `env` asks for is not set.
    /// - Parameters:
    ///   - api: its secret is hidden, too.
    ///   - submitter: the value of a variable where the job was submitted; nil: not set.
    package init(
        of model: ModelPlan, api: APIEndpoint? = nil, submitter: (String) -> String? = Self.ownVariable
    ) throws(Failure) {
        var values: [String: String] = [:]
        var secrets: Set<String> = Set([api?.secret].compactMap { $0 })
        for (name, template) in model.environment {
            guard Self.isVariableName(name) else {
                throw Failure(.app, "model \(model.name): env has the name “\(name)”, which no environment can hold")
            }
            var value = ""
            for piece in Self.pieces(of: template) {
                switch piece {
                case .literal(let text): value += text
                case .variable(let variable):
                    guard let found = submitter(variable) else {
                        let need = "env \(name) needs the variable \(variable)"
                        throw Failure(.app, "model \(model.name): \(need), which is not set; export it and resume")
                    }
                    secrets.insert(found)
                    value += found
                }
            }
            guard !value.utf8.contains(0) else {
                throw Failure(.app, "model \(model.name): the value of env \(name) holds a NUL byte")
            }
            values[name] = value
        }
        self.values = values
        redactor = SecretRedactor(secrets)
    }

    /// `text` with every secret replaced by `***`: for messages that quote what a model printed. Values of fewer than 4
    /// bytes are left alone.
    package func redact(_ text: String) -> String {
        guard !redactor.isIdle else { return text }
        var redactor = redactor
        return String(decoding: redactor.take(text.utf8) + redactor.finish(), as: UTF8.self)
    }

    /// What stands for each of the model's own variables where calls are compared, by name: its text, and where a value of
    /// the submitter's comes in, that value's digest. A variable that is not set counts as not set.
    /// - Parameter digest: of a value that may be a secret.
    static func comparable(
        of model: ModelPlan, submitter: (String) -> String? = ownVariable, digest: (String) -> JSONValue
    ) -> [String: JSONValue] {
        model.environment.mapValues { template in
            .array(
                pieces(of: template).map { piece in
                    switch piece {
                    case .literal(let text): .string(text)
                    case .variable(let name): [submitter(name).map(digest) ?? .null]
                    }
                })
        }
    }

    /// A variable of this process.
    package static func ownVariable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    private enum Piece {
        case literal(String)
        case variable(String)
    }

    /// `${` that is not followed by a variable's name and `}` is meant as it is written.
    private static func pieces(of template: String) -> [Piece] {
        var pieces: [Piece] = []
        var rest = Substring(template)
        while let dollar = rest.firstIndex(of: "$") {
            let after = rest.index(after: dollar)
            pieces.append(.literal(String(rest[..<dollar])))
            if after < rest.endIndex, rest[after] == "{", let close = rest[after...].firstIndex(of: "}"),
                isVariableName(rest[rest.index(after: after)..<close])
            {
                pieces.append(.variable(String(rest[rest.index(after: after)..<close])))
                rest = rest[rest.index(after: close)...]
            } else {
                pieces.append(.literal("$"))
                rest = rest[after...]
            }
        }
        pieces.append(.literal(String(rest)))
        return pieces
    }

    private static func isVariableName(_ text: some StringProtocol) -> Bool {
        guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return text.utf8.allSatisfy { byte in
            byte == 0x5F || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        }
    }
}
