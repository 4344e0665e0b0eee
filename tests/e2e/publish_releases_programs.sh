#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Programs are released by two people and by two builders, each of whom built
# the same bytes.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/publisher.sh"

# build FOLDER WORD: what tools/release leaves, in small
build() {
    mkdir "$1"
    for file in source.tar tar manifest cdx.json buildinfo; do
        echo "$file of $2" >"$1/overt-1.2.3.$file"
    done
}

make_instance small
build theirs 'this source'
build ours 'this source'
build other 'another source'

publish code DIR --as p-01
expect_exit 1
expect_text err 'tools/release'
mkdir empty
publish code DIR --as p-01 --programs empty
expect_exit 1
expect_text err 'empty'
must_publish code DIR --as p-01 --programs theirs
expect_text out 'overt-1.2.3.manifest sha256:'

# A second person, and then builders, whose own builds are the same.
publish review DIR code-1.2.3 --as p-02
expect_exit 1
publish review DIR code-1.2.3 --as p-02 --programs other
expect_exit 1
expect_text err 'other/overt-1.2.3.tar is not what the entry says'
must_publish review DIR code-1.2.3 --as p-02 --programs ours
must_publish publish DIR
[ "$(newest code)" = DIR/repo/metadata/1.code.json ] ||
    fail 'programs are published that no builder has signed'
must_publish review DIR code-1.2.3 --as build-1 --programs ours
publish review DIR code-1.2.3 --as build-1 --programs ours
expect_exit 1
must_publish review DIR code-1.2.3 --as build-2 --programs ours
must_publish publish DIR
[ "$(newest code)" = DIR/repo/metadata/2.code.json ] ||
    fail 'the programs are not published'

# What was published: the note, its proof, the files by their digests.
note=$(find DIR/repo/targets/code -type f)
entry=$(sha256sum <"$note" | cut -d ' ' -f 1)
overt verify-proof "DIR/repo/proof/$entry.tlog-proof" "$note" DIR/policy
expect_exit 0
for file in theirs/*; do
    digest=$(sha256sum <"$file" | cut -d ' ' -f 1)
    cmp "$file" "DIR/repo/cas/sha256/$(echo "$digest" | cut -c 1-2)/$digest"
done
python3 - DIR/repo theirs "$note" <<'END'
import base64, hashlib, json, re, sys
repo, folder, note = sys.argv[1:]
text = open(note).read()
digest = re.search(r"^provenance sha256:(\w+)$", text, re.M)[1]
envelope = json.load(open(f"{repo}/cas/sha256/{digest[:2]}/{digest}"))
statement = json.loads(base64.b64decode(envelope["payload"]))
assert statement["_type"] == "https://in-toto.io/Statement/v1"
names = {s["name"]: s["digest"]["sha256"] for s in statement["subject"]}
assert len(names) == 4, names
for name, sha in names.items():
    with open(f"{folder}/{name}", "rb") as f:
        assert hashlib.sha256(f.read()).hexdigest() == sha
END
