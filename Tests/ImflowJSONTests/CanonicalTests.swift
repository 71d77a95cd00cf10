import ImflowJSON
import Testing

/// RFC 8785, the JSON Canonicalization Scheme.
@Suite struct CanonicalTests {
    /// Appendix B: IEEE 754 bits and their text.
    @Test(
        arguments: [
            (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"), (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"), (0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"),
            (0xFFEF_FFFF_FFFF_FFFF, "-1.7976931348623157e+308"), (0x4340_0000_0000_0000, "9007199254740992"),
            (0xC340_0000_0000_0000, "-9007199254740992"), (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"), (0x44B5_2D02_C7E1_4AF6, "1e+23"),
            (0x44B5_2D02_C7E1_4AF7, "1.0000000000000001e+23"), (0x444B_1AE4_D6E2_EF4E, "999999999999999700000"),
            (0x444B_1AE4_D6E2_EF4F, "999999999999999900000"), (0x444B_1AE4_D6E2_EF50, "1e+21"),
            (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"), (0x3EB0_C6F7_A0B5_ED8D, "0.000001"),
            (0x41B3_DE43_5555_5553, "333333333.3333332"), (0x41B3_DE43_5555_5554, "333333333.33333325"),
            (0x41B3_DE43_5555_5555, "333333333.3333333"), (0x41B3_DE43_5555_5556, "333333333.3333334"),
            (0x41B3_DE43_5555_5557, "333333333.33333343"), (0xBECB_F647_612F_3696, "-0.0000033333333333333333"),
            (0x4314_3FF3_C1CB_0959, "1424953923781206.2"),
        ] as [(UInt64, String)]) func numbersOfAppendixB(_ bits: UInt64, _ text: String)
    {
        #expect(JSONValue.numberText(Double(bitPattern: bits)) == text)
    }

    @Test(arguments: [
        ("333333333.33333329", "333333333.3333333"), ("1E30", "1e+30"), ("4.50", "4.5"), ("2e-3", "0.002"),
        ("0.000000000000000000000000001", "1e-27"), ("9007199254740993", "9007199254740993"), ("1.0", "1"),
        ("-0", "0"), ("-0.0", "0"), ("1e21", "1e+21"), ("1e20", "100000000000000000000"), ("0.1e1", "1"),
        ("123456789012345678", "123456789012345678"), ("1e-6", "0.000001"), ("1e-7", "1e-7"), ("12e-8", "1.2e-7"),
        ("-12.5", "-12.5"), ("9223372036854775808", "9223372036854776000"), ("100", "100"),
    ]) func numbers(_ written: String, _ canonical: String) throws {
        #expect(try JSONValue.parse(written).canonicalText == canonical)
    }

    @Test func theExampleOfSection322() throws {
        let text = #"""
            {
              "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
              "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
              "literals": [null, true, false]
            }
            """#
        let expected = #"""
            {"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}
            """#
        #expect(try JSONValue.parse(text).canonicalText == expected)
    }

    /// Section 3.2.3: by UTF-16 code units, so that a character beyond the basic plane comes before U+FB33.
    @Test func membersAreSortedByCodeUnits() throws {
        let text = #"""
            {"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
             "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"}
            """#
        let value = try JSONValue.parse(text)
        let sorted = try JSONValue.parse(value.canonicalText).objectValue?.values.compactMap(\.stringValue)
        #expect(
            sorted == [
                "Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis", "Euro Sign",
                "Emoji: Grinning Face", "Hebrew Letter Dalet With Dagesh",
            ])
    }

    @Test func controlCharactersAreEscaped() {
        let text = String(String.UnicodeScalarView((0..<0x21).compactMap(Unicode.Scalar.init)))
        let expected =
            #""\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f"#
            + #"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f ""#
        #expect(JSONValue.string(text).canonicalText == expected)
        #expect(JSONValue.string("\u{7F}\u{2028}é").canonicalText == "\"\u{7F}\u{2028}é\"")
    }

    @Test func prettyText() {
        let value: JSONValue = ["b": [1, [], [:]], "a": ["c": "d"]]
        #expect(
            value.prettyText == "{\n  \"b\": [\n    1,\n    [],\n    {}\n  ],\n  \"a\": {\n    \"c\": \"d\"\n  }\n}")
        #expect(value.text == #"{"b":[1,[],{}],"a":{"c":"d"}}"#)
        #expect(value.canonicalText == #"{"a":{"c":"d"},"b":[1,[],{}]}"#)
    }

    /// Equal values have equal bytes, and unequal ones have not.
    @Test func equalityAndBytesAgree() throws {
        let texts = [
            "1", "1.0", "10e-1", "-0", "0", "9007199254740992", "9007199254740993", "9007199254740992.0", "1e15",
            "9223372036854775807", "9223372036854775808", "\"é\"", "\"e\u{301}\"", "[]", "{}", "null", "false", "\"\"",
            #"{"a":1,"b":2}"#, #"{"b":2.0,"a":1}"#, #"{"a":1}"#, #"[1,2]"#, #"[2,1]"#, "1000000000000000",
        ]
        let values = try texts.map { try JSONValue.parse($0) }
        for left in values {
            for right in values {
                #expect(
                    (left == right) == (left.canonicalBytes() == right.canonicalBytes()), "\(left.text) \(right.text)")
            }
        }
    }

    /// Whatever doubles there are, their text reads back the same and is the shortest.
    @Test func randomDoublesRoundTrip() throws {
        var state: UInt64 = 0x1F10_5EED
        for _ in 0..<5000 {
            state ^= state >> 12
            state ^= state << 25
            state ^= state >> 27
            let number = Double(bitPattern: state &* 0x2545_F491_4F6C_DD1D)
            guard number.isFinite else { continue }
            let text = JSONValue.numberText(number)
            #expect(Double(text) == number)
            #expect(try JSONValue.parse(text).canonicalText == text)
        }
    }
}
