#!/usr/bin/env python3
"""Writes the tables of built-in kinds from a running API server.

    kubectl proxy --port=8001 & lib/sim/tables/generate.py http://127.0.0.1:8001 lib/sim/tables

resources.txt  one served resource a line: group version kind plural N|C verbs subresources short-names type
               ("-" stands for an empty column); in the server's order of preference.
fields.txt     the types behind them. A line that starts in column 1 names a type, followed by "!" when the server
               replaces it as a whole (x-kubernetes-map-type: atomic). Below it one line per field: name, type. A "+" behind the name:
the server's encoder never leaves the field out (a structure held by value, or a required field).

Types: s string, i integer, n number, b boolean, x integer or string, q quantity, t time, ? anything,
{}T map, {!}T map replaced as a whole, [!]T list replaced as a whole, [=]T set, [a,b=c]T list keyed by a and b, where an
absent b counts as "c"; else the name of another type.
"""

import json
import sys
import urllib.request

LEFT_OUT = {"resource.k8s.io", "certificates.k8s.io", "authentication.k8s.io"}
SPECIAL = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "x",
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "q",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "t",
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "t",
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": "?",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "?",
}
SCALARS = {"string": "s", "integer": "i", "number": "n", "boolean": "b"}


class Types:
    def __init__(self, schemas):
        self.schemas = schemas
        self.lines = {}

    def short(self, name):
        return ".".join(name.split(".")[-3:])

    def of(self, schema):
        if len(schema.get("allOf", [])) == 1:
            return self.of({**schema["allOf"][0], **{k: v for k, v in schema.items() if k != "allOf"}})
        if "$ref" in schema:
            return self.named(schema["$ref"].rsplit("/", 1)[1])
        kind = schema.get("type")
        if kind == "array":
            return self.array(schema)
        if kind == "object" and "additionalProperties" in schema:
            atomic = schema.get("x-kubernetes-map-type") == "atomic"
            return ("{!}" if atomic else "{}") + self.of(schema["additionalProperties"])
        return SCALARS.get(kind, "?")

    def array(self, schema):
        item = self.of(schema["items"])
        how = schema.get("x-kubernetes-list-type", "atomic")
        keys = {"atomic": "!", "set": "="}.get(how) or ",".join(self.keys(schema))
        return f"[{keys}]{item}"

    def keys(self, schema):
        items = schema["items"]
        if len(items.get("allOf", [])) == 1:
            items = items["allOf"][0]
        properties = self.schemas[items["$ref"].rsplit("/", 1)[1]]["properties"]
        for key in schema["x-kubernetes-list-map-keys"]:
            default = properties[key].get("default")
            yield f"{key}={default}" if default else key

    def named(self, name):
        if name in SPECIAL:
            return SPECIAL[name]
        schema = self.schemas[name]
        if "properties" not in schema:
            return self.of(schema) if schema.get("type") != "object" or "additionalProperties" in schema else "?"
        short = self.short(name)
        if short not in self.lines:
            lines = self.lines[short] = []
            lines.append(short + (" !" if schema.get("x-kubernetes-map-type") == "atomic" else ""))
            required = schema.get("required", [])
            for field, value in sorted(schema["properties"].items()):
                kind = self.of(value)
                by_value = value.get("default") == {}
                always = by_value or (field in required and kind not in self.lines)
                lines.append(f" {field}{'+' if always else ''} {kind}")
        return short


def main():
    server, folder = sys.argv[1:3]

    def get(path):
        with urllib.request.urlopen(server + path) as answer:
            return json.load(answer)

    groups = [("", "v1", "api/v1")]
    for group in get("/apis")["groups"]:
        groups += [(group["name"], v["version"], "apis/" + v["groupVersion"]) for v in group["versions"]]
    documents = get("/openapi/v3")["paths"]
    schemas, kinds, rows = {}, {}, []
    for group, version, path in groups:
        if group in LEFT_OUT or path not in documents:
            continue
        for name, schema in get(documents[path]["serverRelativeURL"])["components"]["schemas"].items():
            schemas[name] = schema
            for gvk in schema.get("x-kubernetes-group-version-kind", []):
                kinds[gvk["group"], gvk["version"], gvk["kind"]] = name
    types = Types(schemas)
    for group, version, path in groups:
        if group in LEFT_OUT:
            continue
        found = get("/" + path)["resources"]
        for resource in found:
            if "/" in resource["name"]:
                continue
            name = kinds.get((group, version, resource["kind"]))
            parts = [r["name"].split("/", 1)[1] for r in found if r["name"].startswith(resource["name"] + "/")]
            row = [group, version, resource["kind"], resource["name"], "N" if resource["namespaced"] else "C",
                   ",".join(resource["verbs"]), ",".join(parts), ",".join(resource.get("shortNames", [])),
                   types.named(name) if name else ""]
            rows.append(" ".join(column or "-" for column in row))
    with open(folder + "/resources.txt", "w", encoding="ascii") as out:
        out.write("\n".join(rows) + "\n")
    with open(folder + "/fields.txt", "w", encoding="ascii") as out:
        out.write("\n".join("\n".join(lines) for _, lines in sorted(types.lines.items())) + "\n")


if __name__ == "__main__":
    main()
