internal import ImflowContent
internal import ImflowExecution

/// The image that a model made of one tile. Uncompressed TIFF is read as it lies: libvips knows no 64 bit samples
/// there.
struct TileOutput {
    private enum Reader {
        case direct(SourceImage)
        case decoder(VipsImage)
    }

    private let reader: Reader
    let shape: PixelShape

    init(_ index: Int, _ reference: ContentReference, _ content: ContentStore) throws(Failure) {
        let name = "the output of unit \(index) (\(reference.name))"
        guard content.contains(reference.hash) else {
            throw Failure(.infra, "the content store lacks \(name), \(reference.hash); run the job again")
        }
        let path = content.path(of: reference.hash)
        if let image = try SourceImage.open(path, name: name) {
            reader = .direct(image)
            shape = image.shape
        } else {
            let image = try VipsImage(path: path, name: name, access: .sequential)
            try ImageLimits.check(image.shape, name: name)
            reader = .decoder(image)
            shape = image.shape
        }
        try ImageLimits.checkBlock(shape, name)
    }

    /// Decodes all of it.
    func block() throws(Failure) -> PixelBlock {
        let all = PixelRect(x: 0, y: 0, width: shape.width, height: shape.height)
        switch reader {
        case .direct(let image): return try image.block(all)
        case .decoder(let image): return try image.block(all)
        }
    }
}
