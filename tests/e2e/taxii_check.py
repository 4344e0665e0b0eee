#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A TAXII 2.1 client that believes nothing.

usage: taxii_check.py URL FOLDER

URL is the server's (http://127.0.0.1:PORT), FOLDER the tree's intel, of which
the server must tell all, in its order, and byte for byte. Written from the
TAXII 2.1 standard, not from the code.
"""
import http.client
import json
import os
import re
import sys
import urllib.parse
import uuid

TAXII = "application/taxii+json;version=2.1"
STIX = "application/stix+json;version=2.1"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
connection = None


def must(condition, *words):
    if not condition:
        sys.exit("taxii_check.py: " + " ".join(str(w) for w in words))


def ask(path, code=200, accept=TAXII, method="GET", body=None, **parameters):
    """The answer's JSON, and its headers."""
    if parameters:
        path += "?" + urllib.parse.urlencode(
            {k.replace("match_", "match[") + "]" * k.startswith("match_"): v
             for k, v in parameters.items()})
    headers = {} if accept is None else {"Accept": accept}
    if body is not None:
        headers["Content-Type"] = TAXII
    connection.request(method, path, body=body, headers=headers)
    answer = connection.getresponse()
    data = answer.read()
    must(answer.status == code, method, path, "gives", answer.status, data)
    must(answer.headers["Content-Type"] == TAXII, path,
         answer.headers["Content-Type"])
    whole = json.loads(data) if data else {}
    if code >= 400 and method != "HEAD":
        must(whole["title"] and whole["http_status"] == str(code), whole)
    must(not any(v == [] for v in whole.values()), "an empty list", whole)
    return whole, answer.headers


def pages(path, list_name="objects", **parameters):
    """All items of all pages, by next."""
    items = []
    for _ in range(100000):
        whole, headers = ask(path, **parameters)
        new = whole.get(list_name, [])
        if new:
            first = headers["X-TAXII-Date-Added-First"]
            last = headers["X-TAXII-Date-Added-Last"]
            must(TIME.fullmatch(first) and TIME.fullmatch(last) and
                 first <= last, first, last)
        items += new
        if not whole["more"]:
            must("next" not in whole, whole)
            return items
        parameters["next"] = whole["next"]
    sys.exit("taxii_check.py: pages without end")


def published(folder):
    objects = []
    with open(os.path.join(folder, "head"), encoding="ascii") as file:
        names = [line.split()[0] for line in file][1:]
    for name in names:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            objects += json.load(file)["objects"]
    return objects


def newest(objects):
    last = {o["id"]: n for n, o in enumerate(objects)}
    return [o for n, o in enumerate(objects) if last[o["id"]] == n]


def check_entrance():
    whole, _ = ask("/taxii2/")
    must(whole["title"] and whole["default"] in whole["api_roots"], whole)
    root = urllib.parse.urljoin("/taxii2/", whole["default"])
    whole, _ = ask(root)
    must(whole["versions"] == [TAXII] and
         isinstance(whole["max_content_length"], int), whole)
    whole, _ = ask(root + "collections/")
    for c in whole["collections"]:
        must(uuid.UUID(c["id"]).version == 4 and c["can_read"] is True and
             c["can_write"] is False and c["media_types"] == [STIX], c)
        must(ask(root + "collections/%s/" % c["id"])[0] == c, c)
        must(ask(root + "collections/%s/" % c["alias"])[0] == c, c)
    return root + "collections/", {c["alias"]: c["id"]
                                   for c in whole["collections"]}


def check_errors(root, ids):
    objects = root + ids["indicators"] + "/objects/"
    for path in ("/", "/taxii2", "/taxii2/other/", root[:-1],
                 root + "x/", root + str(uuid.uuid4()) + "/objects/",
                 objects[:-1], objects + "indicator--x/", objects + "x/y/",
                 objects + "indicator--%s/" % uuid.uuid4(),
                 objects + "indicator--%s/versions/" % uuid.uuid4(),
                 "/taxii2/public/status/%s/" % uuid.uuid4(), "/taxii2//",
                 "/taxii2/public/../", root + "/" * 20):
        ask(path, 404)
    for accept in (None, "", "text/html", "application/json",
                   "application/taxii+json;version=2.0",
                   "application/vnd.oasis.taxii+json; version=2.0"):
        ask(objects, 406, accept)
    for accept in ("*/*", "application/*", "application/taxii+json",
                   "text/html, application/taxii+json; version=2.1;q=0.5",
                   'application/taxii+json; version="2.1"'):
        ask("/taxii2/", 200, accept)
    for wrong in ("yesterday", "2026-11-23", "2026-11-23T10:00:00", "",
                  "2026-11-23T10:00:00+01:00", "2026-02-30T10:00:00Z"):
        ask(objects, 400, added_after=wrong)
        if wrong:
            ask(objects, 400, match_version=wrong)
    for wrong in ("0", "-1", "ten", "", "99999999999999999999"):
        ask(objects, 400, limit=wrong)
    ask(objects, 400, next="x")
    ask(objects, 400, match_confidence="50")
    ask(objects, 400, match_id=",".join(
        "file--%s" % uuid.uuid4() for _ in range(200)))
    connection.close()
    ask(objects, 400, **{"a%d" % n: "b" for n in range(20)})
    ask(objects, 403, method="POST", body=b'{"objects":[]}')
    ask(objects + "file--%s/" % uuid.uuid4(), 403, method="DELETE")
    ask(objects, 405, method="DELETE")
    ask("/taxii2/", 405, method="POST", body=b"{}")
    ask("/taxii2/", 200, method="HEAD")
    must(ask(objects, next="999999999999")[0] == {"more": False}, "far next")


