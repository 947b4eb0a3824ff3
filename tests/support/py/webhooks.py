"""Admission and conversion webhooks that the sandbox's API server calls on the loopback address, and that fail when told to.

    with webhooks.Server(folder) as server:
        ... register server.client("/admit") in a webhook configuration ...
        server.mode = "error"
"""

import base64
import copy
import http.server
import json
import pathlib
import ssl
import subprocess
import threading
import time

MARK = {"example.org/seen": "yes"}


class Server:
    """An HTTPS server of this process.

    `mode` says what it does with each call: "allow"; "mark" adds an annotation and a value to ConfigMaps; "deny"; "error"
    answers 500, for ever or to the next `errors` calls; "slow" waits `delay` seconds before it allows. `calls` counts.
    """

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.mode = "allow"
        self.delay = 1.0
        self.errors = None
        self.calls = 0
        self._certificate()
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.http.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "hook.crt", self.folder / "hook.key")
        # The handshake belongs to the thread of its connection: one that stays silent must not hold up the others.
        self.http.socket = context.wrap_socket(self.http.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def _certificate(self):
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
        names = ["-subj", "/CN=webhook", "-addext", "subjectAltName=IP:127.0.0.1"]
        files = ["-keyout", self.folder / "hook.key", "-out", self.folder / "hook.crt"]
        subprocess.run([*command, *names, *files], check=True, capture_output=True)

    def client(self, path):
        """The clientConfig of a webhook that is answered at this path: /admit or /convert."""
        authority = base64.b64encode((self.folder / "hook.crt").read_bytes()).decode()
        return {"url": f"https://127.0.0.1:{self.http.server_address[1]}{path}", "caBundle": authority}

    def _handler(self):
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.calls += 1
                mode = server.mode
                if mode == "slow":
                    time.sleep(server.delay)
                if mode == "error":
                    if server.errors is not None:
                        server.errors -= 1
                        server.mode = "error" if server.errors > 0 else "allow"
                    return self.send_error(500, "the webhook is broken")
                answer = (convert if self.path.startswith("/convert") else admit)(review["request"], mode)
                body = json.dumps({**review, "request": None, "response": answer}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                return None

            def log_message(self, *_):
                pass

        return Handler

    def close(self):
        self.http.shutdown()
        self.http.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def admit(request, mode):
    """The response to an AdmissionReview (admission.k8s.io/v1)."""
    answer = {"uid": request["uid"], "allowed": mode != "deny"}
    if mode == "deny":
        answer["status"] = {"code": 403, "message": "the policy forbids it"}
    if mode == "mark" and request.get("object"):
        metadata = request["object"]["metadata"]
        annotations = {**metadata.get("annotations", {}), **MARK}
        patch = [{"op": "add", "path": "/metadata/annotations", "value": annotations}]
        if request["object"]["kind"] == "ConfigMap":
            patch.append({"op": "add", "path": "/data/stamp", "value": "of the webhook"})
        answer |= {"patchType": "JSONPatch", "patch": base64.b64encode(json.dumps(patch).encode()).decode()}
    return answer


def convert(request, _):
    """The response to a ConversionReview (apiextensions.k8s.io/v1): spec.size of v1 is spec.count of v2."""
    converted = []
    for item in request["objects"]:
        item = copy.deepcopy(item)
        item["apiVersion"] = request["desiredAPIVersion"]
        old, new = ("size", "count") if item["apiVersion"].endswith("/v2") else ("count", "size")
        if old in item.get("spec", {}):
            item["spec"][new] = item["spec"].pop(old)
        converted.append(item)
    return {"uid": request["uid"], "result": {"status": "Success"}, "convertedObjects": converted}
