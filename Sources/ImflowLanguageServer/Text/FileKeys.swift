import ImflowIR

/// The table of keys, by places in a file.
struct FileKeys {
    /// A file's kind: what its root is.
    enum Kind: Sendable { case manifest, job, settings }

    /// The root's keys.
    let root: KeyBlock

    init(_ kind: Kind) {
        root =
            switch kind {
            case .manifest: KeyTable.manifest
            case .job: KeyTable.job
            case .settings: KeyTable.settings
            }
    }

    /// What a value at `path` may be; nil: the author's own.
    func type(at path: some Collection<CursorContext.Step>) -> KeyType? {
        var type: KeyType? = .block(root)
        for step in path {
            switch (type, step) {
            case (.block(let block), .key(let name)), (.gpu(let block), .key(let name)),
                (.toggle(let block), .key(let name)):
                type = block[name]?.type
            case (.blocks(let block), .item): type = .block(block)
            case (.choices(let choices), .item): type = .choice(choices)
            case (.names, .item): type = .name
            case (.textMap, .key): type = .text
            default: return nil
            }
        }
        return type
    }

    /// The keys of the mapping at `path`; nil: they are the author's own.
    func block(at path: some Collection<CursorContext.Step>) -> KeyBlock? {
        switch type(at: path) {
        case .block(let block), .gpu(let block), .toggle(let block): block
        default: nil
        }
    }

    /// The key whose value, or an item of whose value, stands at `path`.
    func key(at path: [CursorContext.Step]) -> Key? {
        guard let last = path.lastIndex(where: { if case .key = $0 { true } else { false } }),
            case .key(let name) = path[last]
        else { return nil }
        return block(at: path[..<last])?[name]
    }

    /// Which stage of the file's graph `path` leads into; nil: none.
    func stage(at path: [CursorContext.Step]) -> Int? {
        for (index, step) in path.enumerated() {
            guard case .item(let stage) = step, case .blocks = type(at: path[..<index]) else { continue }
            return stage
        }
        return nil
    }
}
