package import ImflowDiagnostics
package import ImflowIR
import ImflowJSON
import ImflowPlan

/// The size of the image that a job's input states beside it: `width` and `height`, or `image_width` and
/// `image_height`, in px.
package struct StatedImage: Sendable {
    package let width: Int
    package let height: Int
    /// Where the width stands.
    package let place: Span?

    /// Nil when the job states none.
    package init?(_ job: CheckedJob) {
        for prefix in ["", "image_"] {
            guard let width = job.input?[prefix + "width"]?.pixels, let height = job.input?[prefix + "height"]?.pixels
            else { continue }
            self.width = width
            self.height = height
            place = job.job.inputPlaces[prefix + "width"]
            return
        }
        return nil
    }

    /// How many tiles a split makes of it; nil: the overlap leaves no step, or the count none that a machine can have.
    package func tiles(_ block: MultiNode) -> Int? {
        let defaults = SplitPlan(mode: .tile)
        let columns = Self.count(width, block.tileSize?.value.x ?? defaults.tileWidth, block.tileOverlap?.value.x ?? 0)
        let rows = Self.count(height, block.tileSize?.value.y ?? defaults.tileHeight, block.tileOverlap?.value.y ?? 0)
        guard let columns, let rows else { return nil }
        let (count, overflow) = columns.multipliedReportingOverflow(by: rows)
        return overflow ? nil : count
    }

    private static func count(_ length: Int, _ tile: Int, _ overlap: Int) -> Int? {
        guard overlap >= 0, overlap < tile else { return nil }
        let step = tile - overlap
        return length <= tile ? 1 : 1 + (length - tile + step - 1) / step
    }
}

extension JSONValue {
    /// A whole number of px, 1 to 10^9.
    fileprivate var pixels: Int? {
        guard let number = doubleValue, let whole = Int(exactly: number), (1...1_000_000_000).contains(whole) else {
            return nil
        }
        return whole
    }
}
