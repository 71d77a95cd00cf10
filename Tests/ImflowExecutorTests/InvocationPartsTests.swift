@testable import ImflowInvocation
import ImflowExecution
import ImflowPlan
import Testing

@Suite struct ModelEnvironmentTests {
    private func environment(_ values: [String: String]) throws(Failure) -> ModelEnvironment {
        let submitter = ["KEY": "s3cr3t", "SHORT": "ab", "EMPTY": ""]
        return try ModelEnvironment(of: ModelPlan(name: "m", folder: "/", environment: values)) { submitter[$0] }
    }

    @Test func variablesAreReplaced() throws {
        let values = try environment([
            "A": "${KEY}", "B": "x${KEY}y${SHORT}", "C": "$KEY", "D": "${", "E": "${KEY", "F": "${A B}", "G": "$${KEY}",
            "H": "${EMPTY}", "I": "a$", "J": "${}",
        ]).values
        #expect(
            values == [
                "A": "s3cr3t", "B": "xs3cr3tyab", "C": "$KEY", "D": "${", "E": "${KEY", "F": "${A B}", "G": "$s3cr3t",
                "H": "", "I": "a$", "J": "${}",
            ])
    }

    @Test func whatIsNotSetIsNamedAndValuesAreNot() throws {
        let failure = #expect(throws: Failure.self) { try environment(["A": "${KEY}", "B": "${MISSING}"]) }
        #expect(failure?.cause == .app)
        #expect(failure?.message.contains("MISSING") == true)
        #expect(failure?.message.contains("s3cr3t") == false)
        #expect(throws: Failure.self) { try environment(["A=B": "1"]) }
        #expect(throws: Failure.self) { try environment(["A": "a\0b"]) }
    }

    @Test func secretsAreRedactedAndShortWordsAreNot() throws {
        let environment = try environment(["A": "${KEY}", "B": "${SHORT}", "C": "literal"])
        #expect(environment.redact("the s3cr3ts3cr3t of ab is literal") == "the ****** of ab is literal")
        #expect(environment.redact("") == "")
    }
}

@Suite struct SecretRedactorTests {
    /// The stream in pieces of so many bytes.
    private func redact(_ text: String, _ secrets: [String], pieces size: Int) -> String {
        var redactor = SecretRedactor(secrets)
        var shown: [UInt8] = []
        var taken = 0
        var rest = Array(text.utf8)[...]
        let longest = secrets.map(\.utf8.count).max() ?? 0
        while !rest.isEmpty {
            let before = shown.count
            shown += redactor.take(rest.prefix(size))
            taken += rest.prefix(size).count
            rest = rest.dropFirst(size)
            #expect(shown.count - before <= size + longest)
        }
        shown += redactor.finish()
        #expect(redactor.finish().isEmpty && shown.count <= taken)
        return String(decoding: shown, as: UTF8.self)
    }

    @Test func secretsAreFoundHoweverTheStreamIsCut() {
        let text = "a tok-12345 b tok-1234 c tok-tok-12345tok-123456 ünïcødé abc aabaabaac tok-12"
        let secrets = ["tok-12345", "abc", "tok-1234567", "ünïcødé", "aabaac"]
        for size in 1...text.utf8.count {
            #expect(
                redact(text, secrets, pieces: size) == "a *** b tok-1234 c tok-******6 *** abc aab*** tok-12", "\(size)"
            )
        }
    }

    @Test func ofTwoSecretsTheLongerCounts() {
        for size in 1...20 {
            #expect(redact("abcd abcdef abcde", ["abcd", "abcdef"], pieces: size) == "*** *** ***e")
        }
    }

    @Test func nothingIsHeldBackThatIsNoSecretsBeginning() {
        var redactor = SecretRedactor(["secret"])
        #expect(redactor.take(Array("x secre".utf8)) == Array("x ".utf8))
        #expect(redactor.take(Array("d!".utf8)) == Array("secred!".utf8))
        #expect(SecretRedactor(["abc", ""]).isIdle)
    }
}

@Suite struct QuotationTests {
    @Test func controlCharactersAreShown() {
        #expect(Quotation.beginning(of: Array("a\u{1B}[0m\n\t\u{202E}é".utf8)) == "“a\\x1b[0m\\n\\t\\x202eé”")
        #expect(Quotation.beginning(of: []) == "nothing")
        #expect(Quotation.beginning(of: [0xFF, 0xFE]) == "“\u{FFFD}\u{FFFD}”")
    }

    @Test func onlyTheBeginningIsQuoted() {
        let quoted = Quotation.beginning(of: [UInt8](repeating: 0x61, count: 300))
        #expect(quoted == "“" + String(repeating: "a", count: 200) + "”…")
    }
}

@Suite struct DeadlineTests {
    @Test func aBodyInTimeIsNotDisturbed() async {
        let outcome = await withDeadline(TimeSpan(seconds: 60)) { _ in Task.isCancelled }
        #expect(outcome.value == false && outcome.expired == false)
        let unlimited = await withDeadline(nil) { _ in 1 }
        #expect(unlimited.value == 1 && unlimited.expired == false)
    }

    @Test func aLateBodyIsCancelledAndAwaited() async {
        let outcome = await withDeadline(TimeSpan(milliseconds: 5)) { _ -> String in
            try? await Task.sleep(for: .seconds(1000))
            return Task.isCancelled ? "ended" : "not cancelled"
        }
        #expect(outcome.value == "ended" && outcome.expired)
    }

    @Test func cancellingTheCallerIsNoTimeout() async {
        let task = Task {
            await withDeadline(TimeSpan(seconds: 1000)) { _ in try? await Task.sleep(for: .seconds(1000)) }.expired
        }
        task.cancel()
        #expect(await task.value == false)
    }
}

@Suite struct ExitTests {
    @Test func theEndIsPutInWords() {
        #expect(Exit(code: 3).sentence == "exited with code 3")
        #expect(Exit(code: nil, signal: 11).sentence == "was ended by signal 11 (SIGSEGV)")
        #expect(Exit(code: nil, signal: 60).sentence == "was ended by signal 60")
        #expect(Exit(code: 137, outOfMemory: true).failure(of: "m", log: "").cause == .oom)
        #expect(
            Exit(code: 1).failure(of: "m", log: "a\nb").message
                == "model m exited with code 1; the end of its log:\na\nb")
    }
}
