/// An `oip` model, written to the specification and to Triton's extension for binary tensor data: it answers each input
/// under its own name, and its behaviour is chosen by the input `mode`.
enum TensorServer {
    static let source = #"""
        import json, os, struct, sys, threading, time, uuid
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        ME = uuid.uuid4().hex
        NAME = os.environ.get("MODEL", "probe")
        BINARY = os.environ.get("BINARY") == "1"
        FORMATS = {"BOOL": "?", "INT8": "b", "INT16": "h", "INT32": "i", "INT64": "q", "UINT8": "B", "UINT16": "H",
                   "UINT32": "I", "UINT64": "Q", "FP16": "e", "FP32": "f", "FP64": "d"}
        lock = threading.Condition()
        state = {"unready": int(os.environ.get("UNREADY", "0")), "refused": 0, "inside": 0, "most": 0}

        def port(name, datatype, *shape):
            return {"name": name, "datatype": datatype, "shape": list(shape)}

        INPUTS = [port("n", "INT64", -1), port("mode", "BYTES", -1), port("status", "INT32", 1),
                  port("times", "INT32", 1), port("numbers", "FP64", -1, 3), port("half", "FP16", -1, 2),
                  port("small", "UINT8", -1), port("flags", "BOOL", 2, -1), port("doc_url", "BYTES", -1, 1),
                  port("odd", "BF16", -1)]
        if os.environ.get("PORTLESS"):
            INPUTS = []

        def product(shape):
            count = 1
            for size in shape:
                count *= size
            return count

        def from_bytes(tensor, data):
            if tensor["datatype"] != "BYTES":
                form = "<%d%s" % (product(tensor["shape"]), FORMATS[tensor["datatype"]])
                return list(struct.unpack(form, data))
            items = []
            while data:
                length = struct.unpack("<I", data[:4])[0]
                items.append(data[4:4 + length])
                data = data[4 + length:]
            return items

        def to_bytes(tensor):
            if tensor["datatype"] != "BYTES":
                return struct.pack("<%d%s" % (len(tensor["data"]), FORMATS[tensor["datatype"]]), *tensor["data"])
            return b"".join(struct.pack("<I", len(item)) + item for item in tensor["data"])

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def reply(self, status, body, length=None):
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json" if length is None else "application/octet-stream")
                if length is not None:
                    self.send_header("Inference-Header-Content-Length", str(length))
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def do_GET(self):
                if self.path == "/v2/health/ready":
                    return self.reply(int(os.environ.get("HEALTH", "200")), {"ready": True})
                if self.path == "/v2":
                    extensions = ["binary_tensor_data"] if BINARY else []
                    return self.reply(200, {"name": "probe", "version": "1", "extensions": extensions})
                if self.path == "/v2/models/%s/ready" % NAME:
                    if state["unready"] > 0:
                        state["unready"] -= 1
                        return self.reply(404, {"error": "not loaded"})
                    return self.reply(200, {"name": NAME, "ready": True})
                if self.path == "/v2/models/" + NAME:
                    state["described"] = state.get("described", 0) + 1
                    return self.reply(200, {"name": NAME, "platform": "probe", "inputs": INPUTS, "outputs": [
                        port("n", "INT64", -1), port("flags", "BOOL", 2, -1)]})
                self.reply(404, {"error": "no page " + self.path})

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/v2/repository/index":
                    return self.reply(200, [{"name": NAME, "state": "READY"}, {"name": "other"}])
                if self.path != "/v2/models/%s/infer" % NAME:
                    return self.reply(404, {"error": "no page " + self.path})
                length = self.headers["Inference-Header-Content-Length"]
                rest = b"" if length is None else body[int(length):]
                request = json.loads(body if length is None else body[:int(length)])
                outputs = []
                for tensor in request["inputs"]:
                    parameters = tensor.pop("parameters", {})
                    if "binary_data_size" in parameters:
                        size = parameters["binary_data_size"]
                        tensor["data"], rest = from_bytes(tensor, rest[:size]), rest[size:]
                    elif tensor["datatype"] == "BYTES":
                        tensor["data"] = [item.encode() for item in tensor["data"]]
                    if len(tensor["data"]) != product(tensor["shape"]):
                        return self.reply(400, {"error": "%s has %d elements" % (tensor["name"], len(tensor["data"]))})
                    outputs.append(tensor)
                given = {tensor["name"]: tensor["data"][0] for tensor in outputs if tensor["data"]}
                self.answer(request, given, given.get("mode", b"").decode(), outputs)

