internal import ImflowContent
internal import ImflowExecution

/// Opens a recording so that windows can be cut from it.
struct Recording {
    let content: ContentStore

    /// The recording itself when it is a WAV file of plain samples, else one that is made of it. Causes: as
    /// ``AudioConverter`` has them.
    func open(_ file: ContentReference) throws(Failure) -> (ContentReference, WaveFile) {
        if let wave = try WaveFile(try ImageFile.reading(content.path(of: file.hash), name: file.name)) {
            return (file, wave)
        }
        let converted = try AudioConverter(content: content).convert(file)
        guard let wave = try WaveFile(try ImageFile.reading(content.path(of: converted.hash), name: converted.name)) else {
            throw Failure(.infra, "the samples of \(file.name) were not written as a WAV file; this is a bug of imflow")
        }
        return (converted, wave)
    }
}
