import Glibc
import ImflowFuzzKit

/// The worst processor time that one input took, for its size. Small inputs count as a kilobyte.
nonisolated(unsafe) private var worst = (microsecondsPerByte: 0.0, bytes: 0)

private func threadMicroseconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
}

@_silgen_name("LLVMFuzzerMutate")
private func mutateBytes(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int) -> Int

/// libFuzzer calls it once, at the start.
@_cdecl("LLVMFuzzerInitialize")
package func initializeFuzzer(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> CInt {
    atexit {
        let rounded = (worst.microsecondsPerByte * 1000).rounded() / 1000
        print("fuzz: at worst \(rounded) µs a byte, for an input of \(worst.bytes) bytes")
    }
    return 0
}

/// libFuzzer calls it with every input.
@_cdecl("LLVMFuzzerTestOneInput")
package func testOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    let start = threadMicroseconds()
    let faults = Soundness.faults(bytes)
    let cost = (threadMicroseconds() - start) / Double(max(size, 1000))
    if cost > worst.microsecondsPerByte { worst = (cost, size) }
    if !faults.isEmpty {
        for fault in faults.prefix(5) { print("fuzz: \(fault)") }
        fflush(nil)
        abort()
    }
    return 0
}

/// libFuzzer calls it to make one input of another: by structure twice out of three times, else by its own means,
/// which know what the code compares with.
@_cdecl("LLVMFuzzerCustomMutator")
package func mutate(
    _ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int, _ seed: CUnsignedInt
) -> Int {
    var dice = Dice(UInt64(seed))
    if dice.oneIn(3) { return mutateBytes(data, size, maximum) }
    var mutator = TextMutator(dice)
    return copy(mutator.mutate(Array(UnsafeBufferPointer(start: data, count: size))), to: data, maximum)
}

/// libFuzzer calls it to make one input of two.
@_cdecl("LLVMFuzzerCustomCrossOver")
package func crossOver(
    _ one: UnsafePointer<UInt8>, _ oneSize: Int, _ other: UnsafePointer<UInt8>, _ otherSize: Int,
    _ out: UnsafeMutablePointer<UInt8>, _ maximum: Int, _ seed: CUnsignedInt
) -> Int {
    var mutator = TextMutator(Dice(UInt64(seed)))
    let bytes = mutator.splice(
        Array(UnsafeBufferPointer(start: one, count: oneSize)),
        Array(UnsafeBufferPointer(start: other, count: otherSize)))
    return copy(bytes, to: out, maximum)
}

private func copy(_ bytes: [UInt8], to out: UnsafeMutablePointer<UInt8>, _ maximum: Int) -> Int {
    let count = min(bytes.count, maximum)
    for index in 0..<count { out[index] = bytes[index] }
    return count
}
