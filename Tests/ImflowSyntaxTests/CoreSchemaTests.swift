import ImflowSyntax
import Testing

/// YAML 1.2.2 section 10.3.2, and what is no longer special since YAML 1.1.
@Suite struct CoreSchemaTests {
    static let table: [(String, CoreScalar)] = [
        ("", .null), ("~", .null), ("null", .null), ("Null", .null), ("NULL", .null), ("nULL", .string("nULL")),
        ("true", .bool(true)), ("True", .bool(true)), ("TRUE", .bool(true)), ("tRUE", .string("tRUE")),
        ("false", .bool(false)), ("False", .bool(false)), ("FALSE", .bool(false)),
        ("no", .string("no")), ("No", .string("No")), ("yes", .string("yes")), ("on", .string("on")),
        ("off", .string("off")), ("y", .string("y")), ("n", .string("n")),
        ("0", .int(0)), ("-0", .int(0)), ("12", .int(12)), ("-12", .int(-12)), ("+12", .int(12)), ("012", .int(12)),
        ("0o17", .int(15)), ("0o18", .string("0o18")), ("0x1F", .int(31)), ("0xfG", .string("0xfG")),
        ("0x", .string("0x")), ("0o", .string("0o")), ("-0x1F", .string("-0x1F")), ("0b11", .string("0b11")),
        ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
        ("9223372036854775808", .float(9_223_372_036_854_775_808)), ("0xFFFFFFFFFFFFFFFF", .float(0x1p64)),
        ("1e3", .float(1000)), ("1E+3", .float(1000)), ("1.", .float(1)), (".5", .float(0.5)), ("-.5", .float(-0.5)),
        ("+1.5e-3", .float(0.0015)), ("1e", .string("1e")), ("1e+", .string("1e+")), (".", .string(".")),
        ("-", .string("-")), ("+", .string("+")), ("..", .string("..")), (".e3", .string(".e3")),
        (".inf", .float(.infinity)), ("-.Inf", .float(-.infinity)), ("+.INF", .float(.infinity)),
        ("inf", .string("inf")), ("nan", .string("nan")), (".Nan", .string(".Nan")), ("1e400", .float(.infinity)),
        ("12:30", .string("12:30")), ("1_000", .string("1_000")), ("1,5", .string("1,5")), ("1.2.3", .string("1.2.3")),
        ("2024-01-01", .string("2024-01-01")), ("5s", .string("5s")), ("4Gi", .string("4Gi")),
        ("0x1.8p1", .string("0x1.8p1")),
        ("１２", .string("１２")), ("true ", .string("true ")), ("<<", .string("<<")), ("=", .string("=")),
    ]

    @Test(arguments: table) func plain(_ text: String, _ value: CoreScalar) {
        #expect(CoreScalar(plain: text) == value)
    }

    @Test func notANumber() {
        for text in [".nan", ".NaN", ".NAN"] {
            guard case .float(let value) = CoreScalar(plain: text) else {
                Issue.record("\(text) is no float")
                continue
            }
            #expect(value.isNaN)
        }
    }

    @Test(arguments: ["'12'", "\"12\"", "!!str 12", "! 12", "|-\n  12", ">-\n  12", "!<tag:yaml.org,2002:str> 12"])
    func quotedAndTaggedAreStrings(_ text: String) throws {
        let result = yaml("a: \(text)\n")
        #expect(result.diagnostics.isEmpty)
        #expect(try rootOf(result).at("a")?.coreValue == .string("12"))
    }

    @Test(arguments: [
        ("!!int '12'", CoreScalar.int(12)), ("!!float 3", .float(3)), ("!!float '1.5'", .float(1.5)),
        ("!!bool 'true'", .bool(true)), ("!!null ''", .null), ("!!null", .null), ("!!str", .string("")),
        ("!!int 0x10", .int(16)), ("!!str null", .string("null")),
        ("!!int 9223372036854775808", .float(9_223_372_036_854_775_808)),
    ]) func tagsAreHonoured(_ text: String, _ value: CoreScalar) throws {
        let result = yaml("a: \(text)\n")
        #expect(result.diagnostics.isEmpty)
        #expect(try rootOf(result).at("a")?.coreValue == value)
    }

    @Test(arguments: [
        "!!int foo", "!!int 1.5", "!!bool yes", "!!null 0", "!mine x", "!!timestamp 2024-01-01", "!!seq x",
    ])
    func misfitTagsAreRefusedOnce(_ text: String) throws {
        let result = yaml("a: \(text)\nb: 1\n")
        #expect(result.diagnostics.map(\.code) == [.invalidTag])
        #expect(try rootOf(result).at("a")?.kind == .hole)
        #expect(try rootOf(result).at("b")?.coreValue == .int(1))
    }

    @Test func misfitTagsOfCollections() throws {
        let result = yaml("a: !!set {x, y}\nb: !!seq [1]\nc: !!map {d: 1}\ne: !!map [1]\n")
        #expect(result.diagnostics.map(\.primary.span.start.line) == [1, 4])
        #expect(result.diagnostics.allSatisfy { $0.code == .invalidTag })
        #expect(try rootOf(result).at("c", "d")?.coreValue == .int(1))
    }

    @Test func jsonValues() throws {
        let root = try #require(json(#"{"a": "12", "b": 12, "c": 1.50, "d": true, "e": null, "f": "null"}"#).tree.root)
        let values = root.members.map(\.value.coreValue)
        #expect(values == [.string("12"), .int(12), .float(1.5), .bool(true), .null, .string("null")])
    }
}
