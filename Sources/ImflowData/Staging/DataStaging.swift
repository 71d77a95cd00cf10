package import ImflowContent
package import ImflowExecution
package import ImflowJSON

/// Turns a call's input into what a model is handed, and a model's result into what is kept (SPEC section 6, Files).
package struct DataStaging: InputStaging {
    let content: ContentStore
    let fetcher: Fetcher
    /// What tiles are cut from.
    package let sources: TileSources
    private let copies: Bool
    private let links = StagedLinks()

    /// - Parameter copies: models get copies of their input files, which they may write to, and never links.
    package init(content: ContentStore, fetcher: Fetcher, copies: Bool = false) {
        self.content = content
        self.fetcher = fetcher
        sources = TileSources(content: content)
        self.copies = copies
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
        try await fetchFiles(ofRowsIn: &units)
        guard case .shard = work.input else {
            let hash = ContentHash(canonical: .object(units.first?.input ?? [:]))
            return StagedCall(units: units, inputHash: hash)
        }
        let requests = units.map { JSONValue.object(["input": .object($0.input), "unit": $0.unit.json]) }
        return StagedCall(units: units, inputHash: ContentHash(canonical: .array(requests)))
    }

    /// Fetches what rows name by URLs, and notes it in their units' cuts; the rows themselves are read when they are needed.
    private func fetchFiles(ofRowsIn units: inout [StagedUnit]) async throws(Failure) {
        let reader = RowReader(content: content)
        for index in units.indices {
            guard var cut = units[index].unit.cut, case .rows(var rows) = cut.form else { continue }
            let urls = try reader.urls(of: units[index].unit, cut, rows)
            if urls.isEmpty { continue }
            rows.files = try await fetcher.references(of: urls)
            cut.form = .rows(rows)
            units[index].unit.cut = cut
        }
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
        // Members that have their final value.
        var made: Set<String> = []
        if let tile = unit.unit.tile {
            let cutter = TileCutter(sources: sources)
            if unit.unit.tileFile == .source {
                input[tile.key] = .string(try await cutter.source(of: unit.unit).text)
            } else {
                let name = try await cutter.cut(unit.unit, into: folder, named: "tile-\(unit.unit.index)")
                taken.insert(name)
                input[tile.key] = .string(FileURL.text(folder: guestFolder, name: name))
                made.insert(tile.key)
            }
        }
        if let cut = unit.unit.cut, cut.form.isFile {
            let name = try FileCutter(content: content).write(unit.unit, cut, into: folder)
            taken.insert(name)
            input[cut.key] = .string(FileURL.text(folder: guestFolder, name: name))
            made.insert(cut.key)
        }
        var files = StagedFiles(content: content, folder: folder, guestFolder: guestFolder, copies: copies, taken: taken)
        if let cut = unit.unit.cut, case .rows(let rows) = cut.form {
            input[cut.key] = try files.replacing(.array(try RowReader(content: content).rows(of: unit.unit, cut, rows)))
            made.insert(cut.key)
        }
        for (key, value) in input where !made.contains(key) { input[key] = try files.replacing(value) }
        links.add(files.links, in: folder)
        return .object(input)
    }

    package func release(_ folder: String) async throws {
        let held = links.take(below: folder)
        if held.isEmpty { return }
        try await withTaskExecutorPreference(BlockingThreads.shared) {
            var failure: Failure?
            for link in held {
                do throws(Failure) { try check(link) } catch { failure = failure ?? error }
            }
            if let failure { throw failure }
        }
    }

    private func check(_ link: StagedLink) throws(Failure) {
        do throws(ContentError) {
            if try content.isIntact(link.content) { return }
            let aside = try content.setAside(link.content.hash)
            let kept = aside.map { "; what it holds now is in \($0)" } ?? ""
            throw ContentError(
                .corrupt, path: link.name,
                "the input file `\(link.name)` was changed while the model ran, and with it the content store, which "
                    + "shares it\(kept). A model must not write to its input files: let it copy them first, or hand it "
                    + "copies with --copy-inputs; imflow resume makes what is lost again")
        } catch {
            throw error.corrupt ? Failure(.app, error.sentence) : Failure(storing: error)
        }
    }

    package func collect(
        _ result: JSONValue, from folder: String, guestFolder: String, ended: Bool
    ) async throws -> JSONValue {
        try await withTaskExecutorPreference(BlockingThreads.shared) {
            var collector = ResultCollector(content: content, folder: folder, guestFolder: guestFolder, ended: ended)
            return try collector.collect(result)
        }
    }

    package func store(_ value: JSONValue) async throws -> Payload {
        do throws(ContentError) { return try content.payload(value) } catch { throw Failure(storing: error) }
    }
}
