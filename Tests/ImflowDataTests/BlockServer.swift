import Foundation
import ImflowContent
import Testing

@testable import ImflowData

/// A trustless gateway for blocks that tests make, which answers well or badly by the first part of the path.
final class BlockServer: Sendable {
    private let process: ServerProcess
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "imflow-blocks-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        process = try ServerProcess(["-I", "-S", "-c", Self.script, folder])
    }

    /// Of the gateway that answers by `mode`.
    func url(_ mode: String) -> String { "http://127.0.0.1:\(process.ports[0])/\(mode)" }

    func add(_ block: [UInt8], as cid: CID) {
        // Written aside: the server may be looking.
        let path = folder + "/" + cid.text
        _ = FileManager.default.createFile(atPath: path, contents: Data(block))
    }

    func add(block: [UInt8], codec: CID.Codec) -> CID {
        let cid = CID(codec: codec, sha256: SHA256Hasher.bytes(of: block))
        add(block, as: cid)
        return cid
    }

    func add(raw bytes: [UInt8]) -> CID { add(block: bytes, codec: .raw) }

    func add(_ node: DagPBNode) -> CID { add(block: node.block, codec: .dagPB) }

    func add(_ entry: UnixFSEntry, links: [(cid: CID, size: UInt64)]) -> CID {
        add(DagPBNode(links: links.map { .init(cid: $0.cid, name: [], size: $0.size) }, data: entry.bytes))
    }

    func folder(_ members: [String: CID]) -> CID {
        let links = members.sorted { $0.key < $1.key }.map { DagPBNode.Link(cid: $0.value, name: Array($0.key.utf8), size: 0) }
        return add(DagPBNode(links: links, data: UnixFSEntry(kind: .folder, fileSize: nil).bytes))
    }

    func balanced(_ bytes: [UInt8], chunk: Int, width: Int) -> CID {
        var level = stride(from: 0, to: bytes.count, by: chunk).map { start in
            let piece = Array(bytes[start..<min(start + chunk, bytes.count)])
            return (cid: add(raw: piece), size: UInt64(piece.count))
        }
        while level.count > 1 {
            level = stride(from: 0, to: level.count, by: width).map { start in
                let links = Array(level[start..<min(start + width, level.count)])
                let size = links.reduce(0) { $0 + $1.size }
                return (add(UnixFSEntry(kind: .file, fileSize: size, blockSizes: links.map(\.size)), links: links), size)
            }
        }
        return level[0].cid
    }

    /// Nodes that hold bytes themselves, then leaves, then ever deeper trees.
    func trickle(_ bytes: [UInt8], chunk: Int) -> CID {
        var rest = bytes[...]
        func piece() -> [UInt8] {
            defer { rest = rest.dropFirst(chunk) }
            return Array(rest.prefix(chunk))
        }
        func tree(depth: Int) -> (cid: CID, size: UInt64) {
            let own = piece()
            var links: [(cid: CID, size: UInt64)] = []
            for _ in 0..<3 where !rest.isEmpty {
                let leaf = piece()
                let entry = UnixFSEntry(kind: .raw, data: leaf[...], fileSize: UInt64(leaf.count))
                links.append((add(entry, links: []), UInt64(leaf.count)))
            }
            for level in 0..<depth where !rest.isEmpty { links.append(tree(depth: level)) }
            let size = UInt64(own.count) + links.reduce(0) { $0 + $1.size }
            return (add(UnixFSEntry(kind: .file, data: own[...], fileSize: size, blockSizes: links.map(\.size)), links: links), size)
        }
        return tree(depth: 12).cid
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private static let script = """
        import base64, os, sys, threading, urllib.parse
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        folder = sys.argv[1]
        def block(cid):
            try: return open(os.path.join(folder, os.path.basename(cid)), "rb").read()
            except OSError: return None
        def number(value):
            out = b""
            while value > 127: out, value = out + bytes([value & 127 | 128]), value >> 7
            return out + bytes([value])
        def read(bytes, place):
            value = shift = 0
            while True:
                byte = bytes[place]; place += 1
                value |= (byte & 127) << shift; shift += 7
                if byte < 128: return value, place
        def links(node):
            place = 0
            while place < len(node):
                key, place = read(node, place); count, place = read(node, place)
                if key == 0x12:
                    size, start = read(node, place + 1)
                    yield "b" + base64.b32encode(node[start:start + size]).decode().lower().rstrip("=")
                place += count
        def walk(cid, seen):
            if cid in seen or block(cid) is None: return
            seen.append(cid)
            if cid.startswith("bafy"):
                for link in links(block(cid)): walk(link, seen)
        def raw(cid): return base64.b32decode(cid[1:].upper() + "=" * (-(len(cid) - 1) % 8))
        def section(cid, bytes): return number(len(raw(cid)) + len(bytes)) + raw(cid) + bytes
        def flip(body): return body[:-1] + bytes([body[-1] ^ 1])
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def reply(self, body, status=200):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def do_GET(self):
                url = urllib.parse.urlparse(self.path)
                _, mode, _, cid = url.path.split("/")
                bytes = block(cid)
                if mode == "missing" or bytes is None: return self.reply(b"no", 404)
                if mode == "busy": return self.reply(b"later", 503)
                if mode == "html": return self.reply(b"<html>Welcome</html>")
                if mode == "endless":
                    self.send_response(200)
                    self.send_header("Transfer-Encoding", "chunked")
                    self.end_headers()
                    while True: self.wfile.write(b"1000\\r\\n" + b"x" * 4096 + b"\\r\\n")
                if "format=car" in url.query: return self.car(mode, cid)
                if mode == "flip": return self.reply(flip(bytes))
                if mode == "other": return self.reply(b"some other block")
                self.reply(bytes)
            def car(self, mode, cid):
                if mode in ("nocar", "flip", "other"): return self.reply(b"no", 406)
                seen = []
                walk(cid, seen)
                if mode == "reversed": seen.reverse()
                if mode == "dup": seen = [one for one in seen for _ in range(2)]
                header = number(3) + b"abc"
                body = header + b"".join(
                    section(one, flip(block(one)) if mode == "flipcar" and one != cid else block(one)) for one in seen)
                if mode == "junk": body += b"\\xff" * 1000
                if mode == "emptycar": body = header
                if mode == "cut":
                    self.close_connection = True
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    return self.wfile.write(body[:len(body) // 2])
                self.reply(body)
            def log_message(self, *arguments): pass
        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128
            def handle_error(self, *arguments): pass
        server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_port, flush=True)
        sys.stdin.read()
        os._exit(0)
        """
}

extension CID {
    /// Of version 1 and the codec raw.
    init(hash: Hash, digest: [UInt8], code: UInt64? = nil) {
        let bytes = [1, 0x55] + ByteReader.varint(code ?? hash.rawValue) + ByteReader.varint(UInt64(digest.count)) + digest
        var reader = ByteReader(bytes[...])
        guard let cid = CID(&reader) else { preconditionFailure("a test's digest is too long") }
        self = cid
    }
}
