import Glibc
import Synchronization

/// Devices that are one launch's, as long as this lives or until it is given back.
final class GPULease: Sendable {
    let devices: [GPUDevice]
    private let descriptors: Mutex<[Int32]>

    init(devices: [GPUDevice], descriptors: [Int32]) {
        self.devices = devices
        self.descriptors = Mutex(descriptors)
    }

    deinit { close() }

    func close() {
        descriptors.withLock { descriptors in
            for descriptor in descriptors {
                // A program that is being started has it open, too, for a moment.
                flock(descriptor, LOCK_UN)
                Glibc.close(descriptor)
            }
            descriptors = []
        }
    }
}
