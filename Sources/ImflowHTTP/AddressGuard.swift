import Glibc
import Synchronization

/// Which addresses may be connected to: public ones, and private ones that are allowed by range or by a host's name.
package final class AddressGuard: Sendable {
    private let ranges: [AddressRange]
    private let names: [String]
    /// The addresses that the names have, once they were needed.
    private let resolved = Mutex<Set<NetworkAddress>?>(nil)

    /// - Parameter names: hosts; each allows the addresses that it has when first asked.
    package init(ranges: [AddressRange] = [], names: [String] = []) {
        self.ranges = ranges
        self.names = names
    }

    /// May wait for a name server.
    package func allows(_ address: NetworkAddress) -> Bool {
        if !address.isPrivate || ranges.contains(where: { $0.contains(address) }) { return true }
        guard !names.isEmpty else { return false }
        return resolved.withLock { known in
            let all = known ?? names.reduce(into: Set()) { $0.formUnion(Self.addresses(of: $1)) }
            known = all
            return all.contains(address)
        }
    }

    /// The hosts of the proxies that libcurl takes from the environment: connections go to them.
    package static func proxyHosts(_ environment: [String: String]) -> [String] {
        let names = ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
        return names.compactMap { environment[$0] }.compactMap { host(ofURL: $0) }
    }

    /// Of a URL, with or without its scheme; nil when it names none.
    package static func host(ofURL url: String) -> String? {
        let rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let place = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        if place.hasPrefix("["), let end = place.firstIndex(of: "]") { return String(place[...end]) }
        let host = place.prefix { $0 != ":" }
        return host.isEmpty ? nil : String(host)
    }

    private static func addresses(of name: String) -> Set<NetworkAddress> {
        if let address = NetworkAddress(name) { return [address] }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var found: Set<NetworkAddress> = []
        var next = list
        while let entry = next {
            if let address = entry.pointee.ai_addr.flatMap(address) { found.insert(address) }
            next = entry.pointee.ai_next
        }
        return found
    }

    private static func address(_ socket: UnsafeMutablePointer<sockaddr>) -> NetworkAddress? {
        let raw = UnsafeRawPointer(socket)
        switch Int32(socket.pointee.sa_family) {
        case AF_INET:
            let place = raw.loadUnaligned(as: sockaddr_in.self)
            return NetworkAddress(bytes: withUnsafeBytes(of: place.sin_addr) { Array($0) })
        case AF_INET6:
            let place = raw.loadUnaligned(as: sockaddr_in6.self)
            return NetworkAddress(bytes: withUnsafeBytes(of: place.sin6_addr) { Array($0) })
        default: return nil
        }
    }
}
