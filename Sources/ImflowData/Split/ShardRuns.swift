/// Bundles neighbouring units into shards.
enum ShardRuns {
    /// Contiguous runs over `count` units: at most `limit`, none empty, the first ones larger by one where the
    /// count does not divide.
    static func balanced(_ count: Int, limit: Int) -> [Range<Int>] {
        let shards = min(count, max(limit, 1))
        guard shards > 0 else { return [] }
        let (size, larger) = count.quotientAndRemainder(dividingBy: shards)
        var start = 0
        return (0..<shards).map { shard in
            let end = start + size + (shard < larger ? 1 : 0)
            defer { start = end }
            return start..<end
        }
    }
}
