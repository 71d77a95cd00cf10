import GRDB
import Glibc

/// The database could not do what was asked. The message says what to do.
package struct StoreError: Error, Sendable, CustomStringConvertible {
    package enum Kind: Sendable { case exists, held, full, readOnly, corrupt, unreachable, other }

    package var kind: Kind
    package var message: String

    init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// A system call on a file of the state folder failed.
    init(errno code: Int32, _ action: String, _ path: String) {
        let reason = String(cString: strerror(code))
        switch code {
        case ENOSPC, EDQUOT: self.init(.full, "no space left to \(action) \(path): free some, then imflow resume")
        case EROFS, EACCES, EPERM:
            self.init(.readOnly, "cannot \(action) \(path): \(reason); choose another folder with --state")
        default: self.init(.unreachable, "cannot \(action) \(path): \(reason)")
        }
    }

    init(_ error: any Error, path: String) {
        if let error = error as? StoreError {
            self = error
            return
        }
        if let error = error as? FactCoder.Damaged {
            self.init(.corrupt, "the database \(path) is damaged: \(error.description); imflow doctor finds out what can be saved")
            return
        }
        guard let error = error as? DatabaseError else {
            self.init(.other, "the database \(path) holds what this version cannot read: \(error)")
            return
        }
        let detail = error.message ?? "no details"
        switch error.resultCode {
        case .SQLITE_FULL:
            self.init(.full, "no space left for the database \(path): free some, then imflow resume")
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
            self.init(
                .readOnly, "the database \(path) cannot be written: \(detail); choose another folder with --state")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self.init(
                .corrupt,
                "the database \(path) is damaged: \(detail); imflow doctor --repair saves what can be read; or choose another folder with --state")
        case .SQLITE_CANTOPEN, .SQLITE_IOERR:
            self.init(.unreachable, "the database \(path) cannot be opened or read: \(detail)")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(
                .unreachable,
                "the database \(path) has been held by another process for too long: look for one that is stopped or stuck")
        default:
            self.init(.other, "the database \(path): \(detail) (SQLite \(error.extendedResultCode.rawValue))")
        }
    }

    package var description: String { message }
}
