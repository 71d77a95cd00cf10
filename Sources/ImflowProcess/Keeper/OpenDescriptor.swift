import Glibc
import Synchronization

/// A descriptor that is closed when nobody needs it any more.
final class OpenDescriptor: Sendable {
    let number: Int32
    private let isOpen = Mutex(true)

    init(owning number: Int32) { self.number = number }

    deinit { close() }

    /// Before the last reference is gone.
    func close() {
        isOpen.withLock { isOpen in
            if isOpen { Glibc.close(number) }
            isOpen = false
        }
    }
}
