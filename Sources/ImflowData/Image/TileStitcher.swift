internal import Glibc
package import ImflowContent
package import ImflowExecution
package import ImflowJSON
package import ImflowPlan

/// Lays the images that a model made of tiles at their places in one image (`tile-stitch`).
package enum TileStitcher {
    /// Answers the content reference of the stitched image, whose bytes depend on the pixels alone: an uncompressed TIFF
    /// (BigTIFF from 4 GiB on), or a PNG with `format: png`. It is written piece by piece and never whole in memory.
    ///
    /// Outputs may be scaled, each side by one factor for all tiles. `hard` takes each pixel from the tile in whose
    /// middle it lies: overlaps are cut in half. `feather` averages, with weights that fall linearly to the tiles'
    /// edges. Holes, units without an image, show `fill`, else zeros: black, and transparent where there is alpha.
    /// With `content: labels` outputs are label maps, and ``LabelBlend`` makes them one of 32 bits.
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
            let file = try output.image.map { (image) throws(Failure) in try TileOutputFile(geometry.index, image, content) }
            tiles.append(try StitchTile(geometry, file, plan))
        }
        let isPNG = plan.format == .png
        let (decoded, encoded) = (content.temporaryFile(), content.temporaryFile())
        defer {
            unlink(decoded)
            unlink(encoded)
        }
        try stitch(tiles, plan, split, into: decoded)
        if isPNG { try VipsImage.convertToPNG(decoded, into: encoded) }
        do throws(ContentError) {
            let stored = try content.put(fileAt: isPNG ? encoded : decoded, moving: true)
            return .string(ContentReference(hash: stored.hash, name: isPNG ? "stitched.png" : "stitched.tif").text)
        } catch {
            throw Failure(storing: error)
        }
    }

    static func stitch(
        _ tiles: [StitchTile], _ plan: MergePlan, _ split: SplitPlan, into path: String
    ) throws(Failure) {
        let layout = try StitchLayout(tiles, split: split)
        if plan.content == .labels {
            return try LabelBlend(layout: layout).write(to: TIFFWriter(path: path, shape: layout.shape))
        }
        let fill = try StitchFill(plan.fill, for: layout.shape)
        if plan.format == .png { try ImageLimits.checkPNG(fill.shape) }
        let writer = try TIFFWriter(path: path, shape: fill.shape)
        switch plan.blend {
        case .hard: try HardBlend(layout: layout, fill: fill).write(to: writer)
        case .feather: try FeatherBlend(layout: layout, fill: fill).write(to: writer)
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
}
