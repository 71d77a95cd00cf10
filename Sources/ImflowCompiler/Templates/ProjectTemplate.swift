import ImflowIR

/// The files that `imflow init` writes: a small job that runs as it is.
package enum ProjectTemplate: String, CaseIterable, Sendable {
    case exec, jsonl, rest, oip, cog, pipeline

    /// What must be done once in the project's folder before it runs; nil: nothing.
    package var preparation: String? {
        switch self {
        case .exec, .jsonl, .rest, .pipeline: nil
        case .oip, .cog: "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt"
        }
    }

    /// One file; `path` is relative to the project's folder.
    package struct File: Sendable, Equatable {
        package var path: String
        package var text: String
        package var isExecutable: Bool

        init(_ path: String, _ text: String, isExecutable: Bool = false) {
            self.path = path
            self.text = text
            self.isExecutable = isExecutable
        }
    }

    /// A model's name made of a folder's; `model` when nothing of it fits.
    package static func modelName(for folderName: String) -> String { NameForm.nearestName(to: folderName) ?? "model" }

    /// The files, for a model of that name.
    package func files(named name: String) -> [File] {
        switch self {
        case .exec:
            [
                File("model.yaml", TemplateText.execManifest(name)),
                File("count.py", TemplateText.countProgram, isExecutable: true),
                File("job.json", TemplateText.textJob(name)),
            ]
        case .jsonl:
            [
                File("model.yaml", TemplateText.lineManifest(name)),
                File("measure.py", TemplateText.lineProgram, isExecutable: true),
                File("job.json", TemplateText.listJob(name)),
            ]
        case .oip:
            [
                File("model.yaml", TemplateText.tensorManifest(name)),
                File("model-settings.json", TemplateText.tensorSettings(name)),
                File("measure.py", TemplateText.tensorProgram),
                File("serve", TemplateText.tensorServe, isExecutable: true),
                File("requirements.txt", "mlserver==1.7.1\n"),
                File("job.json", TemplateText.listJob(name)),
            ]
        case .cog:
            [
                File("model.yaml", TemplateText.predictorManifest(name)),
                File("predict.py", TemplateText.predictorProgram),
                File("cog.yaml", TemplateText.predictorSettings),
                File(".cog/openapi_schema.json", TemplateText.predictorSchema),
                File("serve", TemplateText.predictorServe, isExecutable: true),
                File("requirements.txt", "cog==0.23.1\n"),
                File("job.json", TemplateText.textJob(name)),
            ]
        case .rest:
            [
                File("model.yaml", TemplateText.restManifest(name)),
                File("serve.py", TemplateText.serverProgram, isExecutable: true),
                File("job.json", TemplateText.listJob(name)),
            ]
        case .pipeline:
            [
                File("model.yaml", TemplateText.pipelineManifest(name)),
                File("\(name)-clean/model.yaml", TemplateText.cleanManifest(name)),
                File("\(name)-clean/clean.py", TemplateText.cleanProgram, isExecutable: true),
                File("\(name)-count/model.yaml", TemplateText.stageCountManifest(name)),
                File("\(name)-count/count.py", TemplateText.countProgram, isExecutable: true),
                File("job.json", TemplateText.textJob(name)),
            ]
        }
    }
}
