internal import ImflowContent
internal import ImflowExecution

/// Opens a recording so that windows can be cut from it.
struct Recording {
    let content: ContentStore

    /// The WAV file of plain samples that `file` is. Causes: `app` when it is no recording, `infra`.
    func open(_ file: ContentReference) throws(Failure) -> (ContentReference, WaveFile) {
        let source = try ImageFile.reading(content.path(of: file.hash), name: file.name)
        if let wave = try WaveFile(source) { return (file, wave) }
        throw Failure(.app, "\(file.name) is not a WAV file of plain samples; convert it: ffmpeg -i \(file.name) out.wav")
    }
}
