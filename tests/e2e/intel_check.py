#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What overt-cloud intel publishes, read as others read it.

usage: intel_check.py tree FOLDER NAME TRUTH
       intel_check.py said FOLDER

FOLDER is DIR/tree/intel, NAME the cloud's; TRUTH has lines "HASH REPUTATION
[FAMILY]", of which the last of a hash counts. Written from the STIX 2.1
standard and MISP's formats, not from the code: every object is compared with
what its type requires, every id is computed again, every reference is followed.
"""
import hashlib
import json
import os
import re
import sys
import uuid

STIX = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
CLEAR = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ID = re.compile(r"[a-z][a-z0-9-]+--[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-"
                r"[89ab][0-9a-f]{3}-[0-9a-f]{12}")
PATTERN = re.compile(r"\[file:hashes\.'SHA-256' = '([0-9a-f]{64})'\]")
SDO = {"id", "type", "spec_version", "created", "modified", "created_by_ref",
       "object_marking_refs"}
REQUIRED = {
    "indicator": SDO | {"pattern", "pattern_type", "valid_from"},
    "malware": SDO | {"is_family", "name"},
    "identity": SDO | {"name"},
    "relationship": SDO | {"relationship_type", "source_ref", "target_ref"},
    "file": {"id", "type", "spec_version", "hashes"},
    "marking-definition": {"id", "type", "spec_version", "created"},
}
ALLOWED = {
    "indicator": {"name", "indicator_types", "labels", "confidence",
                  "pattern_version", "revoked"},
    "identity": {"identity_class"},
    "relationship": {"revoked"},
    "file": {"object_marking_refs"},
    "marking-definition": {"name", "extensions"},
}
BAD = {"malicious": "malicious-activity", "unwanted": "anomalous-activity",
       "suspicious": "anomalous-activity", "test": "benign"}


def must(condition, *words):
    if not condition:
        sys.exit("intel_check.py: " + " ".join(str(w) for w in words))


def no_twice(pairs):
    must(len({k for k, _ in pairs}) == len(pairs), "a name twice in", pairs)
    return dict(pairs)


def load(text):
    return json.loads(text, object_pairs_hook=no_twice)


def check_object(o, name):
    kind = o["type"]
    must(kind in REQUIRED, "type", kind)
    must(o["spec_version"] == "2.1", o)
    must(ID.fullmatch(o["id"]) and o["id"].startswith(kind + "--"), o["id"])
    missing = REQUIRED[kind] - set(o)
    must(not missing, o["id"], "lacks", missing)
    more = set(o) - REQUIRED[kind] - ALLOWED.get(kind, set())
    must(not more, o["id"], "has", more)
    for key in ("created", "modified", "valid_from"):
        must(key not in o or TIME.fullmatch(o[key]), o["id"], key)
    if "modified" in o:
        must(o["created"] <= o["modified"], o)
    space = uuid.uuid5(uuid.NAMESPACE_URL, "overt/intelligence/v1/" + name)
    must(o.get("created_by_ref", "identity--%s" % uuid.uuid5(space, "identity"))
         == "identity--%s" % uuid.uuid5(space, "identity"), o)
    must(o.get("revoked", True) is True, o)
    if kind == "file":
        text = json.dumps({"hashes": o["hashes"]}, separators=(",", ":"),
                          sort_keys=True)
        must(o["id"] == "file--%s" % uuid.uuid5(STIX, text), o)
    elif kind == "malware":
        must(o["is_family"] is True, o)
        must(o["id"] == "malware--%s"
             % uuid.uuid5(space, "malware " + o["name"]), o)
    elif kind == "indicator":
        found = PATTERN.fullmatch(o["pattern"])
        must(found and o["pattern_type"] == "stix", o)
        must(0 <= o["confidence"] <= 100, o)
        must([BAD[x] for x in o["labels"]] == o["indicator_types"], o)
        ids = ["indicator--%s" % uuid.uuid5(
            space, "indicator sha256 " + found.group(1) + turn)
               for turn in ("", " 2", " 3")]
        must(o["id"] in ids, o["id"])
    if kind not in ("file", "marking-definition"):
        must(o["object_marking_refs"] == [CLEAR], o)


def read_truth(path):
    truth = {}
    with open(path, encoding="ascii") as file:
        for line in file:
            words = line.split()
            truth[words[0]] = (words + ["malicious"])[1], " ".join(words[2:])
    return {k: v for k, v in truth.items() if v[0] in BAD}


def check_said(objects, truth):
    """objects: the newest of each id. They say the truth and no more."""
    for o in objects.values():
        for key in ("created_by_ref", "source_ref", "target_ref"):
            must(key not in o or o[key] in objects, o["id"], key)
        for mark in o.get("object_marking_refs", []):
            must(mark in objects, o["id"], mark)
    said = {}
    linked = {}
    for o in objects.values():
        if o["type"] == "relationship" and "revoked" not in o:
            must(o["source_ref"] not in linked, "two families", o)
            linked[o["source_ref"]] = objects[o["target_ref"]]["name"]
    for o in objects.values():
        if o["type"] == "indicator" and "revoked" not in o:
            value = PATTERN.fullmatch(o["pattern"]).group(1)
            must(value not in said, "two indicators of", value)
            said[value] = o["labels"][0], linked.get(o["id"], "")
    must(said == truth, "said", said, "true", truth)
    files = {o["hashes"]["SHA-256"] for o in objects.values()
             if o["type"] == "file"}
    must(set(truth) <= files, "no file objects")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def check_misp(folder, truth):
    manifest = load(read(os.path.join(folder, "manifest.json")))
    hashes = [line.split(",") for line in
              read(os.path.join(folder, "hashes.csv")).decode().split()]
    found = {}
    listed = []
    for event, info in manifest.items():
        whole = load(read(os.path.join(folder, event + ".json")))["Event"]
        for key in info:
            must(whole[key] == info[key], event, key)
        must(whole["uuid"] == event and uuid.UUID(event).version == 5, event)
        must({"name": "tlp:clear"}.items() <= whole["Tag"][0].items(), whole)
        must(re.fullmatch(r"\d{4}-\d\d-\d\d", whole["date"]), whole["date"])
        times = [int(a["timestamp"]) for a in whole["Attribute"]]
        must(int(whole["timestamp"]) == max(times), event, "timestamp")
        for a in whole["Attribute"]:
            must(a["type"] == "sha256" and
                 re.fullmatch("[0-9a-f]{64}", a["value"]), a)
            listed.append([hashlib.md5(a["value"].encode()).hexdigest(), event])
            if a["to_ids"]:
                must(a["value"] not in found, "twice", a)
                found[a["value"]] = tuple((a["comment"] + " ").split(" ")[:2])
    must(found == truth, "feed", found, "true", truth)
    must(listed == hashes, "hashes.csv")
    must({n for n in os.listdir(folder) if n.endswith(".json")} ==
         {e + ".json" for e in manifest} | {"manifest.json"}, "other files")


def check_tree(folder, name, truth):
    lines = read(os.path.join(folder, "head")).decode().splitlines()
    objects = {}
    versions = set()
    edition = 0
    for line in lines[1:]:
        path, digest, size = line.split()
        data = read(os.path.join(folder, path))
        must("sha256:" + hashlib.sha256(data).hexdigest() == digest and
             len(data) == int(size), path)
        numbers = [int(n) for n in re.findall(r"\d+", path)]
        must(numbers[0] >= edition, "order of", path)
        edition = numbers[0]
        bundle = load(data)
        must(bundle["type"] == "bundle" and set(bundle) ==
             {"type", "id", "objects"} and ID.fullmatch(bundle["id"]), path)
        for o in bundle["objects"]:
            check_object(o, name)
            key = o["id"], o.get("modified")
            must(key not in versions, "twice", key)
            versions.add(key)
            old = objects.get(o["id"], {})
            must("revoked" not in old, "a revoked one comes back", o)
            must(old.get("modified", "") < o.get("modified", "z"), o)
            must(old.get("created", o.get("created")) == o.get("created"), o)
            objects[o["id"]] = o
    must(lines[0] == "edition %d" % edition, lines[0])
    check_said(objects, truth)
    check_misp(os.path.join(folder, "misp"), truth)


def print_said(folder):
    objects = {}
    lines = read(os.path.join(folder, "head")).decode().splitlines()
    for line in lines[1:]:
        for o in load(read(os.path.join(folder, line.split()[0])))["objects"]:
            objects[o["id"]] = o
    said = {o["pattern"].split("'")[3]: o["id"] for o in objects.values()
            if o["type"] == "indicator" and "revoked" not in o}
    for o in objects.values():
        if o["type"] == "malware" or (
                o["type"] == "file" and o["hashes"]["SHA-256"] in said):
            said[o["id"]] = ""
    for key in sorted(said):
        print(key, said[key])


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "said":
        print_said(sys.argv[2])
    elif len(sys.argv) == 5 and sys.argv[1] == "tree":
        check_tree(sys.argv[2], sys.argv[3], read_truth(sys.argv[4]))
    else:
        sys.exit(__doc__)


main()
