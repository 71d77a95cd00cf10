package import ImflowJSON
package import ImflowPlan

/// One attempt of one task, with everything needed to carry it out anywhere. Idempotent by (job, task, attempt).
package struct WorkOrder: Sendable, Codable {
    package var job: String
    /// The job at the top of the family that this one belongs to, whose warm instances serve all of it; nil: ``job``.
    package var root: String?
    /// Unique in the job, safe as a file name: `input`, `words`, `words-split`, `words-07`, `words-merge`.
    package var task: String
    package var stage: String
    /// From 1.
    package var attempt: Int
    /// Drawn for this attempt; a report counts only while its token is the live one.
    package var token: String
    /// The engine was restarted since this attempt was first handed out: it may be running, or done.
    package var recovered: Bool
    /// For the whole attempt; nil: no limit.
    package var timeout: TimeSpan?
    /// The token of another attempt of the task that runs on, when this one is a hedge: best carried out elsewhere.
    package var beside: String?
    /// Whether another call's result may stand for this one's (`cache`); nil: no.
    package var cache: Bool?
    package var work: Work

    package init(
        job: String, task: String, stage: String, attempt: Int, token: String, recovered: Bool = false,
        timeout: TimeSpan? = nil, beside: String? = nil, cache: Bool? = nil, work: Work
    ) {
        self.job = job
        self.task = task
        self.stage = stage
        self.attempt = attempt
        self.token = token
        self.recovered = recovered
        self.timeout = timeout
        self.beside = beside
        self.cache = cache
        self.work = work
    }
}

package enum Work: Sendable, Codable {
    /// Fetches the job's input files; the result is the input with content references in their place.
    case fetch(FetchWork)
    /// Binds a stage's input and cuts it into units.
    case split(SplitWork)
    /// Calls a model: once for a whole stage or a reduction, once per unit for a shard.
    case call(CallWork)
    /// Makes one result of the partial outputs.
    case merge(MergeWork)
    /// Hands the bound input on as the result.
    case pass(InputContext)
}

package struct FetchWork: Sendable, Codable {
    package var input: JSONValue
    /// JSON pointers (RFC 6901) of the URLs in ``input``.
    package var pointers: [String]

    package init(input: JSONValue, pointers: [String]) {
        self.input = input
        self.pointers = pointers
    }
}

/// Where a stage's input comes from; resolved by whoever carries out the work.
package struct InputContext: Sendable, Codable {
    /// A finished stage, as others see it.
    package struct Source: Sendable, Codable {
        package var stage: String
        package var outputKey: String?
        package var result: Payload

        package init(stage: String, outputKey: String?, result: Payload) {
            self.stage = stage
            self.outputKey = outputKey
            self.result = result
        }
    }

    /// Nearest first.
    package var sources: [Source]
    /// The job's own input; nil when it is not in reach.
    package var jobInput: Payload?
    /// `input_key`; nil: the whole context.
    package var key: String?
    /// Whether the first source's result is handed on as it is. Nil: no.
    package var firstSource: Bool?
    package var soleValueFallback: Bool
    /// Laid over the bound input: an object.
    package var literal: JSONValue
    package var when: Condition?

    package init(
        sources: [Source], jobInput: Payload?, key: String?, firstSource: Bool? = nil, soleValueFallback: Bool,
        literal: JSONValue, when: Condition?
    ) {
        self.sources = sources
        self.jobInput = jobInput
        self.key = key
        self.firstSource = firstSource
        self.soleValueFallback = soleValueFallback
        self.literal = literal
        self.when = when
    }
}

package struct SplitWork: Sendable, Codable {
    package var context: InputContext
    package var split: SplitPlan
    package var inputSchema: JSONValue?
    /// The list that is split is being made, one element per unit of another stage: the units are known, the elements are not.
    package var followed: FollowedList?

    package init(
        context: InputContext, split: SplitPlan, inputSchema: JSONValue?, followed: FollowedList? = nil
    ) {
        self.context = context
        self.split = split
        self.inputSchema = inputSchema
        self.followed = followed
    }
}

/// The result of a stage that has been split and not merged yet: a list with one element per unit.
package struct FollowedList: Sendable, Codable, Equatable {
    package var stage: String
    package var outputKey: String?
    /// Where the stage stands among the ``InputContext/sources``, which lack it.
    package var position: Int
    package var unitCount: Int
    /// The split must bundle the units as this many shards.
    package var shardCount: Int

    package init(stage: String, outputKey: String?, position: Int, unitCount: Int, shardCount: Int) {
        self.stage = stage
        self.outputKey = outputKey
        self.position = position
        self.unitCount = unitCount
        self.shardCount = shardCount
    }
}

