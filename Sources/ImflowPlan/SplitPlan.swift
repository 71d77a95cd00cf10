package enum SplitMode: String, Sendable, Codable, CaseIterable {
    case tile, batch, sequence, lines, candidates, rows, audio
}

package enum SequenceUnit: String, Sendable, Codable, CaseIterable {
    case chars, words, lines
}

/// How a table is written.
package enum RowFormat: String, Sendable, Codable, CaseIterable {
    case csv, tsv, jsonl
}

/// What stands between the fields of a table's row.
package enum RowDelimiter: String, Sendable, Codable, CaseIterable {
    case comma, semicolon, tab, pipe
}

/// What a model gets of its tile.
package enum TileFile: String, Sendable, Codable, CaseIterable {
    /// A PNG where the pixels fit, else an uncompressed TIFF.
    case auto
    case png
    /// Uncompressed.
    case tiff
    /// The whole upright image, of which the unit's geometry names the rectangle.
    case source
}

/// How a stage's input is cut into units, and units bundled into shards.
package struct SplitPlan: Sendable, Equatable, Codable {
    /// Whisper's own window.
    package static let defaultAudioLength = TimeSpan(milliseconds: 30_000)

    package var mode: SplitMode
    /// The input member that is split; nil: the only one that fits the mode.
    package var key: String?
    /// In px. Edge tiles are smaller unless ``tilePad``.
    package var tileWidth: Int
    package var tileHeight: Int
    package var tileOverlapX: Int
    package var tileOverlapY: Int
    package var tilePad: Bool
    /// Whether there is one unit more: the whole image, scaled down to fit a tile. Nil: no.
    package var tileWhole: Bool?
    /// Nil: `auto`.
    package var tileFile: TileFile?
    /// Items of a list, or rows of a table, per unit.
    package var batchSize: Int
    package var sequenceLength: Int
    package var sequenceOverlap: Int
    package var sequenceUnit: SequenceUnit
    /// Calls with the same input and `seed`, `seed + 1`, …
    package var candidates: Int
    package var seed: Int
    /// Nil: told by the file's extension.
    package var rowFormat: RowFormat?
    /// Whether the first row names the columns; nil: yes.
    package var rowHeader: Bool?
    /// Nil: that of the format.
    package var rowDelimiter: RowDelimiter?
    /// Of a window of a recording; nil: 30 s.
    package var audioLength: TimeSpan?
    /// What neighbouring windows share; nil: nothing.
    package var audioOverlap: TimeSpan?
    /// Most shards: the job's `shard_count`, else the manifest's `max_shards`.
    package var shardLimit: Int

    package init(
        mode: SplitMode, key: String? = nil, tileWidth: Int = 512, tileHeight: Int = 512, tileOverlapX: Int = 0,
        tileOverlapY: Int = 0, tilePad: Bool = false, tileWhole: Bool? = nil, tileFile: TileFile? = nil,
        batchSize: Int = 1, sequenceLength: Int = 2048,
        sequenceOverlap: Int = 0, sequenceUnit: SequenceUnit = .words, candidates: Int = 1, seed: Int = 0,
        rowFormat: RowFormat? = nil, rowHeader: Bool? = nil, rowDelimiter: RowDelimiter? = nil,
        audioLength: TimeSpan? = nil, audioOverlap: TimeSpan? = nil, shardLimit: Int = 32
    ) {
        self.mode = mode
        self.key = key
        self.tileWidth = tileWidth
        self.tileHeight = tileHeight
        self.tileOverlapX = tileOverlapX
        self.tileOverlapY = tileOverlapY
        self.tilePad = tilePad
        self.tileWhole = tileWhole
        self.tileFile = tileFile
        self.batchSize = batchSize
        self.sequenceLength = sequenceLength
        self.sequenceOverlap = sequenceOverlap
        self.sequenceUnit = sequenceUnit
        self.candidates = candidates
        self.seed = seed
        self.rowFormat = rowFormat
        self.rowHeader = rowHeader
        self.rowDelimiter = rowDelimiter
        self.audioLength = audioLength
        self.audioOverlap = audioOverlap
        self.shardLimit = shardLimit
    }
}

