private import CLibYAML

/// What libyaml says went wrong. Offsets count characters.
struct YAMLFailure {
    var problem: String
    var offset: Int
    /// What it was doing, such as `while parsing a flow mapping`, and where that began.
    var context: String?
    var contextOffset: Int
}

/// One step of libyaml's parser. Offsets count characters, without the byte order mark.
struct YAMLEvent {
    enum Kind {
        case documentStart
        case documentEnd
        case alias(String)
        case scalar(String, SyntaxTree.Style)
        case open(SyntaxTree.Kind, SyntaxTree.Style)
        case close
        case streamEnd
    }

    var kind: Kind
    var start: Int
    var end: Int
    var anchor: String?
    var tag: String?
}

/// libyaml's event parser. The C parser keeps a pointer to itself, so it lives at one address on the heap.
struct YAMLEvents: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>

    /// - Parameter bytes: UTF-8, not empty, outliving this value.
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        parser = .allocate(capacity: 1)
        precondition(yaml_parser_initialize(parser) == 1, "no memory for a YAML parser")
        yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    /// The next event; nil at a failure, see ``failure()``.
    func next() -> YAMLEvent? {
        while true {
            var event = yaml_event_t()
            guard yaml_parser_parse(parser, &event) == 1 else { return nil }
            defer { yaml_event_delete(&event) }
            if let translated = Self.translate(event) { return translated }
        }
    }

    func failure() -> YAMLFailure {
        let state = parser.pointee
        guard let problem = state.problem else {
            return YAMLFailure(
                problem: "there is not enough memory to read it", offset: Int(state.mark.index), context: nil,
                contextOffset: 0)
        }
        // Reader errors name no mark.
        let mark = state.error == YAML_READER_ERROR ? state.mark : state.problem_mark
        return YAMLFailure(
            problem: String(cString: problem), offset: Int(mark.index),
            context: state.context.map { String(cString: $0) }, contextOffset: Int(state.context_mark.index))
    }

    private static func translate(_ event: yaml_event_t) -> YAMLEvent? {
        let start = Int(event.start_mark.index)
        let end = Int(event.end_mark.index)
        func made(
            _ kind: YAMLEvent.Kind, _ anchor: UnsafeMutablePointer<yaml_char_t>? = nil,
            _ tag: UnsafeMutablePointer<yaml_char_t>? = nil
        ) -> YAMLEvent {
            YAMLEvent(
                kind: kind, start: start, end: end, anchor: anchor.map { String(cString: $0) },
                tag: tag.map { String(cString: $0) })
        }
        switch event.type {
        case YAML_STREAM_END_EVENT: return made(.streamEnd)
        case YAML_DOCUMENT_START_EVENT: return made(.documentStart)
        case YAML_DOCUMENT_END_EVENT: return made(.documentEnd)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return made(.close)
        case YAML_ALIAS_EVENT: return made(.alias(String(cString: event.data.alias.anchor)))
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let text = String(
                decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            return made(.scalar(text, style(scalar.style)), scalar.anchor, scalar.tag)
        case YAML_SEQUENCE_START_EVENT:
            let sequence = event.data.sequence_start
            let style: SyntaxTree.Style = sequence.style == YAML_FLOW_SEQUENCE_STYLE ? .flow : .block
            return made(.open(.sequence, style), sequence.anchor, sequence.tag)
        case YAML_MAPPING_START_EVENT:
            let mapping = event.data.mapping_start
            let style: SyntaxTree.Style = mapping.style == YAML_FLOW_MAPPING_STYLE ? .flow : .block
            return made(.open(.mapping, style), mapping.anchor, mapping.tag)
        default: return nil
        }
    }

    private static func style(_ style: yaml_scalar_style_t) -> SyntaxTree.Style {
        switch style {
        case YAML_SINGLE_QUOTED_SCALAR_STYLE: .singleQuoted
        case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .doubleQuoted
        case YAML_LITERAL_SCALAR_STYLE: .literal
        case YAML_FOLDED_SCALAR_STYLE: .folded
        default: .plain
        }
    }
}
