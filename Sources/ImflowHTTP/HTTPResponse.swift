/// What came back.
package struct HTTPResponse: Sendable {
    package var status: Int
    /// Of the last answer, when redirects were followed; in order, names as sent.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The first value of the header, upper and lower case being the same; nil when there is none.
    package func header(_ name: String) -> String? {
        let wanted = name.lowercased()
        return headers.first { $0.name.lowercased() == wanted }?.value
    }

    /// 200…299.
    package var isSuccess: Bool { (200...299).contains(status) }
}
