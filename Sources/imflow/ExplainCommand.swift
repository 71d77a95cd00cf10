import ArgumentParser
import ImflowCompiler
import ImflowJSON

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Explain a diagnostic code, or list all of them.",
        discussion: "A code is written IMF0101, 101 or unknown-key. Exits with 2 when there is no such code.")

    @Argument(help: ArgumentHelp("The code to explain; without it, every code with a line about it.", valueName: "code"))
    var code: String?
    @OptionGroup var output: OutputOptions

    func run() throws {
        guard let code else { return list() }
        guard let page = DiagnosticPage.named(code) else {
            let near = DiagnosticPage.near(code).map { "`\($0)`" }.joined(separator: ", ")
            let help = near.isEmpty ? "`imflow explain` lists all codes" : "did you mean \(near)?"
            throw CommandFailure(.usage, "no diagnostic code is `\(code.prefix(64))`; \(help)")
        }
        switch output.output {
        case .text: Console.print(page.text)
        case .json:
            Console.print(
                [
                    "schema": "imflow.explain/v1", "code": .string(page.id), "slug": .string(page.slug),
                    "severity": .string(page.severity.rawValue), "summary": .string(page.summary),
                    "text": .string(page.text),
                ] as JSONValue)
        }
    }

    private func list() {
        let pages = DiagnosticPage.all
        switch output.output {
        case .text:
            let width = pages.map(\.slug.count).max() ?? 0
            let lines = pages.map { page in
                "\(page.id)  \(page.slug.padding(to: width))  \(page.severity.rawValue.padding(to: 7))  \(page.summary)"
            }
            Console.print(lines.joined(separator: "\n"))
        case .json:
            let codes = pages.map { page -> JSONValue in
                [
                    "code": .string(page.id), "slug": .string(page.slug), "severity": .string(page.severity.rawValue),
                    "summary": .string(page.summary),
                ]
            }
            Console.print(["schema": "imflow.explain/v1", "codes": .array(codes)] as JSONValue)
        }
    }
}
