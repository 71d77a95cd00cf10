package import ImflowDiagnostics

/// The keys that a block writes, and where, in the order of the file.
package struct KeyPlaces: Sendable {
    private var places: [(key: String, place: Span)]

    init(_ places: [(key: String, place: Span)] = []) { self.places = places }

    /// Where `key` stands; nil: nowhere.
    package subscript(key: String) -> Span? { places.first { $0.key == key }?.place }

    /// These, and of `weaker` those that are not here.
    func over(_ weaker: KeyPlaces) -> KeyPlaces {
        KeyPlaces(places + weaker.places.filter { self[$0.key] == nil })
    }
}

extension KeyPlaces: Sequence {
    package func makeIterator() -> IndexingIterator<[(key: String, place: Span)]> { places.makeIterator() }
}
