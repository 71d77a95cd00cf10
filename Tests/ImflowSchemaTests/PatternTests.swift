import Testing

@testable import ImflowSchema

@Suite struct PatternTests {
    private func matches(_ pattern: String, _ text: String) throws(PatternError) -> Bool {
        var steps = 0
        return try Pattern(pattern).matches(text, limit: 1_000_000, steps: &steps)
    }

    static let matching: [(String, String, Bool)] = [
        ("", "x", true), ("a", "xay", true), ("^a", "xa", false), ("a$", "ax", false), ("^(a|b|)c$", "c", true),
        ("^a{2,3}$", "a", false), ("^a{2,3}$", "aaa", true), ("^a{2,3}$", "aaaa", false), ("^a{2}$", "aa", true),
        ("^a{2,}$", "aaaaaa", true), ("^a{0}$", "", true), ("^a{,2}$", "a{,2}", true), ("^(?:ab)+$", "abab", true),
        ("^(?<year>\\d{4})-\\d\\d$", "2026-11", true), ("^[^a-c\\d]+$", "xyz", true), ("^[^a-c\\d]+$", "x1", false),
        ("^[\\w.-]+$", "a_b.c-d", true), ("^[a\\-z]$", "-", true), ("^[]$", "", false), ("^[^]$", "\n", true),
        ("^.$", "\n", false), ("^.$", "🐲", true), ("^\\u0041\\x42\\u{43}$", "ABC", true),
        ("^\\uD83D\\uDC32$", "🐲", true), ("^\\p{L}+\\P{Lu}$", "Écolé", true), ("^\\p{digit}+$", "߀", true),
        ("^\\d$", "߀", false), ("^\\s$", "\u{3000}", true), ("\\bcat\\b", "a cat.", true), ("\\bcat\\b", "cats", false),
        ("\\Bat", "cat", true), ("^\\cC$", "\u{3}", true), ("^a*?b+?$", "aab", true), ("^(a*)*$", "aaa", true),
        ("^\\$\\.\\/$", "$./", true), ("^(|a)+$", "aa", true), ("^\\t$", "\t", true), ("^x{$", "x{", true),
    ]

    @Test(arguments: matching)
    func match(_ pattern: String, _ text: String, _ expected: Bool) throws {
        #expect(try matches(pattern, text) == expected)
    }

    static let refused: [(String, String)] = [
        ("a(?=b)", "look-around"), ("(?<!a)b", "look-around"), ("(a)\\1", "back-reference"), ("(?<n>a)\\k<n>", "back-ref"),
        ("(a", "`(` without"), ("a)", "`)` without"), ("[a", "`[` without"), ("*a", "nothing"), ("a**", "nothing"),
        ("^*", "anchor"), ("a{3,2}", "counts down"), ("[z-a]", "backwards"), ("\\", "at its end"), ("\\a", "unknown escape"),
        ("\\u12", "hexadecimal"), ("\\p{Script=Greek}", "general categories"), ("(?i:a)", "unknown kind"),
        ("a{100000}", "too large"), ("((a{100}){100}){100}", "too large"), ("(){5000}(){5000}", "too large"),
        (String(repeating: "(", count: 60), "deeper"), ("\\u{110000}", "beyond Unicode"),
    ]

    @Test(arguments: refused)
    func refuse(_ pattern: String, _ part: String) {
        let error = #expect(throws: PatternError.self) { try Pattern(pattern) }
        #expect(error?.sentence.contains(part) == true, "\(error?.sentence ?? "")")
    }

    /// What makes a backtracking matcher take years.
    @Test(arguments: ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(x+x+)+y", "^(.*)*b$", "(.*a){12}"])
    func takeLinearTime(_ pattern: String) throws {
        let compiled = try Pattern(pattern)
        for scalar in ["a", "x"] {
            var steps: [Int] = []
            for length in [1_000, 2_000] {
                var taken = 0
                let text = String(repeating: scalar, count: length) + "!"
                let found = compiled.matches(text, limit: 10_000_000, steps: &taken)
                #expect(taken <= 100 * length || found)
                steps.append(taken)
            }
            #expect(steps[1] <= steps[0] * 2 + 200)
        }
    }
}
