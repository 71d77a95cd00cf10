/// A `rest` model whose behaviour the request's `mode` chooses.
package enum RestServer {
    package static let source = #"""
        import json, os, sys, threading, time, uuid
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        ME = uuid.uuid4().hex
        lock = threading.Condition()
        state = {"unready": int(os.environ.get("UNREADY", "0")), "refused": 0, "inside": 0, "most": 0}

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
                if state["unready"] > 0:
                    state["unready"] -= 1
                    return self.reply(503, {})
                self.reply(int(os.environ.get("HEALTH", "200")), {})

            def do_POST(self):
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                given = request["input"]
                answer = {"pid": ME, "request": request}
                mode = given.get("mode", "")
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
                    answer["refused"], state["refused"] = state["refused"], 0
                elif mode == "status":
                    return self.reply(given["status"], {"error": "no such thing"} and b"no such thing" + b"!" * 1000)
                elif mode == "garbage":
                    return self.reply(200, b"<html>")
                elif mode == "plain":
                    return self.reply(201, {"plain": True})
                elif mode == "say":
                    print(given["words"], file=sys.stderr, flush=True)
                    time.sleep(0.2)
                elif mode == "meet":
                    with lock:
                        state["inside"] += 1
                        state["most"] = max(state["most"], state["inside"])
                        lock.notify_all()
                        lock.wait_for(lambda: state["most"] >= 3, timeout=60)
                        state["inside"] -= 1
                        answer["met"] = state["most"]
                elif mode == "marks":
                    answer = {"marks": open(os.environ["IMFLOW_WORKDIR"] + "/marks").read()}
                elif mode == "own":
                    target = os.environ["IMFLOW_WORKDIR"] + "/own.txt"
                    open(target, "w").write("written here")
                    answer = {"own": "file://" + target}
                elif mode == "file":
                    source = given["doc_url"][len("file://"):]
                    target = source.rsplit("/input/", 1)[0] + "/copy.txt"
                    open(target, "wb").write(open(source, "rb").read())
                    answer = {"copy": "file://" + target}
                if mode == "last":
                    self.close_connection = True
                    self.reply(200, {"result": answer})
                    self.wfile.flush()
                    self.connection.close()
                    os._exit(0)
                self.reply(200, {"result": answer})

        time.sleep(float(os.environ.get("START_DELAY", "0")))
        server = ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("PORT", "9000"))), Handler)
        server.daemon_threads = True
        print("listening", flush=True)
        server.serve_forever()
        """#
}
