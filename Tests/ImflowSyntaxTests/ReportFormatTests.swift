import ImflowDiagnostics
import ImflowJSON
import ImflowSyntax
import Testing

/// What other programs are told.
@Suite struct ReportFormatTests {
    private static let unknownKey = DiagnosticCode(101, "unknown-key")
    private static let odd = DiagnosticCode(303, "odd-option", .warning)
    private static let text = "\u{FEFF}é: 1\nprot: <80>\n"

    private let source = Source(name: "a b/model.yaml", bytes: Array(text.utf8))

    private func context() -> ReportContext {
        var context = ReportContext()
        context.files = ["a b/model.yaml", "ok.yaml"]
        context.currentFolder = "/repo/sub"
        context.root = "/repo"
        context.toolVersion = "1.2.3"
        context.page = { $0 == Self.odd ? ("An odd option.", "# A page\n\nof its own") : nil }
        return context
    }

    private func render(_ format: DiagnosticRenderer.Format, _ diagnostics: [Diagnostic]? = nil) -> String {
        DiagnosticRenderer(format, context: context()).render(diagnostics ?? findings)
    }

    /// `prot` stands at byte 3 + 6 = 9: behind a byte order mark and a letter of two bytes.
    private var findings: [Diagnostic] {
        let key = Span(source, 9..<13)
        return [
            Diagnostic(
                Self.unknownKey, "unknown key \"prot\" & 100%", at: key, label: "no such key",
                secondary: [Label(Span(source, 3..<5), "beside, this: one")], help: "did you mean \"port\"?",
                fixes: [FixIt("replace it", .safe, edits: [FixIt.Edit(key, replacement: "port")])]),
            Diagnostic(Self.odd, "odd", at: Span(source, 3..<13)),
        ]
    }

    @Test func sarif() throws {
        let document = try JSONValue.parse(render(.sarif))
        let file: JSONValue = ["uri": "sub/a%20b/model.yaml", "uriBaseId": "%SRCROOT%"]
        let region: JSONValue = [
            "startLine": 2, "startColumn": 1, "endLine": 2, "endColumn": 5, "byteOffset": 9, "byteLength": 4,
        ]
        let result: JSONValue = [
            "ruleId": "IMF0101", "ruleIndex": 0, "level": "error",
            "message": ["text": "unknown key \"prot\" & 100%\nhelp: did you mean \"port\"?"],
            "locations": [
                [
                    "physicalLocation": ["artifactLocation": file, "region": region],
                    "message": ["text": "no such key"],
                ]
            ],
            "partialFingerprints": ["imflow/v1": .string(Fingerprint.all(of: findings, context())[0])],
            "relatedLocations": [
                [
                    "id": 0,
                    "physicalLocation": [
                        "artifactLocation": file,
                        "region": [
                            "startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 2, "byteOffset": 3,
                            "byteLength": 2,
                        ],
                    ],
                    "message": ["text": "beside, this: one"],
                ]
            ],
            "fixes": [
                [
                    "description": ["text": "replace it"],
                    "artifactChanges": [
                        [
                            "artifactLocation": file,
                            "replacements": [["deletedRegion": region, "insertedContent": ["text": "port"]]],
                        ]
                    ],
                    "properties": ["applicability": "safe"],
                ]
            ],
        ]
        let run = try #require(document["runs"]?.arrayValue?.first)
        #expect(run["results"]?.arrayValue?.first == result)
        #expect(run["results"]?.arrayValue?.last?["level"] == "warning")
        #expect(run["results"]?.arrayValue?.last?["fixes"] == nil)
        #expect(run["columnKind"] == "unicodeCodePoints")
        let driver = try #require(run["tool"]?["driver"])
        #expect(driver["semanticVersion"] == "1.2.3")
        let rules = try #require(driver["rules"]?.arrayValue)
        #expect(rules.first?["id"] == "IMF0101")
        #expect(rules.first?["name"] == "UnknownKey")
        #expect(rules.last?["defaultConfiguration"] == ["level": "warning"])
        #expect(rules.count == 2 && rules.allSatisfy { $0["help"]?["text"] != nil })
        #expect(rules[1]["shortDescription"] == ["text": "An odd option."])
        #expect(rules[1]["help"] == ["text": "# A page\n\nof its own", "markdown": "# A page\n\nof its own"])
        #expect(rules[0]["shortDescription"] == ["text": "unknown key"])
    }

    @Test func sarifOfNothingIsStillALog() throws {
        let document = try JSONValue.parse(render(.sarif, []))
        #expect(document["version"] == "2.1.0")
        #expect(document["runs"]?.arrayValue?.first?["results"] == [])
    }

    @Test func filesOutsideTheRepositoryAreAbsolute() throws {
        let far = Source(name: "../../far/ä:1.yaml", bytes: [])
        let document = try JSONValue.parse(render(.sarif, [Diagnostic(Self.odd, "odd", at: Span(far, 0..<0))]))
        let result = document["runs"]?.arrayValue?.first?["results"]?.arrayValue?.first
        let location = result?["locations"]?.arrayValue?.first
        #expect(location?["physicalLocation"]?["artifactLocation"] == ["uri": "file:///far/%C3%A4%3A1.yaml"])
    }

