#!/usr/bin/env python3
"""A real IPFS node for tests: Kubo 0.22 as a library (PyPI kubo-python, called by ctypes), with a loopback HTTP face.

usage: kubo_node.py LIBKUBO.so

Prints the ports of its RPC API and its gateway, and ends when its standard input does. Its repository lies in a temporary
folder that goes with it; it has no peers and listens on 127.0.0.1 only.

The library can add, pin and read, but has no HTTP; what is here of Kubo's RPC API (add, block/get, dag/export, version) and
of a trustless gateway (raw, car) hands out the blocks that Kubo wrote, straight from its block store.
"""
import ctypes, email.parser, email.policy, hashlib, json, os, shutil, signal, sys, tempfile, threading
from base64 import b32encode, b32decode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
root = tempfile.mkdtemp(prefix="imflow-kubo-")
repo = os.path.join(root, "repo")
os.chdir(root)  # Kubo writes its log where it is started.


def start(library):
    kubo = ctypes.CDLL(library)
    for name in ("AddFile", "ListPins"):
        getattr(kubo, name).restype = ctypes.c_void_p
    os.makedirs(repo)
    if kubo.CreateRepo(repo.encode()) < 0:
        sys.exit("CreateRepo failed")
    path = os.path.join(repo, "config")
    with open(path) as file:
        config = json.load(file)
    config["Bootstrap"] = []
    config["Discovery"]["MDNS"]["Enabled"] = False
    config["Addresses"]["Swarm"] = ["/ip4/127.0.0.1/tcp/0"]
    config["Routing"]["Type"] = "none"
    config["Swarm"].update(DisableNatPortMap=True, RelayClient={"Enabled": False}, RelayService={"Enabled": False})
    config["Swarm"]["Transports"]["Network"] = {"QUIC": False, "Relay": False, "WebTransport": False}
    config["AutoNAT"] = {"ServiceMode": "disabled"}
    with open(path, "w") as file:
        json.dump(config, file)
    if kubo.RunNode(repo.encode()) < 0:
        sys.exit("RunNode failed")
    return kubo


def text(pointer):
    return ctypes.string_at(pointer).decode() if pointer else ""


def varint(bytes, place):
    value = shift = 0
    while True:
        byte = bytes[place]
        place += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, place


def cid_bytes(cid):
    if cid.startswith("Qm"):
        number = 0
        for digit in cid:
            number = number * 58 + ALPHABET.index(digit)
        return number.to_bytes(34, "big")
    return b32decode(cid[1:].upper() + "=" * (-(len(cid) - 1) % 8))


def multihash(cid):
    """And whether the block is a dag-pb node."""
    if cid[0] == 0x12:
        return cid, True
    _, place = varint(cid, 0)
    codec, place = varint(cid, place)
    return cid[place:], codec == 0x70


def block(cid):
    """As Kubo's block store (flatfs) has it; None when it has not."""
    hash, _ = multihash(cid)
    name = b32encode(hash).decode().rstrip("=")
    try:
        with open(os.path.join(repo, "blocks", name[-3:-1], name + ".data"), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def links(node):
    place = 0
    while place < len(node):
        key, place = varint(node, place)
        count, place = varint(node, place)
        if key == 0x12:
            link, inner = node[place:place + count], 0
            while inner < len(link):
                field, inner = varint(link, inner)
                size, inner = varint(link, inner)
                if field & 7 == 2:
                    if field == 0x0A:
                        yield link[inner:inner + size]
                    inner += size
        place += count


def car(cid):
    def section(bytes):
        count, out = len(bytes), b""
        while count >= 128:
            out, count = out + (count & 127 | 128).to_bytes(1, "big"), count >> 7
        return out + count.to_bytes(1, "big") + bytes

    pointer = b"\0" + cid
    yield section(b"\xa2eroots\x81\xd8\x2a\x58" + len(pointer).to_bytes(1, "big") + pointer + b"gversion\x01")
    seen, waiting = set(), [cid]
    while waiting:
        next = waiting.pop()
        if next in seen:
            continue
        seen.add(next)
        bytes = block(next)
        if bytes is None:
            return
        yield section(next + bytes)
        if multihash(next)[1]:
            waiting += reversed(list(links(bytes)))


class Face(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def reply(self, body, status=200, type="application/json"):
        if isinstance(body, dict):
            body = json.dumps(body).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self, pieces, type):
        self.send_response(200)
        self.send_header("Content-Type", type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in pieces:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def fail(self, message, status=500):
        self.reply({"Message": message, "Code": 0, "Type": "error"}, status)


class API(Face):
    def do_POST(self):
        url = urlparse(self.path)
        query = parse_qs(url.query)
        cid = query.get("arg", [""])[0]
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        match url.path.removeprefix("/api/v0/"):
            case "version":
                self.reply({"Version": "0.22.0"})
            case "add":
                self.add(body)
            case "add-folder":
                self.reply({"Hash": text(kubo.AddFile(repo.encode(), json.loads(body)["path"].encode(), False))})
            case "pin/ls":
                self.reply({"Keys": {key: {"Type": "recursive"} for key in json.loads(text(kubo.ListPins(repo.encode())))}})
            case "block/get":
                bytes = block(cid_bytes(cid))
                self.fail("block was not found locally (offline)") if bytes is None else self.reply(bytes, type="text/plain")
            case "dag/export":
                self.stream(car(cid_bytes(cid)), "application/vnd.ipld.car")
            case _:
                self.fail("unknown command", 404)

    def add(self, body):
        head = b"Content-Type: " + self.headers["Content-Type"].encode() + b"\r\n\r\n"
        form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
        answer = b""
        for part in form.iter_parts():
            with tempfile.NamedTemporaryFile(dir=root) as file:
                file.write(part.get_payload(decode=True) or b"")
                file.flush()
                cid = text(kubo.AddFile(repo.encode(), file.name.encode(), False))
            answer += json.dumps({"Name": part.get_filename(), "Hash": cid}).encode() + b"\n"
        self.reply(answer)


class Gateway(Face):
    def do_GET(self):
        url = urlparse(self.path)
        format = parse_qs(url.query).get("format", [""])[0]
        cid = cid_bytes(url.path.removeprefix("/ipfs/"))
        if block(cid) is None:
            self.reply(b"not found", 404, "text/plain")
        elif format == "raw":
            self.reply(block(cid), type="application/vnd.ipld.raw")
        elif format == "car":
            self.stream(car(cid), "application/vnd.ipld.car; version=1")
        else:
            self.reply(b"trustless only", 406, "text/plain")


def bye(*arguments):
    kubo.CleanupNode(repo.encode())
    shutil.rmtree(root, ignore_errors=True)
    os._exit(0)


kubo = start(sys.argv[1])
# Kubo's runtime takes the signals; take them back.
signal.signal(signal.SIGTERM, bye)
signal.signal(signal.SIGINT, bye)
ports = []
for face in (API, Gateway):
    server = ThreadingHTTPServer(("127.0.0.1", 0), face)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ports.append(server.server_port)
print(*ports, flush=True)
sys.stdin.read()
bye()
