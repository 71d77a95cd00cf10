/// How a container gets at its work folder.
package enum ContainerFiles: String, Sendable, Codable, CaseIterable {
    /// The folder itself is mounted: the engine sees our disk.
    case bind
    /// Files go in and out as tar archives over the engine's API, to and from a volume of the container's own.
    case archive
}
