#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A release names its provenance (in-toto Statement v1 in DSSE) and a bill of
# materials; code that is not ours checks both.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/publisher.sh"

python3 -c 'import cryptography' 2>/dev/null || skip "no python3-cryptography"

make_instance solo
make_rule evil
propose evil p-01
printf '{"bomFormat":"CycloneDX","specVersion":"1.6"}\n' >sbom.json
must_publish release DIR --sbom sbom.json

python3 - "$(head_file)" <<'END' || fail 'see above'
import base64, hashlib, json, sys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

note = open(sys.argv[1]).read().split("\n\n", 1)[1]
lines = [l.split(" ", 1) for l in note.split("\n\n")[0].splitlines()[1:]]
facts = dict(lines)


def blob(name):
    digest = name.split(":")[1]
    with open(f"DIR/repo/cas/sha256/{digest[:2]}/{digest}", "rb") as file:
        data = file.read()
    assert hashlib.sha256(data).hexdigest() == digest
    return data


assert json.loads(blob(facts["sbom"]))["bomFormat"] == "CycloneDX"

envelope = json.loads(blob(facts["provenance"]))
kind, body = envelope["payloadType"], base64.b64decode(envelope["payload"])
pae = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(body), body)
vkey = open("DIR/keys/attest-1.pub").read().strip()
key = base64.b64decode(vkey.split("+", 2)[2])[1:]
signature = base64.b64decode(envelope["signatures"][0]["sig"])
Ed25519PublicKey.from_public_bytes(key).verify(signature, pae)

statement = json.loads(body)
assert statement["_type"] == "https://in-toto.io/Statement/v1"
assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
made = {s["digest"]["sha256"] for s in statement["subject"]}
said = {v.split()[1].split(":")[1] for n, v in lines if n == "db"}
assert made == said, (made, said)
build = statement["predicate"]["buildDefinition"]
assert build["externalParameters"]["seq"] == 1
inputs = {d.get("name"): d["digest"]["sha256"]
          for d in build["resolvedDependencies"]}
assert inputs["set-root"] == facts["set-root"]
END
