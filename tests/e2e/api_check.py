# SPDX-License-Identifier: Apache-2.0
"""Holds a running HTTP API to its document.

usage: api_check.py OPENAPI ROUTES API ADMIN FOLDER

OPENAPI is docs/openapi.json, ROUTES the source of what is served, API and ADMIN
the two sockets. FOLDER/bad is in quarantine twice (as two items), and the place
of the second is taken again. Every answer must be one that the document has for
its request, and every operation must have been answered with 200.
"""
import http.client
import json
import os
import re
import socket
import sys

import jsonschema

METHODS = {"get", "post"}


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("overt", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.path)


class Document:
    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            self.doc = json.load(f)
        self.seen = set()
        self.check()

    def resolve(self, node):
        while "$ref" in node:
            at = self.doc
            for part in node["$ref"].removeprefix("#/").split("/"):
                at = at[part]
            node = at
        return node

    def check(self):
        """What OpenAPI 3.1 wants of the parts that are used."""
        doc = self.doc
        assert doc["openapi"].startswith("3.1."), doc["openapi"]
        assert doc["info"]["title"] and doc["info"]["version"]
        names = set()
        for path, item in doc["paths"].items():
            declared = {p["name"] for p in item.get("parameters", [])}
            assert declared == set(re.findall(r"{(\w+)}", path)), path
            for method in item.keys() & METHODS:
                op = item[method]
                assert op["operationId"] not in names, op["operationId"]
                names.add(op["operationId"])
                for code, answer in op["responses"].items():
                    assert re.fullmatch(r"[1-5]\d\d", code), code
                    assert self.resolve(answer)["description"]
        for schema in doc["components"]["schemas"].values():
            jsonschema.Draft202012Validator.check_schema(schema)
        self.check_refs(doc)

    def check_refs(self, node):
        if isinstance(node, dict):
            if "$ref" in node:
                self.resolve(node)
            for value in node.values():
                self.check_refs(value)
        elif isinstance(node, list):
            for value in node:
                self.check_refs(value)

    def find(self, method, target):
        for path, item in self.doc["paths"].items():
            pattern = re.sub(r"{\w+}", "[0-9A-Za-z-]+", path)
            if re.fullmatch(pattern, target):
                return path, item.get(method.lower())
        return None, None

    def validate(self, schema, value):
        whole = {"components": self.doc["components"], **schema}
        jsonschema.Draft202012Validator(whole).validate(value)

    def hold(self, method, target, code, kind, body):
        """This answer to this request is as documented."""
        path, op = self.find(method, target.partition("?")[0])
        kind = kind.split(";")[0]
        if op is None:  # no such path, or not this method
            assert code == (405 if path else 404), (method, target, code)
            schema = {"$ref": "#/components/schemas/Error"}
        else:
            answer = self.resolve(op["responses"][str(code)])
            schema = answer["content"][kind]["schema"]
        if kind == "application/json":
            value = json.loads(body)
            self.validate(schema, value)
        else:
            value = body.decode()
        self.seen.add((method, path, code))
        return value


