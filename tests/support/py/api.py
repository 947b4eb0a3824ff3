"""The sandbox's API server by plain requests: what kubectl would do at a tenth of the cost, for tests that do it by the thousand."""

import atexit
import base64
import http.client
import json
import pathlib
import queue
import select
import ssl
import tempfile
import urllib.parse

import sandbox

VERSIONS = {
    "": "api/v1", "apps": "apis/apps/v1", "batch": "apis/batch/v1", "autoscaling": "apis/autoscaling/v2",
    "policy": "apis/policy/v1", "networking.k8s.io": "apis/networking.k8s.io/v1",
    "rbac.authorization.k8s.io": "apis/rbac.authorization.k8s.io/v1", "coordination.k8s.io": "apis/coordination.k8s.io/v1",
    "apiextensions.k8s.io": "apis/apiextensions.k8s.io/v1",
}  # fmt: skip

_idle = queue.LifoQueue()  # open connections that nobody uses


@atexit.register
def _close():
    while not _idle.empty():
        _idle.get_nowait().close()


@sandbox.once
def _endpoint():
    """Host, port and TLS settings of the administrator."""
    view = sandbox.kubectl("config", "view", "--raw", "--flatten", "--minify", "-o", "json").json()
    cluster, user = view["clusters"][0]["cluster"], view["users"][0]["user"]
    context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
    with tempfile.TemporaryDirectory() as folder:
        pair = [pathlib.Path(folder) / name for name in ("cert", "key")]
        for path, field in zip(pair, ("client-certificate-data", "client-key-data")):
            path.touch(mode=0o600)
            path.write_bytes(base64.b64decode(user[field]))
        context.load_cert_chain(*pair)
    url = urllib.parse.urlparse(cluster["server"])
    return url.hostname, url.port, context


def _connect():
    """A connection: an idle one that the server has not closed (it does after 90 s), else a new one."""
    while True:
        try:
            connection = _idle.get_nowait()
        except queue.Empty:
            host, port, context = _endpoint()
            connection = http.client.HTTPSConnection(host, port, context=context, timeout=60)
            connection.connect()
            return connection
        if not select.select([connection.sock], [], [], 0)[0]:
            return connection
        connection.close()  # nothing is awaited from it: what can be read is its end


def request(method, path, body=None, kind="application/json"):
    """(status, parsed answer). A read whose connection breaks is asked again once."""
    for attempt in (1, 2):
        connection = _connect()
        try:
            data = None if body is None else json.dumps(body)
            connection.request(method, "/" + path, data, {"Content-Type": kind, "Accept": "application/json"})
            response = connection.getresponse()
            status, text = response.status, response.read()
            # The 404 for a group that does not exist is plain text.
            is_json = response.getheader("Content-Type", "").startswith("application/json")
            answer = json.loads(text) if is_json else {"message": text.decode(errors="replace").strip()}
            _idle.put(connection)
            return status, answer
        except (OSError, http.client.HTTPException):
            connection.close()
            if attempt == 2 or method != "GET":
                raise
    raise AssertionError("not reached")


def collection(resource, namespace=None):
    """The path of "deployments.apps" in a namespace, or of a cluster-scoped resource."""
    name, _, group = resource.partition(".")
    return f"{VERSIONS[group]}/namespaces/{namespace}/{name}" if namespace else f"{VERSIONS[group]}/{name}"


def items(path):
    """All objects of a collection, each with kind and apiVersion; none when the resource does not exist."""
    status, answer = request("GET", path)
    if status == 404:
        return []
    if status != 200:
        raise AssertionError(f"GET {path}: {status} {answer.get('message')}")
    kind, version = answer["kind"].removesuffix("List"), answer["apiVersion"]
    return [{"kind": kind, "apiVersion": version, **item} for item in answer["items"]]


def snapshot(paths, ignore=None):
    """The objects of these collections as sandbox.snapshot gives them."""
    result = {}
    for path in paths:
        for item in items(path):
            key = f"{item['kind']}/{item['metadata']['name']}"
            if not (ignore and ignore(key, item)):
                result[key] = sandbox.canonical(item)
    return result


def create_namespace(name):
    """A new namespace whose default ServiceAccount and root CA ConfigMap are there already."""
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    status, answer = request("POST", "api/v1/namespaces", body)
    if status != 201:
        raise AssertionError(f"namespace {name}: {status} {answer.get('message')}")
    place = f"api/v1/namespaces/{name}"

    def settled():
        wanted = (f"{place}/serviceaccounts/default", f"{place}/configmaps/kube-root-ca.crt")
        return all(request("GET", path)[0] == 200 for path in wanted)

    sandbox.wait_for(f"namespace {name} to be set up", settled)
    return name


def delete(path):
    """Deletes in the background; an absent object is fine."""
    status, answer = request("DELETE", path)
    if status not in (200, 202, 404, 409):
        raise AssertionError(f"DELETE {path}: {status} {answer.get('message')}")