    @Test func github() {
        #expect(
            render(.github) == """
                ::error file=sub/a b/model.yaml,line=2,col=1,endLine=2,endColumn=5,title=unknown-key [IMF0101]\
                ::unknown key "prot" & 100%25%0Ahelp: did you mean "port"?
                ::warning file=sub/a b/model.yaml,line=1,endLine=2,title=odd-option [IMF0303]::odd

                """)
    }

    @Test func githubCannotBeGivenOtherCommands() {
        let hostile = Source(name: "a,b:c\n::error::d.yaml", bytes: [])
        let text = render(.github, [Diagnostic(Self.odd, "x\n::set-env name=A::b\r%0A", at: Span(hostile, 0..<0))])
        #expect(text.split(separator: "\n").count == 1)
        #expect(text.hasPrefix("::warning file=sub/a%2Cb%3Ac\\n%3A%3Aerror%3A%3Ad.yaml,line=1,"))
        #expect(text.hasSuffix("::x\\n::set-env name=A::b\\r%250A\n"))
    }

    @Test func junit() {
        #expect(
            render(.junit) == """
                <?xml version="1.0" encoding="UTF-8"?>
                <testsuites name="imflow check" tests="2" failures="1" errors="0">
                  <testsuite name="imflow check" tests="2" failures="1" errors="0">
                    <testcase classname="imflow.check" name="sub/a b/model.yaml" file="sub/a b/model.yaml">
                      <failure message="unknown key &quot;prot&quot; &amp; 100%" type="IMF0101">\
                error: unknown key &quot;prot&quot; &amp; 100% unknown-key [IMF0101]
                 --&gt; a b/model.yaml:2:1
                  |
                1 | é: 1
                  | - beside, this: one
                2 | prot: &lt;80&gt;
                  | ^^^^ no such key
                  = help: did you mean &quot;port&quot;?
                  = fix: replace it

                1 error
                </failure>
                      <system-out>warning: odd odd-option [IMF0303]
                 --&gt; a b/model.yaml:1:1
                  |
                1 | é: 1
                  | ^^^^

                1 warning
                </system-out>
                    </testcase>
                    <testcase classname="imflow.check" name="sub/ok.yaml" file="sub/ok.yaml"/>
                  </testsuite>
                </testsuites>

                """)
    }

    @Test func junitFailsFromTheSeverityOn() {
        var context = context()
        context.failingFrom = .warning
        let text = DiagnosticRenderer(.junit, context: context).render(findings)
        #expect(text.contains("(and 1 more)"))
        #expect(!text.contains("<system-out>"))
    }

    @Test func gitlab() throws {
        let prints = Fingerprint.all(of: findings, context())
        #expect(
            try JSONValue.parse(render(.gitlab)) == [
                [
                    "description": "unknown key \"prot\" & 100%; help: did you mean \"port\"?",
                    "check_name": "unknown-key", "fingerprint": .string(prints[0]), "severity": "major",
                    "location": ["path": "sub/a b/model.yaml", "lines": ["begin": 2, "end": 2]],
                ],
                [
                    "description": "odd", "check_name": "odd-option", "fingerprint": .string(prints[1]),
                    "severity": "minor",
                    "location": ["path": "sub/a b/model.yaml", "lines": ["begin": 1, "end": 2]],
                ],
            ])
        #expect(render(.gitlab, []) == "[]\n")
    }

    @Test func fingerprintsSurviveMovesAndTellTwinsApart() {
        func prints(_ text: String, name: String = "m.yaml") -> [String] {
            let source = Source(name: name, bytes: Array(text.utf8))
            let starts = source.bytes.indices.filter { source.bytes[$0...].starts(with: "prot".utf8) }
            let found = starts.map { Diagnostic(Self.unknownKey, "unknown", at: Span(source, $0..<$0 + 4)) }
            return Fingerprint.all(of: found, ReportContext())
        }
        let plain = prints("prot: 1\n")
        #expect(prints("# more\n\n  prot: 1  \r\n") == plain)
        #expect(prints("prot: 2\n") != plain)
        #expect(prints("prot: 1\n", name: "n.yaml") != plain)
        let three = prints("prot: 1\nprot: 1\nprot: 1\n")
        #expect(Set(three).count == 3)
        #expect(three[0] == plain[0])
        #expect(three.allSatisfy { $0.count == 16 })
    }

    @Test func commentsAreNotText() {
        let yaml = """
            # imflow: one
            a: "x # imflow: no" # imflow: two
            b: 'x

              # imflow: no'
            c: | # imflow: three
              # imflow: no
            # imflow: four
            d: x# imflow: no
            e: [1, # imflow: five
              2]\t#imflow: six
            f: # other: imflow: no
            """
        let tree = parseYAML(Source(name: "m.yaml", bytes: Array(yaml.utf8))).tree
        let spans = tree.comments(startingWith: "imflow:")
        let found = spans.map { String(decoding: tree.source.bytes[$0.range], as: UTF8.self) }
        #expect(
            found == [
                "# imflow: one", "# imflow: two", "# imflow: three", "# imflow: four", "# imflow: five", "#imflow: six",
            ])
        let marked = parseYAML(Source(name: "m.yaml", bytes: Array("\u{FEFF}# imflow: a\r\nb: 1".utf8))).tree
        #expect(marked.comments(startingWith: "imflow:").map(\.range) == [3..<14])
    }
}