            def answer(self, request, given, mode, outputs):
                if mode == "die":
                    print("dying", file=sys.stderr, flush=True)
                    os._exit(5)
                elif mode == "eat":
                    given["big"] = bytearray(1 << 30)
                elif mode == "hang":
                    print("hanging", file=sys.stderr, flush=True)
                    time.sleep(1000)
                elif mode == "close":
                    self.close_connection = True
                    return self.connection.close()
                elif mode == "busy" and state["refused"] < given["times"]:
                    state["refused"] += 1
                    return self.reply(given["status"], {"error": "busy"})
                elif mode == "busy":
                    outputs.append({**port("refused", "INT32", 1), "data": [state["refused"]]})
                    state["refused"] = 0
                elif mode == "status":
                    return self.reply(given["status"], {"error": "no such thing"})
                elif mode == "traceback":
                    return self.reply(500, b"Traceback\n  File x\n" * 50 + b"ValueError: it broke\n")
                elif mode == "garbage":
                    return self.reply(200, b"<html>")
                elif mode == "nan":
                    outputs.append({**port("real", "FP64", 3), "data": [float("nan"), -float("inf"), 1.5]})
                elif mode == "short":
                    outputs.append({**port("real", "FP64", 3), "data": [1.0]})
                elif mode == "endless":
                    outputs.append({**port("real", "FP64", 1 << 40, 0), "data": []})
                elif mode == "nested":
                    outputs.append({**port("real", "FP64", 2, 2), "data": [[1, 2], [3, 4]]})
                elif mode == "bytes":
                    outputs.append({**port("picture", "BYTES", 1), "data": [b"\xff\x00picture"]})
                elif mode == "meet":
                    with lock:
                        state["inside"] += 1
                        state["most"] = max(state["most"], state["inside"])
                        lock.notify_all()
                        lock.wait_for(lambda: state["most"] >= 3, timeout=60)
                        state["inside"] -= 1
                        outputs.append({**port("met", "INT32", 1), "data": [state["most"]]})
                outputs.append({**port("pid", "BYTES", 1), "data": [ME.encode()]})
                outputs.append({**port("described", "INT32", 1), "data": [state["described"]]})
                asked = json.dumps(request.get("parameters", {})).encode()
                outputs.append({**port("asked", "BYTES", 1), "data": [asked]})
                self.infer(request, outputs)
                if mode == "last":
                    self.wfile.flush()
                    self.connection.close()
                    os._exit(0)

            def infer(self, request, outputs):
                behind = b""
                for tensor in outputs:
                    if BINARY and request.get("parameters", {}).get("binary_data_output"):
                        data = to_bytes(tensor)
                        tensor["parameters"] = {"binary_data_size": len(data)}
                        behind += data
                        del tensor["data"]
                    elif tensor["datatype"] == "BYTES":
                        tensor["data"] = [item.decode() for item in tensor["data"]]
                head = json.dumps({"model_name": NAME, "id": request.get("id"), "outputs": outputs}).encode()
                self.reply(200, head + behind, len(head) if behind else None)

        time.sleep(float(os.environ.get("START_DELAY", "0")))
        server = ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("PORT", "9000"))), Handler)
        server.daemon_threads = True
        print("listening", flush=True)
        server.serve_forever()
        """#
}