def check_collection(path, want, limit):
    """want: all versions, in their order."""
    last = newest(want)
    must(pages(path + "objects/", match_version="all", limit=limit) == want,
         path, "all versions")
    must(pages(path + "objects/", limit=limit) == last, path, "last versions")
    seen = set()
    first = [o for o in want if not (o["id"] in seen or seen.add(o["id"]))]
    must(pages(path + "objects/", match_version="first") == first, path,
         "first versions")
    both = pages(path + "objects/", match_version="first,last")
    must(both == [o for o in want if o in first or o in last], path, "both")
    entries = pages(path + "manifest/", match_version="all", limit=limit)
    must([e["id"] for e in entries] == [o["id"] for o in want], path,
         "manifest")
    times = [e["date_added"] for e in entries]
    must(all(a < b for a, b in zip(times, times[1:])), "dates do not rise")
    for e, o in zip(entries, want):
        version = o.get("modified", o.get("created", e["date_added"]))
        must(e["version"] == version and e["media_type"] == STIX and
             TIME.fullmatch(e["date_added"]), e)
    check_times(path, want, times)
    check_filters(path, want, last)


def check_times(path, want, times):
    """By added_after one gets what is behind, wherever one was."""
    for n in sorted({0, 1, len(times) // 3, len(times) - 2, len(times) - 1}):
        got = pages(path + "objects/", match_version="all",
                    added_after=times[n])
        must(got == want[n + 1:], path, "added after", n)
    items = []
    after = "1970-01-01T00:00:00Z"
    while True:
        whole, headers = ask(path + "objects/", added_after=after, limit=7,
                             match_version="all")
        items += whole.get("objects", [])
        if not whole["more"] or len(items) > 70:
            break
        after = headers["X-TAXII-Date-Added-Last"]
    must(items == want[:len(items)], path, "by the header alone")


def check_filters(path, want, last):
    for kind in ("indicator", "malware", "file", "tool"):
        got = pages(path + "objects/", match_type=kind)
        must(got == [o for o in last if o["type"] == kind], path, kind)
    got = pages(path + "objects/", match_type="malware,identity", limit=2)
    must(got == [o for o in last if o["type"] in ("malware", "identity")],
         path, "two types")
    some = [o["id"] for o in last[::max(1, len(last) // 20)]]
    got = pages(path + "objects/", match_id=",".join(some + some[:1]), limit=3)
    must(got == [o for o in last if o["id"] in some], path, "ids")
    must(pages(path + "objects/", match_spec_version="2.0") == [], path)
    must(pages(path + "objects/", match_spec_version="2.0,2.1", limit=500)
         == last, path, "versions of the standard")
    for o in want[::max(1, len(want) // 10)]:
        one = path + "objects/" + o["id"] + "/"
        all_of_it = [w for w in want if w["id"] == o["id"]]
        must(pages(one) == all_of_it[-1:], one)
        must(pages(one, match_version="all") == all_of_it, one, "all")
        versions = pages(one + "versions/", "versions")
        must(len(versions) == len(all_of_it), one, versions)
        if "modified" in o:
            must(versions == [w["modified"] for w in all_of_it], one)
            got = pages(one, match_version=o["modified"])
            must(got == [o], one, o["modified"])


def main():
    global connection
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    host = urllib.parse.urlsplit(sys.argv[1])
    connection = http.client.HTTPConnection(host.hostname, host.port,
                                            timeout=30)
    root, ids = check_entrance()
    check_errors(root, ids)
    everything = published(sys.argv[2])
    shared = ("identity", "marking-definition")
    check_collection(root + ids["indicators"] + "/", everything, 999)
    check_collection(root + "families/",
                     [o for o in everything
                      if o["type"] in shared + ("malware",)], 5)
    check_collection(root + "false-positives/",
                     [o for o in everything if o["type"] in shared or
                      (o["type"] == "indicator" and "revoked" in o)], 2)


main()
