internal import Glibc
package import ImflowExecution
package import ImflowPlan

extension TileStitcher {
    /// Stitches the files `tile-ROW-COLUMN.EXT` of a folder, rows and columns counted from 0, into a new TIFF at `path`;
    /// tiles without a file are holes, and other files are left alone. Answers how many tiles there were.
    ///
    /// - Throws: as ``stitch(outputs:plan:split:content:)``; nothing is left at `path`.
    package static func stitch(
        folder: String, imageWidth: Int, imageHeight: Int, plan: MergePlan, split: SplitPlan, into path: String
    ) throws(Failure) -> Int {
        let grid = try TileGrid(imageWidth: imageWidth, imageHeight: imageHeight, plan: split)
        let names = try tileNames(in: folder)
        var files: [Int: String] = [:]
        for name in names {
            guard let (row, column) = place(of: name) else { continue }
            guard row < grid.y.count, column < grid.x.count else {
                throw Failure(.app, "\(name) is none of the \(grid.y.count) × \(grid.x.count) tiles of the image")
            }
            let index = row * grid.x.count + column
            if let other = files.updateValue(name, forKey: index) {
                throw Failure(.app, "\(folder) has two files for one tile, \(other) and \(name); remove one")
            }
        }
        var tiles: [StitchTile] = []
        for index in 0..<grid.count {
            let file = files[index].map { name in
                TileOutputFile(path: folder + "/" + name, name: "the output of unit \(index) (\(name))")
            }
            tiles.append(try StitchTile(TileGeometry(index: index, in: grid), file, plan))
        }
        guard access(path, F_OK) != 0 else {
            throw Failure(.infra, "\(path) exists already; name a file that does not")
        }
        do throws(Failure) { try stitch(tiles, plan, split, into: path) } catch {
            unlink(path)
            throw error
        }
        return files.count
    }

    private static func tileNames(in folder: String) throws(Failure) -> [String] {
        guard let directory = opendir(folder) else {
            throw Failure(.infra, "cannot list \(folder): \(String(cString: strerror(errno)).lowercased())")
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
            }
            if let name { names.append(name) }
        }
        return names.sorted()
    }

    private static func place(of name: String) -> (row: Int, column: Int)? {
        let stem = name.prefix { $0 != "." }
        let parts = stem.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "tile", let row = Int(parts[1]), let column = Int(parts[2]), row >= 0,
            column >= 0
        else { return nil }
        return (row, column)
    }
}
