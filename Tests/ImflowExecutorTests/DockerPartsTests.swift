import Glibc
@testable import ImflowDocker
@testable import ImflowInvocation
import Testing

@Suite struct DockerPartsTests {
    @Test func framesAreReadHoweverTheyAreCut() {
        let stream: [UInt8] =
            [1, 0, 0, 0, 0, 0, 0, 3, 0x61, 0x62, 0x63] + [2, 0, 0, 0, 0, 0, 0, 1, 0x21] + [1, 0, 0, 0, 0, 0, 0, 0]
            + [1, 0, 0, 0, 0, 0, 1, 0] + [UInt8](repeating: 0x7A, count: 256)
        for size in 1...stream.count {
            var reader = FrameReader()
            var output: [UInt8] = []
            var error: [UInt8] = []
            var rest = stream[...]
            while !rest.isEmpty {
                reader.read(Array(rest.prefix(size))) { kind, payload in
                    if kind == .error { error += payload } else { output += payload }
                }
                rest = rest.dropFirst(size)
            }
            #expect(output == [0x61, 0x62, 0x63] + [UInt8](repeating: 0x7A, count: 256))
            #expect(error == [0x21])
            #expect(reader.frames == 4)
        }
    }

    @Test func secretsReachNoContainerLog() throws {
        let folder = try TemporaryFolder.make("container-log")
        defer { TemporaryFolder.remove(folder) }
        let path = folder + "/log"
        let log = ContainerLog(path: path, collectsOutput: false, redactor: SecretRedactor(["s3cr3t-token"]))
        func frame(_ stream: UInt8, _ text: String) -> [UInt8] {
            [stream, 0, 0, 0, 0, 0, 0, UInt8(text.utf8.count)] + Array(text.utf8)
        }
        let record = frame(1, "out s3cr3t") + frame(2, "err s3c") + frame(1, "-token;") + frame(2, "r3t-token s3cr")
        for size in [record.count, 1] {
            // The record is read again, as after a cut; what was taken before is skipped.
            log.restart()
            var rest = record[...]
            while !rest.isEmpty {
                #expect(log.take(Array(rest.prefix(size))))
                rest = rest.dropFirst(size)
            }
        }
        log.finish()
        let bytes = try #require(try WorkFile.contents(of: path, limit: 1000, name: path))
        #expect(String(decoding: bytes, as: UTF8.self) == "out err ***;*** s3cr")
    }

    @Test func namesAreWhatTheEngineTakesAndStayApart() {
        #expect(ContainerIdentity.sanitised("imflow-a_b.c-1") == "imflow-a_b.c-1")
        let slash = ContainerIdentity.sanitised("imflow-a/b")
        let colon = ContainerIdentity.sanitised("imflow-a:b")
        #expect(slash != colon && slash.hasPrefix("imflow-a_b-"))
        let long = String(repeating: "x", count: 4000)
        #expect(ContainerIdentity.sanitised(long + "1") != ContainerIdentity.sanitised(long + "2"))
        #expect(ContainerIdentity.sanitised("imflow-ä" + long).utf8.count <= ContainerIdentity.nameLimit)
    }

    @Test func stateFolderIsOneHoweverItIsWritten() {
        #expect(
            ContainerIdentity(stateRoot: "/usr/bin").state == ContainerIdentity(stateRoot: "/usr/../usr/bin/").state)
        #expect(ContainerIdentity(stateRoot: "/usr/bin").state != ContainerIdentity(stateRoot: "/usr").state)
    }

    @Test func momentsOfTheEngineAreUnderstood() {
        #expect(ContainerHistory.moment("1970-01-01T00:00:00Z") == "0.000000000")
        #expect(ContainerHistory.moment("2026-11-23T04:43:00.601908124Z") == "1795408980.601908124")
        #expect(ContainerHistory.moment("2026-11-23T05:43:00.6+01:00") == "1795408980.600000000")
        #expect(ContainerHistory.moment("2026-11-22T23:13:00-05:30") == "1795408980.000000000")
        for text in ["", "now", "2026-11-23", "2026-11-23T04:43:00", "2026-11-23T04:43:00.Z", "2026-11-23T04:43:00+1",
            "2026-11-23T04:43:00.1234567890Z", "2026-99999999999-23T04:43Z"] {
            #expect(ContainerHistory.moment(text) == nil, "\(text)")
        }
    }

    @Test func historiesAreReadWhateverIsBetween() {
        let lines = [
            #"{"Type":"container","Action":"start","Actor":{"ID":"a","Attributes":{}}}"#, "garbage", "", "[1]",
            #"{"Type":"container","Action":"kill","Actor":{"Attributes":{"signal":"1"}}}"#,
            #"{"Type":"network","Action":"kill"}"#, #"{"Type":"container","Action":"oom"}"#,
        ]
        let history = ContainerHistory(Array(lines.joined(separator: "\n").utf8))
        #expect(history.hasStart && history.shortages == 1 && history.signals == [1])
        // Who is reloaded by it and fails later has failed.
        #expect(!history.explains(nil) && !history.explains(9) && history.explains(1))
        let other = ContainerHistory(Array(#"{"Type":"container","Action":"kill"}"#.utf8))
        #expect(other.explains(9) && other.explains(nil))
        #expect(ContainerHistory() == ContainerHistory([]) && !ContainerHistory().explains(9))
    }

    @Test func versionsCompareByNumber() throws {
        #expect(try #require(APIVersion("1.9")) < #require(APIVersion("1.41")))
        #expect(APIVersion("1.41")?.description == "1.41")
        for text in ["", "1", "1.", ".1", "1.2.3", "1.x", "-1.2", "99999999999999999999.1"] {
            #expect(APIVersion(text) == nil)
        }
    }
}