def main():
    openapi, routes, api, admin, folder = sys.argv[1:]
    document = Document(openapi)

    def ask(method, target, wanted, body=None, socket_path=api, headers=None):
        c = Connection(socket_path)
        c.request(method, target, body=body, headers=headers or {})
        answer = c.getresponse()
        data = answer.read()
        value = document.hold(method, target, answer.status,
                              answer.headers["Content-Type"], data)
        assert answer.status == wanted, (method, target, answer.status, value)
        assert answer.headers["Cache-Control"] == "no-store"
        c.close()
        return value

    with open(folder + "/eicar", "rb") as f:
        eicar = f.read()
    found = ask("POST", "/v1/scan", 200, eicar)
    assert found["verdict"] == "detected" and found["size"] == 68, found
    assert found["rule"] == "Test.Eicar.UNOFFICIAL", found
    assert [d["rule"] for d in found["detections"]] == ["Test.Eicar"], found
    with open(folder + "/two.zip", "rb") as f:
        two = f.read()
    found = ask("POST", "/v1/scan?all=true", 200, two)
    places = [(d["rule"], d["members"]) for d in found["detections"]]
    assert ("Test.Eicar", ["eicar"]) in places, found
    assert ("Test.Two", ["two"]) in places, found
    assert found["type"] == "zip" and not found["truncated"], found
    found = ask("POST", "/v1/scan?all=false", 200, two)
    assert len(found["detections"]) == 1, found
    for wrong in ("all", "all=yes", "all=true&all=true", "allow=x", "x"):
        ask("POST", "/v1/scan?" + wrong, 400, eicar)
    assert ask("POST", "/v1/scan", 200, b"")["verdict"] == "clean"
    assert ask("POST", "/v1/scan", 200, b"x" * 100000)["size"] == 100000
    # in chunks, of no length that is known before
    found = ask("POST", "/v1/scan", 200, iter([b"x" * 70000, eicar]))
    assert found["verdict"] == "detected" and found["size"] == 70068, found
    ask("POST", "/v1/scan", 413, iter([b"x" * 65536] * 32))
    with open(folder + "/bomb.zip", "rb") as f:
        found = ask("POST", "/v1/scan?all=true", 200, f.read())
    assert found["verdict"] == "inconclusive", found
    assert found["reason"] == found["reasons"][0]["reason"], found

    # more than one request on a connection
    c = Connection(api)
    for _ in range(3):
        c.request("POST", "/v1/scan", body=eicar)
        assert json.loads(c.getresponse().read())["verdict"] == "detected"
    c.close()

    status = ask("GET", "/v1/status", 200)
    assert status["ready"] and status["detected"] >= 4, status
    assert "overt_scans_total" in ask("GET", "/v1/metrics", 200)
    ask("GET", "/v1/top", 200)

    items = ask("GET", "/v1/quarantine", 200)
    first, second, third = [i["id"] for i in items["items"]]
    assert items["items"][0]["path"] == folder + "/bad", items
    assert ask("GET", "/v1/quarantine/" + first, 200) == items["items"][0]
    ask("GET", "/v1/quarantine/0000", 404)
    for what in ("restore", "replace", "copy", "purge"):
        ask("POST", f"/v1/quarantine/{first}/{what}", 403)
        ask("POST", f"/v1/quarantine/0000/{what}", 404, socket_path=admin)
    assert len(ask("GET", "/v1/quarantine", 200)["items"]) == 3
    ask("POST", f"/v1/quarantine/{first}/copy", 200, socket_path=admin)
    with open(folder + "/bad", "rb") as f:
        assert f.read() == eicar
    assert len(ask("GET", "/v1/quarantine", 200)["items"]) == 3
    with open(folder + "/bad", "wb") as f:
        f.write(b"another")
    ask("POST", f"/v1/quarantine/{first}/restore", 409, socket_path=admin)
    ask("POST", f"/v1/quarantine/{first}/copy", 409, socket_path=admin)
    ask("POST", f"/v1/quarantine/{first}/replace", 200, socket_path=admin)
    with open(folder + "/bad", "rb") as f:
        assert f.read() == eicar
    ask("POST", f"/v1/quarantine/{second}/restore", 409, socket_path=admin)
    os.unlink(folder + "/bad")
    restore = f"/v1/quarantine/{second}/restore"
    for wrong in ("?until=30d", "?allow=", "?allow=x&until=2001-01-01",
                  "?allow=x&allow=y", "?all=true", "?allow=a%0ab"):
        ask("POST", restore + wrong, 400, socket_path=admin)
    assert not os.path.exists(folder + "/bad")
    back = ask("POST", restore + "?allow=our%20own%3A+a%26b&until=30d", 200,
               socket_path=admin)
    assert back["id"] == second and back["allowed"], back
    assert ask("POST", "/v1/scan", 200, eicar)["verdict"] == "clean"
    ask("POST", f"/v1/quarantine/{third}/purge", 200, socket_path=admin)
    assert ask("GET", "/v1/quarantine", 200)["items"] == []

    ask("GET", "/v1/scan", 405)
    ask("DELETE", "/v1/quarantine/" + first, 405)
    ask("GET", "/v2/status", 404)
    ask("GET", "/v1/quarantine/../../etc", 404)
    ask("GET", "/", 404)

    wanted = {(m.upper(), p, 200) for p, item in document.doc["paths"].items()
              for m in item.keys() & METHODS}
    assert wanted <= document.seen, wanted - document.seen
    with open(routes, encoding="utf-8") as f:
        served = set(re.findall(r'"(/v1/[^"]*)"', f.read()))
    documented = {re.sub(r"{\w+}", "*", p) for p in document.doc["paths"]}
    assert served == documented, served ^ documented


main()
