internal import Glibc
package import ImflowContent
package import ImflowExecution
package import ImflowJSON
package import ImflowPlan

/// Lays the images that a model made of tiles at their places in one image (`tile-stitch`).
package enum TileStitcher {
    /// Answers the content reference of an uncompressed TIFF (BigTIFF from 4 GiB on), whose bytes depend on the pixels
    /// alone. It is written tile by tile and never whole in memory.
    ///
    /// Outputs may be scaled, each side by one factor for all tiles. `hard` takes each pixel from the tile in whose
    /// middle it lies: overlaps are cut in half. `feather` averages, with weights that fall linearly to the tiles'
    /// edges. Holes, units without an image, are zeros: black, and transparent where there is alpha.
    ///
    /// - Throws: cause `app` when outputs are no images or do not agree; `infra` when the content store fails;
    ///   `cancelled`.
    package static func stitch(
        outputs: [(unit: Unit, image: ContentReference?)], plan: MergePlan, split: SplitPlan, content: ContentStore
    ) throws(Failure) -> JSONValue {
        var tiles: [StitchTile] = []
        for output in outputs {
            try checkCancellation()
            let geometry = try TileGeometry(output.unit)
            guard geometry.scaled == nil else {
                throw Failure(.app, "tile-stitch: unit \(geometry.index) is the whole image; leave `tile_whole` out")
            }
            let shape = try output.image.map { (image) throws(Failure) in
                try TileOutput(geometry.index, image, content).shape
            }
            tiles.append(StitchTile(geometry: geometry, image: output.image, shape: shape))
        }
        let layout = try StitchLayout(tiles, split: split)
        let path = content.temporaryFile()
        defer { unlink(path) }
        let writer = try TIFFWriter(path: path, shape: layout.shape)
        switch plan.blend {
        case .hard: try layHard(layout, content, into: writer)
        case .feather: try FeatherBlend(layout: layout, content: content).write(to: writer)
        }
        do throws(ContentError) {
            let stored = try content.put(fileAt: path, moving: true)
            return .string(ContentReference(hash: stored.hash, name: "stitched.tif").text)
        } catch {
            throw Failure(storing: error)
        }
    }

    /// The image in a unit's result: a content reference, or an object with exactly one member that is one.
    package static func image(in result: JSONValue, of unit: Unit) throws(Failure) -> ContentReference {
        let candidates = result.objectValue.map { Array($0.values) } ?? [result]
        let references = candidates.compactMap { $0.stringValue.flatMap { ContentReference($0) } }
        guard references.count == 1 else {
            throw Failure(
                .app,
                "unit \(unit.index) must give one image file to stitch, a `file://` URL or an object with one; it gave "
                    + (references.isEmpty ? "none" : "\(references.count)"))
        }
        return references[0]
    }

    private static func layHard(_ layout: StitchLayout, _ content: ContentStore, into writer: TIFFWriter)
        throws(Failure)
    {
        for row in 0..<layout.y.count {
            for column in 0..<layout.x.count {
                guard let tile = layout.tile(row: row, column: column), let image = tile.image else { continue }
                try checkCancellation()
                let place = layout.rect(row: row, column: column)
                let (xs, ys) = (layout.x.cell(column), layout.y.cell(row))
                let cell = PixelRect(x: xs.lowerBound, y: ys.lowerBound, width: xs.count, height: ys.count)
                guard cell.width > 0, cell.height > 0 else { continue }
                var block = try TileOutput(tile.geometry.index, image, content).block()
                let stride = block.shape.rowSize
                let start = (cell.y - place.y) * stride + (cell.x - place.x) * block.shape.pixelSize
                try block.bytes.rawBytes { (buffer) throws(Failure) in
                    try writer.write(UnsafeRawBufferPointer(rebasing: buffer[start...]), stride: stride, to: cell)
                }
            }
        }
    }
}
