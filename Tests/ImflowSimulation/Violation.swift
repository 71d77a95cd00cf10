/// A promise of the engine that was broken in a simulated world.
package struct Violation: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
