internal import ImflowHTTP

/// What fetching may reach, and by which servers.
package struct FetchAccess: Sendable {
    /// Private addresses that files may come from; public ones always are.
    package var allowed: PrivateAddresses
    /// What is read of it: the proxies, `IMFLOW_IPFS_API`, `IMFLOW_IPFS_GATEWAY`, `IMFLOW_S3_STYLE`, `HOME` and AWS's own.
    package var environment: [String: String]
    /// False: only what is on this machine is fetched, and nothing else is asked.
    package var reachesNetwork: Bool

    package init(
        allowed: PrivateAddresses = PrivateAddresses(), environment: [String: String] = [:], reachesNetwork: Bool = true
    ) {
        self.allowed = allowed
        self.environment = environment
        self.reachesNetwork = reachesNetwork
    }

    /// - Parameter host: of a server that the user named: it may be asked whatever address it has.
    func guarded(with host: String? = nil) -> AddressGuard {
        let names = allowed.hosts + AddressGuard.proxyHosts(environment) + (host.map { [$0] } ?? [])
        return AddressGuard(ranges: allowed.ranges, names: names)
    }
}

/// The private addresses that a user allows.
package struct PrivateAddresses: Sendable, Hashable, Codable {
    package private(set) var texts: [String] = []

    package init() {}

    package static let all: PrivateAddresses = {
        var all = PrivateAddresses()
        all.texts = ["all"]
        return all
    }()

    /// What is wrong with a text, in one sentence.
    package struct Mistake: Error {
        package let text: String
    }

    /// - Parameter text: `all`, or a list, by commas or blanks, of addresses, ranges such as `10.0.0.0/8`, and hosts' names.
    package init(_ text: String) throws(Mistake) {
        for part in text.split(whereSeparator: { $0 == "," || $0 == " " || $0 == "\t" || $0 == "\n" }) {
            let isName = part.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                    || "-._".utf8.contains($0)
            }
            let looksNumeric = part.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
            guard AddressRange(part) != nil || isName && !looksNumeric else {
                throw Mistake(
                    text: "'\(part.prefix(80))' is no address, range or host; give `all`, or a list such as 10.0.0.0/8,nas.local")
            }
            texts.append(String(part))
        }
    }

    /// Both together.
    package func union(_ other: PrivateAddresses) -> PrivateAddresses {
        var both = self
        both.texts += other.texts.filter { !texts.contains($0) }
        return both
    }

    var ranges: [AddressRange] {
        texts.flatMap { text in
            text == "all" ? ["0.0.0.0/0", "::/0"].compactMap { AddressRange($0) } : AddressRange(text).map { [$0] } ?? []
        }
    }

    var hosts: [String] { texts.filter { $0 != "all" && AddressRange($0) == nil } }
}
