/// How much a text may ask of the reader. Hostile text ends at one of these, with a diagnostic that names it.
package struct SyntaxLimits: Sendable, Equatable {
    /// Most bytes of a text.
    package var bytes: Int
    /// Most collections inside one another, also through aliases. ``parseJSON(_:limits:)`` stops at 512 at the latest.
    package var depth: Int
    /// Most keys and values as written.
    package var nodes: Int
    /// Most keys and values that aliases add when every alias is expanded.
    package var expandedNodes: Int

    package init(
        bytes: Int = 16 << 20, depth: Int = 200, nodes: Int = 1_000_000, expandedNodes: Int = 100_000
    ) {
        // Places are kept in 32 bits.
        self.bytes = min(max(bytes, 0), Int(Int32.max) - 1)
        self.depth = max(depth, 1)
        self.nodes = max(nodes, 1)
        self.expandedNodes = max(expandedNodes, 0)
    }
}
