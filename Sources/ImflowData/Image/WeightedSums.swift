/// Weighted averages of samples, held as differences from the first value that came: the average of equal values is
/// that value, exactly, in every format.
struct WeightedSums {
    /// By pixel. 0: nothing came.
    private var weights: [Double]
    /// By sample.
    private var firsts: [Double]
    private var differences: [Double]
    /// Samples of a pixel.
    private let samples: Int

    init(pixels: Int, samples: Int) {
        self.samples = samples
        weights = [Double](repeating: 0, count: pixels)
        firsts = [Double](repeating: 0, count: pixels * samples)
        differences = [Double](repeating: 0, count: pixels * samples)
    }

    /// Adds what `block`, whose top left corner lies at `place`, has of `part`, a rectangle within `piece`; weights are
    /// those of the part's columns and rows. The sums are of all of `piece`.
    mutating func add<Sample: BlendableSample>(
        _ block: PixelBlock, at place: PixelRect, _ part: PixelRect, of piece: PixelRect, columnWeights: [Double],
        rowWeights: [Double], as type: Sample.Type
    ) {
        block.bytes.withUnsafeBytes { bytes in
            for (row, rowWeight) in rowWeights.enumerated() {
                let y = part.y + row
                var source = (y - place.y) * block.shape.rowSize + (part.x - place.x) * block.shape.pixelSize
                var target = (y - piece.y) * piece.width + part.x - piece.x
                for columnWeight in columnWeights {
                    let weight = rowWeight * columnWeight
                    let isFirst = weights[target] == 0
                    weights[target] += weight
                    for place in target * samples..<(target + 1) * samples {
                        let value = bytes.loadUnaligned(fromByteOffset: source, as: Sample.self).blendValue
                        if isFirst {
                            firsts[place] = value
                        } else if value != firsts[place], !(value.isNaN && firsts[place].isNaN) {
                            differences[place] += weight * (value - firsts[place])
                        }
                        source += MemoryLayout<Sample>.size
                    }
                    target += 1
                }
            }
        }
    }

    /// Pixels without any weight lie in a hole.
    func average<Sample: BlendableSample>(filling fill: StitchFill, as type: Sample.Type) -> [UInt8] {
        let pixel = fill.shape.pixelSize
        let size = MemoryLayout<Sample>.size
        var bytes = [UInt8](repeating: 0, count: weights.count * pixel)
        bytes.withUnsafeMutableBytes { buffer in
            for (index, weight) in weights.enumerated() {
                let target = index * pixel
                guard weight > 0 else {
                    if !fill.isZero { for byte in 0..<pixel { buffer[target + byte] = fill.pixel[byte] } }
                    continue
                }
                for sample in 0..<samples {
                    let place = index * samples + sample
                    // -0 + 0 would be 0.
                    let difference = differences[place]
                    let value = difference == 0 ? firsts[place] : firsts[place] + difference / weight
                    buffer.storeBytes(of: Sample(blended: value), toByteOffset: target + sample * size, as: Sample.self)
                }
                for byte in samples * size..<pixel { buffer[target + byte] = 0xFF }
            }
        }
        return bytes
    }
}

/// A sample that can be averaged: exactly in doubles up to 32 bits.
protocol BlendableSample: BitwiseCopyable {
    var blendValue: Double { get }
    /// Rounds to the nearest value, halves away from zero. `blended` lies between values that the type holds.
    init(blended: Double)
}

extension BlendableSample where Self: FixedWidthInteger {
    var blendValue: Double { Double(self) }
    init(blended: Double) { self.init(clamping: Int64(blended.rounded())) }
}

extension UInt8: BlendableSample {}
extension Int8: BlendableSample {}
extension UInt16: BlendableSample {}
extension Int16: BlendableSample {}
extension UInt32: BlendableSample {}
extension Int32: BlendableSample {}

extension Float: BlendableSample {
    var blendValue: Double { Double(self) }
    init(blended: Double) { self.init(blended) }
}

extension Double: BlendableSample {
    var blendValue: Double { self }
    init(blended: Double) { self = blended }
}
