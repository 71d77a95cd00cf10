/// A text and where each of its keys and values stands, known from writing it.
package struct Emitted: Sendable {
    /// Where a member's key and value, or a list's item, stand.
    package struct Place: Sendable, Equatable {
        package var key: Range<Int>?
        /// Of a scalar with its quotes, of a block scalar from its mark to its last character; of a flow collection
        /// with its brackets; nil for block collections.
        package var value: Range<Int>?
    }

    package var bytes: [UInt8]
    /// By the keys and indexes that lead to it. What stands behind an alias or a merge has none.
    package var places: [[String]: Place]

    package init() {
        bytes = []
        places = [:]
    }
}

/// How a text is laid out.
package struct EmitterStyle: Sendable {
    package var isJSON = false
    /// CRLF, else LF.
    package var hasCRLF = false
    package var hasMark = false
    /// Columns of one level.
    package var step = 2
    /// Whether a list's dashes stand deeper than its key.
    package var indentsLists = true
    /// One in so many; 0: never.
    package var comments = 0
    package var flow = 0
    package var quotes = 0
    package var anchors = 0
    package var merges = 0

    /// Any style that a file of this kind may have.
    package static func drawn(isJSON: Bool, _ dice: inout Dice) -> EmitterStyle {
        var style = EmitterStyle()
        style.isJSON = isJSON
        style.hasCRLF = dice.oneIn(4)
        style.hasMark = dice.oneIn(6)
        style.step = dice.pick(2, 2, 3, 4)
        style.indentsLists = dice.oneIn(2)
        style.comments = dice.pick(0, 3, 8)
        style.flow = dice.pick(0, 2, 4)
        style.quotes = dice.pick(0, 2, 5)
        style.anchors = dice.pick(0, 0, 2)
        style.merges = style.anchors > 0 ? dice.pick(0, 2) : 0
        return style
    }
}
