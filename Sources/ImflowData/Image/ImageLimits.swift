internal import ImflowExecution

/// The largest images that are worked on: each is a bound of memory or time, and named in the message that refuses.
enum ImageLimits {
    /// In px, of each side; libvips knows no larger ones.
    static let side = 10_000_000
    /// In px: 200,000 × 200,000.
    static let pixels = 40_000_000_000
    static let bands = 1024
    /// In px, of each side of a PNG: libpng, too, takes no more.
    static let sideOfPNG = 1_000_000
    /// In bytes of raw pixels: a tile, a model's output for one, or an image whose decoder needs it whole.
    static let block = 256 << 20
    /// In bytes of raw pixels: an image that must be decoded before tiles can be cut from it, since it takes this room in
    /// the content store; 53,000 × 53,000 px of RGB.
    static let decoded = 8 << 30
    /// Units of one split: each takes about 1 KiB of memory while they are listed.
    static let tiles = 200_000

    /// Refuses an image of this size and names it by `name`.
    static func check(_ shape: PixelShape, name: String) throws(Failure) {
        let size = "\(shape.width) × \(shape.height) px"
        guard shape.width > 0, shape.height > 0 else {
            throw Failure(.app, "\(name) has no pixels (\(size)); give an image of at least 1 × 1 px")
        }
        guard shape.width <= side, shape.height <= side else {
            throw Failure(.app, "\(name) is too large: \(size), where a side may have \(side) px; cut it up first")
        }
        guard shape.width <= pixels / shape.height else {
            throw Failure(.app, "\(name) is too large: \(size), where an image may have \(pixels) px; cut it up first")
        }
        guard (1...bands).contains(shape.bands) else {
            throw Failure(.app, "\(name) has \(shape.bands) bands, where an image may have 1 to \(bands)")
        }
        try checkBlock(shape.resized(width: shape.width, height: 1), "\(name): one row")
    }

    /// Refuses an image that would take too much room once it is decoded. Its shape must have passed ``check(_:name:)``.
    static func checkDecoded(_ shape: PixelShape, name: String) throws(Failure) {
        guard shape.rowSize <= decoded / shape.height else {
            throw Failure(
                .app,
                "\(name) is too large to be decoded: \(shape.width) × \(shape.height) px with "
                    + "\(shape.pixelDescription) take more than \(decoded >> 30) GiB of raw pixels; save it as a tiled "
                    + "TIFF, which is read by region: vips tiffsave IN OUT.tif --tile --bigtiff --compression deflate")
        }
    }

    /// Refuses a stitched image that cannot be a PNG.
    static func checkPNG(_ shape: PixelShape) throws(Failure) {
        guard shape.fitsPNG else {
            throw Failure(
                .app,
                "`merge.format: png` holds gray or RGB of 8 or 16 bits, and the stitched image has "
                    + "\(shape.pixelDescription); write `merge.format: tiff`")
        }
        guard shape.width <= sideOfPNG, shape.height <= sideOfPNG else {
            throw Failure(
                .app,
                "`merge.format: png` holds sides of up to \(sideOfPNG) px, and the stitched image has \(shape.width) × "
                    + "\(shape.height) px; write `merge.format: tiff`")
        }
    }

    /// Refuses raw pixels that would take too much memory at once.
    static func checkBlock(_ shape: PixelShape, _ what: @autoclosure () -> String) throws(Failure) {
        guard shape.height == 0 || shape.rowSize <= block / shape.height else {
            throw Failure(
                .app,
                "\(what()) of \(shape.width) × \(shape.height) px with \(shape.pixelDescription) takes more than "
                    + "\(block >> 20) MiB of raw pixels; make it smaller")
        }
    }
}
