package import ImflowExecution
internal import ImflowJSON

extension FetchWork {
    /// Nothing of it has to come over a network.
    package var isLocal: Bool {
        pointers.allSatisfy { pointer in
            let url = JSONPointer(pointer)?.value(in: input)?.stringValue.flatMap { FetchURL($0) }
            return url.map { ["file", "data", "cas"].contains($0.scheme) } ?? false
        }
    }
}
