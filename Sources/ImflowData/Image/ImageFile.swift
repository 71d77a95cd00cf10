internal import Glibc
internal import ImflowExecution

/// An open file that is read and written at given places, so that threads and forks share no position. Closed when the
/// last one lets go.
final class ImageFile: Sendable {
    private let descriptor: Int32
    /// What messages call the file.
    let name: String
    /// In bytes, when it was opened.
    let size: Int64

    private init(_ descriptor: Int32, name: String, action: String) throws(Failure) {
        self.name = name
        self.descriptor = descriptor
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
            throw ImageFile.failure(action, name, code: errno)
        }
        size = Int64(status.st_size)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    static func reading(_ path: String, name: String) throws(Failure) -> ImageFile {
        try ImageFile(open(path, O_RDONLY | O_CLOEXEC), name: name, action: "open")
    }

    /// Makes a new file of `size` zero bytes, which take no room until they are written.
    static func creating(_ path: String, size: Int64) throws(Failure) -> ImageFile {
        let file = try ImageFile(open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600), name: path, action: "create")
        guard ftruncate(file.descriptor, Int(size)) == 0 else { throw failure("write", path, code: errno) }
        return file
    }

    /// Makes a new file of `bytes`, in one go.
    static func write(_ bytes: UnsafeRawBufferPointer, to path: String, mode: mode_t) throws(Failure) {
        let file = try ImageFile(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode), name: path, action: "create")
        try file.write(bytes, at: 0)
        // Whatever the process's umask takes away.
        guard fchmod(file.descriptor, mode) == 0 else { throw failure("write", path, code: errno) }
    }

    /// Fills `buffer` from `offset` on; false when the file ends before that.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(Failure) -> Bool {
        var done = 0
        while done < buffer.count {
            let count = pread(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, Int(offset) + done)
            if count == 0 { return false }
            if count > 0 {
                done += count
            } else if errno != EINTR {
                throw ImageFile.failure("read", name, code: errno)
            }
        }
        return true
    }

    /// Reads `rows` pieces of `length` bytes, which begin `pitch` bytes apart in the file from `offset` on and `stride`
    /// bytes apart in `buffer`; false when the file ends before the last one does. Gaps of up to `gapLimit` bytes are
    /// read, too, so that many rows take one call of the system.
    func read(
        rows: Int, of length: Int, into buffer: UnsafeMutableRawBufferPointer, stride: Int, at offset: Int64,
        pitch: Int, gapLimit: Int
    ) throws(Failure) -> Bool {
        precondition(buffer.count >= (rows - 1) * stride + length && pitch >= length)
        let gap = pitch - length
        let rowsAtOnce = gap > gapLimit ? 1 : gap == 0 ? Self.vectorLimit : Self.vectorLimit / 2
        let waste = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, min(gap, gapLimit)), alignment: 16)
        defer { waste.deallocate() }
        for first in Swift.stride(from: 0, to: rows, by: rowsAtOnce) {
            var pieces: [iovec] = []
            for row in first..<min(rows, first + rowsAtOnce) {
                if row > first, gap > 0 { pieces.append(iovec(iov_base: waste.baseAddress, iov_len: gap)) }
                pieces.append(iovec(iov_base: buffer.baseAddress.map { $0 + row * stride }, iov_len: length))
            }
            guard try read(&pieces, at: offset + Int64(first * pitch)) else { return false }
        }
        return true
    }

    /// Pieces of memory that one call of the system fills: Linux takes 1,024.
    private static let vectorLimit = 1024

    private func read(_ pieces: inout [iovec], at offset: Int64) throws(Failure) -> Bool {
        var (first, place) = (0, Int(offset))
        while first < pieces.count {
            var count = pieces.withUnsafeBufferPointer { all in
                preadv(descriptor, all.baseAddress.map { $0 + first }, Int32(all.count - first), place)
            }
            if count == 0 { return false }
            if count < 0 {
                guard errno == EINTR else { throw ImageFile.failure("read", name, code: errno) }
                continue
            }
            place += count
            while first < pieces.count, count >= pieces[first].iov_len {
                count -= pieces[first].iov_len
                first += 1
            }
            if count > 0 {
                pieces[first].iov_base = pieces[first].iov_base.map { $0 + count }
                pieces[first].iov_len -= count
            }
        }
        return true
    }

    /// Nil when the file ends before `offset + count`.
    func bytes(at offset: Int64, count: Int) throws(Failure) -> [UInt8]? {
        guard offset >= 0, count >= 0, Int64(count) <= size, offset <= size - Int64(count) else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        return try bytes.rawBytes { (buffer) throws(Failure) in try read(into: buffer, at: offset) } ? bytes : nil
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(Failure) {
        var done = 0
        while done < bytes.count {
            let count = pwrite(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, Int(offset) + done)
            if count >= 0 {
                done += count
            } else if errno != EINTR {
                throw ImageFile.failure("write", name, code: errno)
            }
        }
    }

    private static func failure(_ action: String, _ name: String, code: Int32) -> Failure {
        let wayOut = code == ENOSPC || code == EDQUOT ? "; free some space, or choose another folder with --state" : ""
        return Failure(.infra, "cannot \(action) \(name): \(String(cString: strerror(code)).lowercased())\(wayOut)")
    }
}

extension Array where Element == UInt8 {
    /// The array's own bytes, for a body that throws ``Failure``.
    mutating func rawBytes<Result>(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var outcome: Swift.Result<Result, Failure>?
        withUnsafeMutableBytes { buffer in
            do throws(Failure) { outcome = .success(try body(buffer)) } catch { outcome = .failure(error) }
        }
        guard let outcome else { preconditionFailure("the body of withUnsafeMutableBytes was not called") }
        return try outcome.get()
    }
}
