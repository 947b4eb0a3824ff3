"""The fault proxy of tests/support/faultproxy: an API server on which chosen requests go wrong.

    with faults.Proxy(folder) as proxy:
        proxy.rules({"methods": ["PATCH"], "from": 3, "action": "drop-after"})
        ... run the tool with KUBECONFIG=proxy.kubeconfig ...
        proxy.requests()

It is built with Go on first use; where there is none, `Unavailable` says so.
"""

import base64
import json
import os
import pathlib
import queue
import shutil
import subprocess
import threading

import sandbox

SOURCE = sandbox.ROOT / "tests" / "support" / "faultproxy"


@sandbox.once
def program():
    """The built proxy. Go's own cache makes a second build a matter of milliseconds."""
    go = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
    if not go:
        raise sandbox.Unavailable("no Go to build the fault proxy with")
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "instantexec" / "faultproxy"
    cache.mkdir(parents=True, exist_ok=True)
    target = cache / "faultproxy"
    built = target.with_suffix(f".{os.getpid()}")
    env = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off", "GOTOOLCHAIN": "local"}
    done = subprocess.run([go, "build", "-trimpath", "-o", built, "."], cwd=SOURCE, env=env, text=True, capture_output=True)
    if done.returncode != 0:
        raise RuntimeError(f"the fault proxy could not be built: {done.stderr}")
    built.replace(target)  # programs that run keep the old file
    return target


class Proxy:
    """A running fault proxy in front of the sandbox. `kubeconfig` leads through it; `folder` holds its files.

    Whoever comes through it is the administrator; with a `token`, the account that the token belongs to.
    """

    def __init__(self, folder, *arguments, token=None):
        self.folder = pathlib.Path(folder)
        self.history = self.folder / "history.jsonl"
        view = sandbox.kubectl("config", "view", "--raw", "--flatten", "--minify", "-o", "json").json()
        cluster, user = view["clusters"][0]["cluster"], view["users"][0]["user"]
        files = {"ca": cluster["certificate-authority-data"]}
        if token is None:
            files |= {"cert": user["client-certificate-data"], "key": user["client-key-data"]}
        command = [program(), "--upstream", cluster["server"], "--history", self.history, *arguments]
        for name, data in files.items():
            path = self.folder / f"{name}.pem"
            path.touch(mode=0o600)
            path.write_bytes(base64.b64decode(data))
            command += [f"--{name}", path]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.events = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        ready = self.event("listening", 10)
        self.kubeconfig = self.folder / "kubeconfig"
        authority = base64.b64encode(ready["ca"].encode()).decode()
        self.kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "faults",
            "clusters": [{"name": "faults", "cluster": {"server": ready["url"], "certificate-authority-data": authority}}],
            "users": [{"name": "nobody", "user": {"token": token} if token else {}}],
            "contexts": [{"name": "faults", "context": {"cluster": "faults", "user": "nobody"}}],
        }))  # fmt: skip

    def _read(self):
        for line in self.process.stdout:
            self.events.put(json.loads(line))
        self.events.put({"event": "ended"})

    def event(self, name, timeout):
        """The next event of that name; None when none comes in time. Others before it are dropped."""
        try:
            while True:
                event = self.events.get(timeout=timeout)
                if event["event"] == name:
                    return event
                if event["event"] == "ended":
                    raise AssertionError("the fault proxy has ended")
        except queue.Empty:
            return None

    def _order(self, **order):
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        if self.event("done", 10) is None:
            raise AssertionError(f"the fault proxy did not answer to {order}")

    def rules(self, *rules):
        """Replaces the rules; their counters begin at zero."""
        self._order(command="rules", rules=list(rules))

    def go_on(self):
        self._order(command="continue")

    def abort(self):
        """Breaks off what is stopped."""
        self._order(command="abort")

    def requests(self):
        """Every request so far, oldest first: {"n", "ms", "method", "uri", "action"?}."""
        return [json.loads(line) for line in self.history.read_text().splitlines()]

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