package struct CallWork: Sendable, Codable {
    package enum Input: Sendable, Codable {
        /// One call with the bound input. The result is the model's result.
        case whole(InputContext)
        /// One call per unit of `units` (a list of ``Unit``): `shared` is the bound input that all units have in common.
        /// The result is the list of the units' results, in order. `followed`: what a shard of another stage made, the list of
        /// the elements that units with a ``Unit/listKey`` get, in order.
        case shard(shared: Payload, units: Payload, followed: Payload? = nil)
        /// One call with `{"partials": [unit results in order], "units": [unit geometry]}`.
        case reduce(parts: [MergePart])
    }

    package var model: ModelPlan
    package var input: Input
    package var shardIndex: Int
    package var shardCount: Int

    package init(model: ModelPlan, input: Input, shardIndex: Int = 0, shardCount: Int = 1) {
        self.model = model
        self.input = input
        self.shardIndex = shardIndex
        self.shardCount = shardCount
    }
}

package struct MergeWork: Sendable, Codable {
    package var merge: MergePlan
    package var split: SplitPlan
    /// In shard order.
    package var parts: [MergePart]

    package init(merge: MergePlan, split: SplitPlan, parts: [MergePart]) {
        self.merge = merge
        self.split = split
        self.parts = parts
    }
}

/// One shard's share of a merge.
package struct MergePart: Sendable, Codable {
    package var shardIndex: Int
    /// A list of ``Unit``.
    package var units: Payload
    /// The list of the units' results; nil: a hole, the shard did not succeed.
    package var output: Payload?

    package init(shardIndex: Int, units: Payload, output: Payload?) {
        self.shardIndex = shardIndex
        self.units = units
        self.output = output
    }
}

/// One unit as a split writes it: `{"unit": {…geometry…}, "set": {…}, "tile": {…}, "cut": {…}}`, and `"list_key"` when its element of the
/// list that is split was not there yet.
package struct Unit: Sendable, Equatable {
    /// What the model is told: always `index`; for tiles `x`, `y`, `width`, `height` (px in the source), `row`,
    /// `column`, `image_width`, `image_height`; for candidates `seed`; for sequences, lines, batches, rows and audio (in
    /// seconds) `start`, `end`.
    package var geometry: JSONObject
    /// Members laid over the shared input.
    package var set: JSONObject
    /// For tiles: the input member that receives the tile's file, and the content reference of the source image.
    package var tile: (key: String, source: String)?
    /// What the model gets of the tile; nil: `auto`.
    package var tileFile: TileFile?
    /// The part of a stored file that it works on, for tables, recordings and large texts.
    package var cut: FileCut?
    /// The input member that gets a list of one element, which the shard before made.
    package var listKey: String?

    package init(
        geometry: JSONObject, set: JSONObject, tile: (key: String, source: String)? = nil, tileFile: TileFile? = nil,
        cut: FileCut? = nil,
        listKey: String? = nil
    ) {
        self.geometry = geometry
        self.set = set
        self.tile = tile
        self.tileFile = tileFile
        self.cut = cut
        self.listKey = listKey
    }

    /// Nil when `json` is no unit.
    package init?(_ json: JSONValue) {
        guard let geometry = json["unit"]?.objectValue else { return nil }
        self.geometry = geometry
        set = json["set"]?.objectValue ?? [:]
        if let key = json["tile"]?["key"]?.stringValue, let source = json["tile"]?["source"]?.stringValue {
            tile = (key, source)
            tileFile = json["tile"]?["file"]?.stringValue.flatMap(TileFile.init(rawValue:))
        }
        if let cut = json["cut"] {
            guard let cut = FileCut(cut) else { return nil }
            self.cut = cut
        }
        listKey = json["list_key"]?.stringValue
    }

    package var json: JSONValue {
        var members: JSONObject = ["unit": .object(geometry)]
        if !set.isEmpty { members["set"] = .object(set) }
        if let tile {
            var about: JSONObject = ["key": .string(tile.key), "source": .string(tile.source)]
            if let tileFile { about["file"] = .string(tileFile.rawValue) }
            members["tile"] = .object(about)
        }
        if let cut { members["cut"] = cut.json }
        if let listKey { members["list_key"] = .string(listKey) }
        return .object(members)
    }

    package var index: Int { geometry["index"]?.intValue ?? 0 }

    package static func == (left: Unit, right: Unit) -> Bool { left.json == right.json }
}
