import Glibc
import ImflowContent
import Testing

@Suite struct NodeIdentityTests {
    @Test func theKeyLasts() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/node.key"
        let first = try NodeIdentity(keyAt: path)
        let second = try NodeIdentity(keyAt: path)
        #expect(first.id == second.id)
        #expect(first.id.utf8.count == 42 && first.id.hasPrefix("0x"))
        #expect(try #require(status(path)).st_mode & 0o777 == 0o600)
        #expect(try NodeIdentity(keyAt: folder.path + "/other.key").id != first.id)
        let signature = first.sign([1, 2, 3])
        #expect(signature == second.sign([1, 2, 3]))
        #expect(NodeIdentity.isValid(signature: signature, of: [1, 2, 3], publicKey: first.publicKey))
        #expect(!NodeIdentity.isValid(signature: signature, of: [1, 2, 4], publicKey: first.publicKey))
        #expect(!NodeIdentity.isValid(signature: signature, of: [1, 2, 3], publicKey: [1, 2]))
    }

    /// RFC 8032, section 7.1, test 1.
    @Test func knownAnswer() throws {
        let folder = try TemporaryFolder()
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60\n"
        let path = try folder.file("node.key", Array(seed.utf8), mode: 0o600)
        let identity = try NodeIdentity(keyAt: path)
        let hex = { (bytes: [UInt8]) in
            bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        #expect(hex(identity.publicKey) == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
        #expect(
            hex(identity.sign([]))
                == "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
                + "d25bf5f0595bbe24655141438e7a100b")
    }

    @Test func manyAtOnceGetOneKey() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/node.key"
        let ids = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<16 { group.addTask { try NodeIdentity(keyAt: path).id } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(ids.count == 1)
    }

    @Test func brokenAndOpenKeysAreRefused() throws {
        let folder = try TemporaryFolder()
        let broken = try folder.file("broken.key", Array("secret".utf8), mode: 0o600)
        let error = #expect(throws: ContentError.self) { try NodeIdentity(keyAt: broken) }
        #expect(error?.sentence.contains("no node key") == true)
        #expect(error?.sentence.contains("secret") == false)
        let open = folder.path + "/open.key"
        _ = try NodeIdentity(keyAt: open)
        chmod(open, 0o644)
        let refusal = #expect(throws: ContentError.self) { try NodeIdentity(keyAt: open) }
        #expect(refusal?.sentence.contains("chmod 600") == true)
    }
}
