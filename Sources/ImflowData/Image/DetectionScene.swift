internal import ImflowExecution
internal import ImflowJSON
internal import ImflowPlan

/// The boxes of one class in an order that depends on nothing but themselves, and the tiles that saw them.
struct DetectionScene: Sendable {
    /// A tile's boxes.
    struct Run: Sendable {
        /// In ``DetectionScene/neighbours``.
        var tile: Int
        var boxes: Range<Int>
    }

    let neighbours: TileNeighbours
    /// By tile, then from top to bottom.
    let boxes: [DetectionBox]
    let runs: [Run]

    init(_ boxes: [DetectionBox], _ neighbours: TileNeighbours) {
        self.neighbours = neighbours
        let order = TiedOrder.sorted(boxes.indices, by: { Self.precedes(boxes[$0], boxes[$1]) }) {
            JSONValue.object(boxes[$0].value).canonicalBytes()
        }
        self.boxes = order.map { boxes[$0] }
        var runs: [Run] = []
        for (place, box) in self.boxes.enumerated() {
            if let last = runs.last, self.boxes[last.boxes.lowerBound].tile == box.tile {
                runs[runs.count - 1].boxes = last.boxes.lowerBound..<place + 1
            } else {
                runs.append(Run(tile: neighbours.place(of: box.tile), boxes: place..<place + 1))
            }
        }
        self.runs = runs
    }

    private static func precedes(_ left: DetectionBox, _ right: DetectionBox) -> Bool {
        if left.tile != right.tile { return left.tile < right.tile }
        let (a, b) = (left.rect, right.rect)
        if a.minY != b.minY { return a.minY < b.minY }
        return (a.minX, a.maxY, a.maxX, right.score) < (b.minX, b.maxY, b.maxX, left.score)
    }

    func tile(of box: Int) -> DetectionTile { neighbours.tiles[neighbours.place(of: boxes[box].tile)] }

    /// Joins, filters and suppresses as the plan says.
    func objects(_ plan: MergePlan) throws(Failure) -> [LocatedObject] {
        var objects = try DetectionGroups(self, plan: plan).objects()
        if runs.contains(where: { neighbours.tiles[$0.tile].isWhole }) {
            objects = try WholeViews(scene: self, threshold: plan.iou).joined(objects)
        }
        objects = try FragmentFilter(scene: self, threshold: plan.iou).whole(objects)
        if let threshold = plan.nms {
            objects = try DetectionSuppression(scene: self, threshold: threshold, metric: plan.metric).kept(objects)
        }
        return objects.map { LocatedObject(rect: $0.rect, value: JoinedValue(scene: self, object: $0).value) }
    }
}
