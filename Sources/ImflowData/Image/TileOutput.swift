internal import ImflowContent
internal import ImflowExecution

/// The file that a model made of one tile.
struct TileOutputFile: Sendable {
    var path: String
    /// What messages call it.
    var name: String

    init(path: String, name: String) {
        self.path = path
        self.name = name
    }

    /// The output of unit `index` in the content store. Fails with cause `infra` when it is not there.
    init(_ index: Int, _ reference: ContentReference, _ content: ContentStore) throws(Failure) {
        name = "the output of unit \(index) (\(reference.name))"
        guard content.contains(reference.hash) else {
            throw Failure(.infra, "the content store lacks \(name), \(reference.hash); run the job again")
        }
        path = content.path(of: reference.hash)
    }
}

/// The image that a model made of one tile. Uncompressed TIFF is read as it lies: libvips knows no 64 bit samples
/// there.
struct TileOutput {
    private enum Reader {
        case direct(SourceImage)
        case decoder(VipsImage)
    }

    private let reader: Reader
    let shape: PixelShape

    /// Reads the header.
    init(_ file: TileOutputFile) throws(Failure) {
        if let image = try SourceImage.open(file.path, name: file.name) {
            reader = .direct(image)
            shape = image.shape
        } else {
            let image = try VipsImage(path: file.path, name: file.name, access: .sequential)
            try ImageLimits.check(image.shape, name: file.name)
            reader = .decoder(image)
            shape = image.shape
        }
        try ImageLimits.checkBlock(shape, file.name)
    }

    /// Decodes all of it.
    func block() throws(Failure) -> PixelBlock {
        let all = PixelRect(x: 0, y: 0, width: shape.width, height: shape.height)
        switch reader {
        case .direct(let image): return try image.block(all)
        case .decoder(let image): return try image.block(all)
        }
    }

    /// Reads a rectangle that lies within the image into rows that begin `stride` bytes apart. What must be decoded is
    /// decoded whole, so that damage is found wherever it is.
    func read(_ rect: PixelRect, into buffer: UnsafeMutableRawBufferPointer, stride: Int) throws(Failure) {
        switch reader {
        case .direct(let image): try image.read(rect, into: buffer, stride: stride)
        case .decoder: try block().copy(rect, into: buffer, stride: stride)
        }
    }
}