package enum MergeStrategy: String, Sendable, Codable, CaseIterable {
    case concatJSON = "concat-json"
    case concatText = "concat-text"
    case jsonMerge = "json-merge"
    case tileStitch = "tile-stitch"
    case detections
    case segments
    case mean, sum, max, min
    case vote
    case topK = "top-k"
    case none
}

/// How the partial outputs of a stage become its result.
package struct MergePlan: Sendable, Equatable, Codable {
    package enum Conflict: String, Sendable, Codable, CaseIterable { case error, last }
    package enum Blend: String, Sendable, Codable, CaseIterable { case hard, feather }
    package enum Metric: String, Sendable, Codable, CaseIterable { case iou, ios }
    package enum Format: String, Sendable, Codable, CaseIterable { case tiff, png }
    package enum Content: String, Sendable, Codable, CaseIterable { case image, labels }

    /// What a stitched image shows where no tile has an output.
    package enum Fill: Sendable, Equatable {
        /// An alpha band is added where there is none.
        case transparent
        /// A sample for each band, or one for all.
        case levels([Double])
    }

    package var strategy: MergeStrategy
    /// For `json-merge`: what happens when two units give one member different scalars.
    package var conflict: Conflict
    /// For `tile-stitch`.
    package var blend: Blend
    /// For `tile-stitch`: of the result's file; nil: TIFF.
    package var format: Format?
    /// For `tile-stitch`: what the pixels are; nil: an image.
    package var content: Content?
    /// For `tile-stitch`; nil: zeros, transparent where there is alpha.
    package var fill: Fill?
    /// For `detections`: two boxes of different tiles that overlap at least this much, 0…1, are one object.
    package var iou: Double
    package var metric: Metric
    /// For `detections`: of two objects that overlap at least this much, 0…1, after all tiles were merged, only the one
    /// with the higher score stays. Nil: both.
    package var nms: Double?
    /// For `detections`: boxes of different classes can be one object. Nil: no.
    package var classAgnostic: Bool?
    /// For `top-k`: the member that ranks, and how many stay.
    package var score: String
    package var k: Int
    /// Key in ``Plan/models`` of the model that merges in place of a strategy.
    package var reducer: String?

    package init(
        strategy: MergeStrategy = .concatJSON, conflict: Conflict = .error, blend: Blend = .hard,
        format: Format? = nil, content: Content? = nil, fill: Fill? = nil, iou: Double = 0.5, metric: Metric = .iou,
        nms: Double? = nil, classAgnostic: Bool? = nil, score: String = "score", k: Int = 1, reducer: String? = nil
    ) {
        self.strategy = strategy
        self.conflict = conflict
        self.blend = blend
        self.format = format
        self.content = content
        self.fill = fill
        self.iou = iou
        self.metric = metric
        self.nms = nms
        self.classAgnostic = classAgnostic
        self.score = score
        self.k = k
        self.reducer = reducer
    }
}

/// As it is written: `transparent`, or the list of numbers.
extension MergePlan.Fill: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let word = try? container.decode(String.self) {
            guard word == "transparent" else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "`\(word)` is no fill")
            }
            self = .transparent
        } else {
            self = .levels(try container.decode([Double].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .transparent: try container.encode("transparent")
        case .levels(let levels): try container.encode(levels)
        }
    }
}

/// The peers of a stage with a `distributed_runtime`.
package struct GangPlan: Sendable, Equatable, Codable {
    package enum Runtime: String, Sendable, Codable, CaseIterable { case ray, horovod, torch, mpi }
    package enum Role: String, Sendable, Codable, CaseIterable { case head, worker }

    package var runtime: Runtime
    package var role: Role
    package var size: Int
    package var coordinationPort: Int?
    package var gpu: Bool
    package var startWindow: TimeSpan

    package init(
        runtime: Runtime, role: Role, size: Int, coordinationPort: Int?, gpu: Bool, startWindow: TimeSpan
    ) {
        self.runtime = runtime
        self.role = role
        self.size = size
        self.coordinationPort = coordinationPort
        self.gpu = gpu
        self.startWindow = startWindow
    }
}
