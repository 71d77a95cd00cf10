import Glibc

/// Why stored bytes could not be written, read or trusted. The sentence names the file and the way out.
package struct ContentError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        /// The file system, or the user's quota on it, is full.
        case diskFull
        /// The content or the file is not there.
        case missing
        /// The bytes are not those that the hash names.
        case corrupt
        case other
    }

    package var kind: Kind
    /// The file or folder that is concerned.
    package var path: String
    /// The system's own name of the error, such as `ENOSPC`; nil when no system call failed.
    package var errnoName: String?
    /// One sentence for the person who must act on it.
    package var sentence: String

    package init(_ kind: Kind, path: String, errnoName: String? = nil, _ sentence: String) {
        self.kind = kind
        self.path = path
        self.errnoName = errnoName
        self.sentence = sentence
    }

    /// Of a system call that failed with `code` while it did `action`, as in “cannot `action` PATH”.
    init(errno code: Int32, _ action: String, _ path: String) {
        let name = Self.names[code] ?? "errno \(code)"
        let reason = String(cString: strerror(code)).lowercased()
        let wayOut =
            switch code {
            case ENOSPC, EDQUOT: "; free some space, or choose another folder with --state"
            case EROFS, EACCES, EPERM: "; choose a folder you may write with --state"
            case EMFILE, ENFILE: "; raise the limit of open files (ulimit -n), or lower --concurrency"
            default: ""
            }
        let kind: Kind =
            switch code {
            case ENOSPC, EDQUOT: .diskFull
            case ENOENT: .missing
            case ELOOP: .corrupt
            default: .other
            }
        self.init(kind, path: path, errnoName: name, "cannot \(action) \(path): \(reason) (\(name))\(wayOut)")
    }

    package var diskFull: Bool { kind == .diskFull }
    package var missing: Bool { kind == .missing }
    package var corrupt: Bool { kind == .corrupt }
    package var description: String { sentence }

    private static let names: [Int32: String] = [
        ENOSPC: "ENOSPC", EDQUOT: "EDQUOT", EROFS: "EROFS", EACCES: "EACCES", EPERM: "EPERM", ENOENT: "ENOENT",
        EEXIST: "EEXIST", ENOTDIR: "ENOTDIR", EISDIR: "EISDIR", ELOOP: "ELOOP", EMFILE: "EMFILE", ENFILE: "ENFILE",
        EIO: "EIO", EXDEV: "EXDEV", EMLINK: "EMLINK", EFBIG: "EFBIG", ENAMETOOLONG: "ENAMETOOLONG", EINVAL: "EINVAL",
        ENOTEMPTY: "ENOTEMPTY", EBUSY: "EBUSY", ENOMEM: "ENOMEM",
    ]
}
