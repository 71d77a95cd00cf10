package import ImflowJSON

extension JSONValue {
    /// Every stored file that the value names, at any depth; one named twice comes twice.
    package var contentReferences: [ContentReference] {
        var found: [ContentReference] = []
        var pending = [self]
        while let next = pending.popLast() {
            switch next {
            case .string(let text): if let reference = ContentReference(text) { found.append(reference) }
            case .array(let items): pending.append(contentsOf: items)
            case .object(let members): pending.append(contentsOf: members.values)
            default: break
            }
        }
        return found
    }
}
