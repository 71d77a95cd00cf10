internal import ImflowExecution

/// The labels that a model gave the pixels of a tile: 0 is the background.
struct LabelTile {
    let width: Int
    let height: Int
    let labels: [UInt32]

    /// Fails with cause `app` when a label is negative.
    init(_ block: PixelBlock, name: String) throws(Failure) {
        width = block.shape.width
        height = block.shape.height
        let labels: [UInt32]? =
            switch block.shape.format {
            case .uint8: Self.read(block, as: UInt8.self)
            case .uint16: Self.read(block, as: UInt16.self)
            case .uint32: Self.read(block, as: UInt32.self)
            case .int8: Self.read(block, as: Int8.self)
            case .int16: Self.read(block, as: Int16.self)
            case .int32: Self.read(block, as: Int32.self)
            case .float32, .float64, .complex64, .complex128: nil
            }
        guard let labels else {
            throw Failure(.app, "\(name) has negative labels; a label is 0 for the background or a number above it")
        }
        self.labels = labels
    }

    /// Refuses images that are no label maps.
    static func check(_ shape: PixelShape, name: String) throws(Failure) {
        let isWhole =
            switch shape.format {
            case .uint8, .uint16, .uint32, .int8, .int16, .int32: true
            case .float32, .float64, .complex64, .complex128: false
            }
        guard shape.bands == 1, isWhole else {
            throw Failure(
                .app,
                "\(name) has \(shape.pixelDescription), and `merge.content: labels` takes 1 band of whole numbers of 8, "
                    + "16 or 32 bits, an object's number at each of its pixels")
        }
    }

    private static func read<Sample: FixedWidthInteger & BitwiseCopyable>(
        _ block: PixelBlock, as type: Sample.Type
    ) -> [UInt32]? {
        block.bytes.withUnsafeBytes { bytes in
            var labels = [UInt32](repeating: 0, count: bytes.count / MemoryLayout<Sample>.size)
            for place in labels.indices {
                let value = bytes.loadUnaligned(fromByteOffset: place * MemoryLayout<Sample>.size, as: Sample.self)
                guard value >= 0 else { return nil }
                labels[place] = UInt32(truncatingIfNeeded: value)
            }
            return labels
        }
    }
}
