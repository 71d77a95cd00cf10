internal import ImflowExecution
internal import Synchronization

/// A compressed, tiled image that is read by rectangles. What was opened is kept for the next one who reads: a decoder has
/// tables to read, and remembers the tiles that it decoded last.
final class RegionReader: Sendable {
    /// Each may hold two rows of decoded tiles.
    private static let idleLimit = 4

    private let path: String
    private let name: String
    let shape: PixelShape
    private let idle: Mutex<[VipsImage]>

    init(path: String, name: String) throws(Failure) {
        self.path = path
        self.name = name
        let image = try VipsImage(path: path, name: name, access: .random)
        shape = image.shape
        idle = Mutex([image])
    }

    /// Reads a rectangle that lies within the image into rows that begin `stride` bytes apart in `buffer`.
    func read(_ rect: PixelRect, into buffer: UnsafeMutableRawBufferPointer, stride: Int) throws(Failure) {
        let image: VipsImage
        if let free = idle.withLock({ $0.popLast() }) {
            image = free
        } else {
            image = try VipsImage(path: path, name: name, access: .random)
        }
        // After a failure it is not known what state a decoder is in: that one is closed.
        try image.read(rect, into: buffer, stride: stride)
        idle.withLock { if $0.count < Self.idleLimit { $0.append(image) } }
    }
}
