/// A pool whose jobs have ended, or whose model is another one by now.
extension InstancePool {
    /// Kept even when idle.
    var minimum: Int { isUnneeded || lingering != nil ? 0 : settings.minimum }
    /// Beyond ``minimum``, one that nobody wanted for so long is stopped.
    var idle: Duration { min(lingering ?? settings.idle, settings.idle) }

    /// Whether jobs use it; without, it idles out as a whole.
    func setNeeded(_ isNeeded: Bool) {
        isUnneeded = !isNeeded
        if !isNeeded { restartWatch() }
    }

    /// Another of its kind has taken its place: it ends what it has begun, and keeps nothing.
    /// - Parameter time: an instance is stopped when it has been idle for so long; nil: it is the newest again.
    func linger(_ time: Duration?) {
        lingering = time
        restartWatch()
    }

    /// Looks at once, and then as often as things are now.
    private func restartWatch() {
        guard !isClosed, watch != nil else { return }
        watch?.cancel()
        watch = nil
        startWatch()
    }
}
