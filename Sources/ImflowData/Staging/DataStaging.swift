package import ImflowContent
package import ImflowExecution
package import ImflowJSON

/// Turns a call's input into what a model is handed, and a model's result into what is kept (SPEC section 6, Files).
package struct DataStaging: InputStaging {
    let content: ContentStore
    let fetcher: Fetcher
    /// What tiles are cut from.
    package let sources: TileSources

    package init(content: ContentStore, fetcher: Fetcher) {
        self.content = content
        self.fetcher = fetcher
        sources = TileSources(content: content)
    }

    /// Files are fetched here: the inputs hold content references only. The hash is of the input of a whole stage or
    /// a reduction, and of the list of `{"input", "unit"}` of a shard.
    package func resolve(_ work: CallWork) async throws -> StagedCall? {
        try await withTaskExecutorPreference(BlockingThreads.shared) { try await call(work) }
    }

    private func call(_ work: CallWork) async throws(Failure) -> StagedCall? {
        guard var units = try CallInputs(content: content).units(of: work) else { return nil }
        let members = FileMembers(inputSchema: work.model.inputSchema)
        let references = try await fetcher.references(of: members.urls(in: units.map(\.input)))
        for index in units.indices { units[index].input = members.replacing(units[index].input, by: references) }
        guard case .shard = work.input else {
            let hash = ContentHash(canonical: .object(units.first?.input ?? [:]))
            return StagedCall(units: units, inputHash: hash)
        }
        let requests = units.map { JSONValue.object(["input": .object($0.input), "unit": $0.unit.json]) }
        return StagedCall(units: units, inputHash: ContentHash(canonical: .array(requests)))
    }

    package func stage(_ unit: StagedUnit, into folder: String, guestFolder: String) async throws -> JSONValue {
        try await withTaskExecutorPreference(BlockingThreads.shared) {
            try await makeFiles(of: unit, in: folder, guestFolder: guestFolder)
        }
    }

    private func makeFiles(
        of unit: StagedUnit, in folder: String, guestFolder: String
    ) async throws(Failure) -> JSONValue {
        var input = unit.input
        var taken: Set<String> = []
        var cut: String?
        if let tile = unit.unit.tile {
            let cutter = TileCutter(sources: sources)
            if unit.unit.tileFile == .source {
                input[tile.key] = .string(try await cutter.source(of: unit.unit).text)
            } else {
                let name = try await cutter.cut(unit.unit, into: folder, named: "tile-\(unit.unit.index)")
                taken.insert(name)
                input[tile.key] = .string(FileURL.text(folder: guestFolder, name: name))
                cut = tile.key
            }
        }
        var names = StagedNames(reserved: taken)
        for (key, value) in input where key != cut {
            input[key] = try copy(value, into: folder, guestFolder: guestFolder, names: &names)
        }
        return .object(input)
    }

    package func collect(_ result: JSONValue, from folder: String, guestFolder: String) async throws -> JSONValue {
        try await withTaskExecutorPreference(BlockingThreads.shared) {
            var collector = ResultCollector(content: content, folder: folder, guestFolder: guestFolder)
            return try collector.collect(result)
        }
    }

    package func store(_ value: JSONValue) async throws -> Payload {
        do throws(ContentError) { return try content.payload(value) } catch { throw Failure(storing: error) }
    }

    /// `value` with each content reference replaced by the URL of a file that is made in the folder.
    private func copy(
        _ value: JSONValue, into folder: String, guestFolder: String, names: inout StagedNames
    ) throws(Failure) -> JSONValue {
        switch value {
        case .string(let text):
            guard let reference = ContentReference(text) else { return value }
            let (name, isNew) = names.name(of: reference)
            if isNew {
                do throws(ContentError) { try content.copy(reference.hash, to: folder + "/" + name) } catch {
                    throw Failure(.infra, "the input file `\(reference.name)` cannot be staged: \(error.sentence)")
                }
            }
            return .string(FileURL.text(folder: guestFolder, name: name))
        case .array(let items):
            var out: [JSONValue] = []
            for item in items { out.append(try copy(item, into: folder, guestFolder: guestFolder, names: &names)) }
            return .array(out)
        case .object(let members):
            var out = members
            for (key, member) in members {
                out[key] = try copy(member, into: folder, guestFolder: guestFolder, names: &names)
            }
            return .object(out)
        default: return value
        }
    }
}
