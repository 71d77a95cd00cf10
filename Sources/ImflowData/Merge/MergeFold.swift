internal import ImflowContent
internal import ImflowExecution

/// What a merge knows of a run of neighbouring units; a fresh one knows of none, and is the identity.
///
/// `combine` is associative: however a stage's units are cut into runs, and in whatever tree the runs are put together, as
/// long as neighbours keep their order, the finished bytes are the same. Holes are units that no run has.
protocol MergeFold {
    /// Adds the unit after the run; `text` is its result's canonical text.
    /// - Throws: cause `app`, naming the unit, when the result is not what the strategy merges.
    mutating func add(_ text: UnsafeRawBufferPointer, of unit: Int) throws(Failure)

    /// Takes over the run that follows this one, which is used up.
    mutating func combine(_ next: Self) throws(Failure)

    /// The merged value. The run is used up.
    mutating func finish(in content: ContentStore) throws(Failure) -> Payload
}

extension ContentWriter {
    /// ``write(_:)-(UnsafeRawBufferPointer)`` for merges: the store's failures are the machine's.
    func put(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        do throws(ContentError) { try write(bytes) } catch { throw Failure(storing: error) }
    }

    func put(_ bytes: [UInt8]) throws(Failure) {
        do throws(ContentError) { try write(bytes) } catch { throw Failure(storing: error) }
    }

    func put(_ text: String) throws(Failure) { try put(Array(text.utf8)) }

    func put(_ other: ContentWriter, from offset: Int) throws(Failure) {
        do throws(ContentError) { try write(other, from: offset) } catch { throw Failure(storing: error) }
    }

    func payload() throws(Failure) -> Payload {
        do throws(ContentError) { return try finish() } catch { throw Failure(storing: error) }
    }
}
