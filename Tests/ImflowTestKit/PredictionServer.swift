/// A `cog` model, written to Cog's description of its HTTP API; its behaviour is chosen by the input `mode`.
enum PredictionServer {
    static let source = #"""
        import base64, json, os, sys, threading, time, uuid
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        ME = uuid.uuid4().hex
        SLOTS = int(os.environ.get("SLOTS", "1"))
        lock = threading.Condition()
        state = {"starting": int(os.environ.get("STARTING", "0")), "refused": 0, "inside": 0, "most": 0, "runs": 0,
                 "cancelled": 0, "described": 0, "health": os.environ.get("HEALTH", "READY")}
        running, done = {}, {}

        def uri(**more):
            return {"type": "string", "format": "uri", **more}

        SCHEMAS = {
            "Input": {"type": "object", "title": "Input", "required": ["n"], "properties": {
                "n": {"type": "integer", "minimum": 0, "maximum": 1000}, "mode": {"allOf": [{"$ref": "#/components/schemas/mode"}]},
                "times": {"type": "integer"}, "status": {"type": "integer"}, "doc_url": uri(nullable=True),
                "docs": {"type": "array", "items": uri()}, "note_url": {"type": "string"}}},
            "mode": {"type": "string", "title": "mode", "enum": [
                "", "die", "eat", "hang", "stubborn", "drop", "busy", "status", "invalid", "garbage", "fail", "other", "strange",
                "own", "file", "meet", "last", "defunct"]},
            "Output": {"type": "object", "title": "Output"},
        }

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def reply(self, status, body):
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def do_GET(self):
                if self.path == "/health-check":
                    if state["starting"] > 0:
                        state["starting"] -= 1
                        return self.reply(200, {"status": "STARTING", "setup": {"status": "starting"}})
                    status = "BUSY" if state["health"] == "READY" and running else state["health"]
                    return self.reply(200, {"status": status, "setup": {"logs": "loading weights\nno weights\n"}})
                if self.path == "/openapi.json" and not os.environ.get("SCHEMALESS"):
                    state["described"] += 1
                    return self.reply(200, {"openapi": "3.0.2", "components": {"schemas": SCHEMAS}})
                self.reply(404, {"error": "no page " + self.path})

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"] or 0))
                parts = self.path.split("/")
                with lock:
                    known = len(parts) == 4 and parts[3] == "cancel" and parts[2] in running
                    if known:
                        running[parts[2]] = True
                        lock.notify_all()
                self.reply(200 if known else 404, {})

            def do_PUT(self):
                id = self.path.split("/")[2]
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with lock:
                    if id in done:
                        return self.reply(200, done[id])
                    if id in running:
                        return self.reply(202, {"id": id, "status": "processing"})
                    if state["health"] == "DEFUNCT":
                        return self.reply(503, {"error": "defunct"})
                    if len(running) >= SLOTS:
                        return self.reply(409, {"error": "all slots are busy"})
                    running[id] = False
                try:
                    self.predict(id, request["input"], request["input"].get("mode", ""))
                finally:
                    with lock:
                        running.pop(id, None)

            def predict(self, id, given, mode):
                state["runs"] += mode != "busy"
                output = {"pid": ME, "input": given, "runs": state["runs"], "described": state["described"], "id": id,
                          "cancelled": state["cancelled"]}
                if mode == "die":
                    print("dying", file=sys.stderr, flush=True)
                    os._exit(5)
                elif mode == "eat":
                    given["big"] = bytearray(1 << 30)
                elif mode == "hang":
                    print("hanging", file=sys.stderr, flush=True)
                    with lock:
                        lock.wait_for(lambda: running[id])
                        state["cancelled"] += 1
                    return self.reply(200, {"id": id, "status": "canceled"})
                elif mode == "stubborn":
                    print("hanging", file=sys.stderr, flush=True)
                    time.sleep(1000)
                elif mode == "drop":
                    self.close_connection = True
                    self.connection.shutdown(2)
                    time.sleep(0.3)
                    done[id] = {"id": id, "status": "succeeded", "output": output}
                    return
                elif mode == "busy" and state["refused"] < given["times"]:
                    state["refused"] += 1
                    return self.reply(given["status"], {"error": "busy"})
                elif mode == "busy":
                    output["refused"], state["refused"] = state["refused"], 0
                elif mode == "status":
                    return self.reply(given["status"], {"error": "no such thing"})
                elif mode == "invalid":
                    return self.reply(422, {"detail": [{"loc": ["body", "input", "n"], "msg": "it is odd"}]})
                elif mode == "garbage":
                    return self.reply(200, b"<html>")
                elif mode == "fail":
                    return self.reply(200, {"id": id, "status": "failed", "error": "no such thing"})
                elif mode == "other":
                    return self.reply(200, {"id": id, "status": "canceled"})
                elif mode == "strange":
                    return self.reply(200, {"id": id})
                elif mode == "defunct":
                    state["health"] = "DEFUNCT"
                elif mode == "own":
                    target = os.environ["IMFLOW_WORKDIR"] + "/own.txt"
                    open(target, "w").write("written here")
                    output["own"] = "file://" + target
                elif mode == "file":
                    output["copy"] = given["doc_url"]
                    output["text"] = base64.b64decode(given["doc_url"].split(",", 1)[1]).decode()
                elif mode == "meet":
                    with lock:
                        state["inside"] += 1
                        state["most"] = max(state["most"], state["inside"])
                        lock.notify_all()
                        lock.wait_for(lambda: state["most"] >= 3, timeout=60)
                        state["inside"] -= 1
                        output["met"] = state["most"]
                with lock:
                    running.pop(id, None)
                self.reply(200, {"id": id, "status": "succeeded", "output": output, "logs": ""})
                if mode == "last":
                    self.wfile.flush()
                    self.connection.close()
                    os._exit(0)

        time.sleep(float(os.environ.get("START_DELAY", "0")))
        server = ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("PORT", "5000"))), Handler)
        server.daemon_threads = True
        print("listening", flush=True)
        server.serve_forever()
        """#
}
