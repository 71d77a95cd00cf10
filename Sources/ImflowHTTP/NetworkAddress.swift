import Glibc

/// An IPv6 address, or an IPv4 address as its IPv4-mapped one (RFC 4291, section 2.5.5.2): 16 bytes in network order.
package struct NetworkAddress: Sendable, Hashable, CustomStringConvertible {
    package let bytes: [UInt8]

    private static let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]

    /// 4 bytes or 16; nil else.
    package init?(bytes: some Collection<UInt8>) {
        switch bytes.count {
        case 4: self.bytes = Self.mappedPrefix + bytes
        case 16: self.bytes = Array(bytes)
        default: return nil
        }
    }

    /// `10.0.0.1`, `fc00::1` or `[fc00::1]`; nil when the text is no address.
    package init?(_ text: some StringProtocol) {
        var plain = String(text)
        if plain.hasPrefix("["), plain.hasSuffix("]") { plain = String(plain.dropFirst().dropLast()) }
        var four = in_addr()
        if inet_pton(AF_INET, plain, &four) == 1 {
            self.init(bytes: withUnsafeBytes(of: four) { Array($0) })
            return
        }
        var six = in6_addr()
        guard inet_pton(AF_INET6, plain, &six) == 1 else { return nil }
        self.init(bytes: withUnsafeBytes(of: six) { Array($0) })
    }

    package var description: String {
        let isFour = leadingBits == 96
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let plain = isFour ? Array(bytes[12...]) : bytes
        guard inet_ntop(isFour ? AF_INET : AF_INET6, plain, &text, socklen_t(text.count)) != nil else { return "?" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Bits, of which IPv4 addresses have 32, that precede the address proper.
    var leadingBits: Int { bytes.starts(with: Self.mappedPrefix) ? 96 : 0 }

    /// The IPv4 address that an IPv6 address stands for where it leads through a translator or a tunnel: NAT64 (RFC 6052)
    /// and 6to4 (RFC 3056).
    private var embedded: NetworkAddress? {
        if bytes.starts(with: [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]) { return NetworkAddress(bytes: bytes[12...]) }
        if bytes.starts(with: [0x20, 0x02]) { return NetworkAddress(bytes: bytes[2..<6]) }
        return nil
    }

    /// Whether the address is one of this machine, of a private network, or of no single host out there
    /// (IANA's special-purpose address registries, RFC 6890).
    package var isPrivate: Bool {
        AddressRange.notPublic.contains { $0.contains(self) } || embedded?.isPrivate == true
    }
}

/// Addresses that begin alike.
package struct AddressRange: Sendable, Hashable {
    private let first: NetworkAddress
    /// Of the 16 bytes.
    private let bits: Int

    /// An address, or one with the number of its first bits that count: `10.0.0.0/8`. Nil when the text is neither.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = parts.first.flatMap({ NetworkAddress($0) }) else { return nil }
        let width = 128 - address.leadingBits
        guard parts.count == 2 else {
            self.init(first: address, bits: 128)
            return
        }
        guard let bits = Int(parts[1]), (0...width).contains(bits) else { return nil }
        self.init(first: address, bits: bits + address.leadingBits)
    }

    init(first: NetworkAddress, bits: Int = 128) {
        self.first = first
        self.bits = bits
    }

    package func contains(_ address: NetworkAddress) -> Bool {
        for index in 0..<16 {
            let left = bits - index * 8
            if left <= 0 { return true }
            let mask: UInt8 = left >= 8 ? 0xFF : ~(0xFF >> UInt8(left))
            if (first.bytes[index] ^ address.bytes[index]) & mask != 0 { return false }
        }
        return true
    }

    static let notPublic: [AddressRange] = [
        // This network, private use, shared (carrier-grade NAT), loopback, link-local with the clouds' metadata services,
        // protocol assignments, benchmarks, multicast, reserved and broadcast.
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
        // Unspecified, loopback and IPv4-compatible, NAT64 for local use, discard, unique local, link-local, site-local,
        // multicast.
        "::/96", "64:ff9b:1::/48", "100::/64", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    ].compactMap { AddressRange($0) }
}
