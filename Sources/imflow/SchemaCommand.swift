import ArgumentParser
import Glibc
import ImflowCompiler
import ImflowJSON

extension FileSchema: ExpressibleByArgument {}

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema (draft-07) of manifests, jobs or settings, for editors.",
        discussion: """
            Editors with yaml-language-server complete and explain keys by it. Keep it in a file, and name that in the \
            first line of a manifest:

              imflow schema model > .imflow/model.schema.json
              # yaml-language-server: $schema=.imflow/model.schema.json

            or in VS Code's settings: "yaml.schemas": {".imflow/model.schema.json": ["model.yaml"]}. With \
            --output json the document has a member "schema" beside, which no validator looks at.
            """)

    @Argument(help: "Of which files: model, job or settings.")
    var kind: FileSchema = .model
    @OptionGroup var output: OutputOptions

    func run() throws {
        switch output.output {
        case .text: Console.write(kind.text, to: STDOUT_FILENO)
        case .json:
            var document: JSONObject = ["schema": "imflow.schema/v1", "kind": .string(kind.rawValue)]
            document.merge(try JSONValue.parse(kind.text).objectValue ?? [:]) { own, _ in own }
            Console.print(.object(document) as JSONValue)
        }
    }
}
