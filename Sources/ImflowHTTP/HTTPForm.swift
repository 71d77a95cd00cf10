/// A request's body: one file in a `multipart/form-data` form (RFC 7578).
package struct HTTPForm: Sendable {
    package enum Content: Sendable {
        case bytes([UInt8])
        /// The file at the path, read while it is sent: it never lies in memory as a whole.
        case file(String)
    }

    package var field: String
    /// What the form calls the file.
    package var fileName: String
    package var content: Content

    package init(field: String = "file", fileName: String, content: Content) {
        self.field = field
        self.fileName = fileName
        self.content = content
    }
}

/// Who signs a request by AWS Signature Version 4, and for which service.
package struct AWSSigning: Sendable {
    package var region: String
    package var service: String
    /// The access key's id, which is no secret.
    package var key: String
    package var secret: String

    package init(region: String, service: String, key: String, secret: String) {
        self.region = region
        self.service = service
        self.key = key
        self.secret = secret
    }

    /// As libcurl takes it.
    var scope: String { "aws:amz:\(region):\(service)" }
}
