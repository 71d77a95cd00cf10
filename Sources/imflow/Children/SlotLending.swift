import ImflowEngine
import Synchronization

/// The attempts of a family that only wait for other jobs: others run on their slots meanwhile. An attempt of several threads
/// has lent its slot as long as any of them waits.
final class SlotLending: Sendable {
    private struct Attempt {
        /// How many things it waits for.
        var waits = 0
        /// Opens when it has a slot again, or has ended; nil: it does not come back yet.
        var comingBack: Latch?
    }

    private struct Place: Hashable {
        var job: String
        var token: String
    }

    private let slots: FamilySlots
    /// Those that have lent their slot.
    private let attempts = Mutex<[Place: Attempt]>([:])

    init(_ slots: FamilySlots) { self.slots = slots }

    /// - Parameter conductor: the job's.
    func whileWaiting(_ token: String, of job: String, _ conductor: Conductor, _ wait: () async -> Void) async {
        let place = Place(job: job, token: token)
        begin(place, conductor)
        await wait()
        await end(place, conductor)
    }

    private func begin(_ place: Place, _ conductor: Conductor) {
        attempts.withLock { attempts in
            if attempts[place] == nil {
                attempts[place] = Attempt()
                conductor.lendSlot(of: place.token)
            }
            attempts[place]?.waits += 1
        }
    }

    private func end(_ place: Place, _ conductor: Conductor) async {
        enum Next {
            case nothing
            case wait(Latch)
            case comeBack(Latch)
        }
        let next = attempts.withLock { attempts -> Next in
            attempts[place]?.waits -= 1
            guard let attempt = attempts[place], attempt.waits <= 0 else { return .nothing }
            if let latch = attempt.comingBack { return .wait(latch) }
            let latch = Latch()
            attempts[place]?.comingBack = latch
            return .comeBack(latch)
        }
        switch next {
        case .nothing: return
        case .wait(let latch): await latch.wait()
        case .comeBack(let latch):
            slots.comesBack(true, job: place.job)
            await conductor.reclaimSlot(of: place.token)
            slots.comesBack(false, job: place.job)
            attempts.withLock { attempts in
                // Another of its threads has begun to wait since.
                if let attempt = attempts[place], attempt.waits > 0 {
                    attempts[place]?.comingBack = nil
                    conductor.lendSlot(of: place.token)
                } else {
                    attempts[place] = nil
                }
            }
            latch.open()
        }
    }
}
