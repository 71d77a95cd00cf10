import ImflowContent
import ImflowExecution
import ImflowPlan
import Testing

@testable import ImflowData

/// What holes show, and what a PNG takes.
@Suite struct StitchFillTests {
    /// Three tiles of 8 × 4 px, filled with `value`; the one in the middle is a hole.
    private func stitch(
        _ shape: PixelShape, value: UInt8 = 9, _ plan: MergePlan, overlap: Int = 0
    ) throws -> PixelBlock {
        let workshop = try ImageWorkshop()
        let block = PixelBlock.filled(shape.resized(width: 24 - 2 * overlap, height: 4), with: value)
        let split = SplitPlan.tiles(8, overlap: overlap)
        let reference = try workshop.stitch(block, split, plan) { tile, geometry in geometry.index == 1 ? nil : tile }
        let path = workshop.content.path(of: reference.hash)
        let isPNG = reference.name.hasSuffix(".png")
        #expect(isPNG == (plan.format == .png))
        return isPNG ? try workshop.decoded(at: path) : try workshop.pixels(at: path)
    }

    @Test(arguments: [MergePlan.Blend.hard, .feather]) func holesShowTheLevelsOfTheirBands(blend: MergePlan.Blend) throws {
        let three = try stitch(PixelShape(1, 1), .stitch(blend, fill: .levels([255, 0, 128])))
        #expect(Array(three.pixel(8, 0)) == [255, 0, 128] && Array(three.pixel(15, 3)) == [255, 0, 128])
        #expect(Array(three.pixel(7, 0)) == [9, 9, 9] && Array(three.pixel(16, 3)) == [9, 9, 9])
        let one = try stitch(PixelShape(1, 1, bands: 2, .uint16), .stitch(blend, fill: .levels([258])))
        #expect(Array(one.pixel(8, 0)) == [2, 1, 2, 1] && Array(one.pixel(0, 0)) == [9, 9, 9, 9])
        let float = try stitch(PixelShape(1, 1, bands: 1, .float32), .stitch(blend, fill: .levels([-1.5])))
        #expect(float.bytes[32..<36].withUnsafeBytes { $0.loadUnaligned(as: Float.self) } == -1.5)
    }

    @Test(arguments: [MergePlan.Blend.hard, .feather]) func transparentAddsAlpha(blend: MergePlan.Blend) throws {
        for (bands, format) in [(1, SampleFormat.uint8), (3, .uint8), (3, .uint16)] {
            for kind in [MergePlan.Format.tiff, .png] {
                let plan = MergePlan.stitch(blend, format: kind, fill: .transparent)
                let found = try stitch(PixelShape(1, 1, bands: bands, format), plan)
                #expect(found.shape.bands == bands + 1 && found.shape.hasAlpha)
                let opaque = [UInt8](repeating: 255, count: format.bytes)
                #expect(Array(found.pixel(7, 3)) == [UInt8](repeating: 9, count: bands * format.bytes) + opaque)
                #expect(found.pixel(8, 0).allSatisfy { $0 == 0 } && found.pixel(15, 3).allSatisfy { $0 == 0 })
                #expect(Array(found.pixel(16, 0)) == Array(found.pixel(7, 3)))
            }
        }
    }

    @Test func outputsWithAlphaKeepTheirOwn() throws {
        let found = try stitch(PixelShape(1, 1, bands: 4), .stitch(fill: .transparent))
        #expect(found.shape.bands == 4 && Array(found.pixel(0, 0)) == [9, 9, 9, 9])
        #expect(Array(found.pixel(8, 0)) == [0, 0, 0, 0])
    }

    @Test func featherMixesOnlyWhatTilesShow() throws {
        let found = try stitch(PixelShape(1, 1), .stitch(.feather, fill: .transparent), overlap: 2)
        // What the neighbours show of the hole is opaque, too.
        #expect((0..<20).map { found.pixel($0, 0).last } == (0..<20).map { (8..<12).contains($0) ? 0 : 255 })
    }

    @Test func refusesWhatPixelsCannotHold() throws {
        func message(_ shape: PixelShape, _ plan: MergePlan) throws -> String {
            let failure = try imageFailure { _ = try stitch(shape, plan) }
            #expect(failure.cause == .app)
            return failure.message
        }
        let rgb = PixelShape(1, 1)
        #expect(try message(rgb, .stitch(fill: .levels([1, 2]))).contains("has 2 numbers"))
        #expect(try message(rgb, .stitch(fill: .levels([256]))).contains("256 is no value of uint8"))
        #expect(try message(rgb, .stitch(fill: .levels([-1]))).contains("-1 is no value"))
        #expect(try message(rgb, .stitch(fill: .levels([0.5]))).contains("0.5 is no value"))
        let float = PixelShape(1, 1, bands: 1, .float32)
        #expect(try message(float, .stitch(fill: .transparent)).contains("1 band of float32"))
        #expect(try message(float, .stitch(fill: .levels([1e300]))).contains("no value of float32"))
        #expect(try message(float, .stitch(format: .png)).contains("merge.format: tiff"))
        #expect(try message(PixelShape(1, 1, bands: 6), .stitch(format: .png)).contains("6 bands"))
    }
}
