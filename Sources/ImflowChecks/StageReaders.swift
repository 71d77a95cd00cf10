import ImflowIR
import ImflowPlan

/// Who reads what a stage publishes.
struct StageReaders {
    /// By stage: whether something behind it takes one of its values, or may.
    private(set) var isRead: [Bool]
    /// By stage: whether something stands behind it.
    private(set) var hasFollowers: [Bool]

    init(_ expansion: Expansion) {
        isRead = [Bool](repeating: false, count: expansion.stages.count)
        hasFollowers = isRead
        for output in expansion.outputs { isRead[output] = true }
        for (index, stage) in expansion.stages.enumerated() {
            let condition = stage.declaration.when?.value.names ?? []
            var sole: Int?
            // A key that nothing gives is told of: who knows which of these values was meant.
            var isMisspelt = false
            switch expansion.binding(of: index) {
            case .soleValue(let upstream, _): sole = upstream
            case .unbound: isMisspelt = true
            case .declared, .unknown: break
            }
            for source in stage.sources {
                hasFollowers[source] = true
                if isRead[source] { continue }
                let publication = expansion.stages[source].publication
                // Without a key a stage takes all there is.
                isRead[source] =
                    stage.inputKey == nil || isMisspelt || source == sole || !publication.isClosed
                    || publication.names.contains { $0 == stage.inputKey?.value || condition.contains($0) }
            }
        }
    }
}
