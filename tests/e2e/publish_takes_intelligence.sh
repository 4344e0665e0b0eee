#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# STIX and MISP documents become hash rules of a feed, made by two people from
# their own copies; what the source took back or keeps for others is not taken,
# and all that is not taken is counted and named.
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/publisher.sh"

make_instance small
mkdir feed
printf 'some evil bytes\n' >evil
printf 'more evil bytes\n' >worse
printf 'bytes that are for few\n' >amber
python3 - <<'EOF'
import hashlib, json
def digest(name, kind):
    return hashlib.new(kind, open(name, "rb").read()).hexdigest()
def indicator(number, pattern, **more):
    return dict({"type": "indicator", "spec_version": "2.1",
                 "id": "indicator--00000000-0000-4000-8000-%012d" % number,
                 "created": "2026-01-01T00:00:00.000Z",
                 "modified": "2026-01-01T00:00:00.000Z", "name": "Evil: thing",
                 "pattern_type": "stix", "pattern": pattern,
                 "valid_from": "2026-01-01T00:00:00Z"}, **more)
sha = "[file:hashes.'SHA-256' = '%s']"
objects = [
    indicator(1, sha % digest("evil", "sha256")),
    indicator(2, sha % ("11" * 32), revoked=True),
    indicator(3, sha % ("22" * 32), valid_until="2026-02-01T00:00:00Z"),
    indicator(4, sha % digest("amber", "sha256"), object_marking_refs=[
        "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"]),
    indicator(5, "[ipv4-addr:value = '192.0.2.1']"),
    indicator(6, "rule x { condition: true }", pattern_type="yara"),
    {"type": "malware", "id": "malware--00000000-0000-4000-8000-000000000007"},
]
json.dump({"type": "bundle", "id": "bundle--1", "objects": objects},
          open("feed/stix.json", "w"))
def attribute(number, kind, value, **more):
    return dict({"uuid": "00000000-0000-4000-9000-%012d" % number,
                 "type": kind, "value": value, "to_ids": True}, **more)
event = {"uuid": "1", "info": "More evil", "Tag": [{"name": "tlp:white"}],
         "Attribute": [
             attribute(1, "domain", "evil.example"),
             attribute(2, "sha1", "33" * 20, to_ids=False)],
         "Object": [{"name": "file", "Attribute": [
             attribute(3, "md5", digest("worse", "md5")),
             attribute(4, "size-in-bytes", "16", to_ids=False)]}]}
json.dump({"Event": event}, open("feed/misp.json", "w"))
EOF
cp -r feed copy

import() {
    publish import-feed DIR --id intel --source feed --version 1 \
        --url https://intel.example/feed --as p-01 "$@"
}

# What is wrong is not taken in part.
cp feed/stix.json kept
printf '{"type":"bundle","objects":[' >feed/stix.json
import
expect_exit 1
expect_text err 'intelligence: malformed'
cp kept feed/stix.json
import --tlp blue
expect_exit 1
expect_text err '--tlp blue: clear, green, amber'

import
expect_exit 0
sed 's/^overt-publish: //' err >told
expect_line told 'intelligence: 2 hash rules'
id=indicator--00000000-0000-4000-8000-00000000000
expect_line told "not taken: 1 revoked or deleted: ${id}2"
expect_line told "not taken: 1 valid no more, or not yet: ${id}3"
expect_text told "may see it here (TLP): ${id}4"
expect_line told "not taken: 1 patterns that no hash rule can express: ${id}5"
expect_line told "not taken: 1 patterns in another language: ${id}6"
expect_text told "other objects than indicators: malware--"
expect_text told 'no hash of a file: 00000000-0000-4000-9000-000000000001, '
expect_text told 'not meant for detection (to_ids): '

# The entry says where it came from, and which bytes.
must_publish show DIR feed-intel-r1
expect_text out 'https://intel.example/feed'
expect_text out 'version    1'
expect_text out 'upstream   sha256:'

# The reviewer's own copy must give the same, also when time has gone by.
sed -i 's/"revoked": true/"revoked": null/' copy/stix.json
publish review DIR feed-intel-r1 --as p-02 --source copy
expect_exit 1
expect_text err 'is not what the author took'
must_publish review DIR feed-intel-r1 --as p-02 --source feed \
    --now 2027-06-01T00:00:00Z
must_publish release DIR
grep -q '^records 2$' "$(head_file)" || fail 'not two records'

# What was marked for fewer is taken by who says that they may see it.
publish import-feed DIR --id intel --source feed --version 2 \
    --url https://intel.example/feed --as p-01 --tlp amber
expect_exit 0
expect_text err 'intelligence: 3 hash rules'
