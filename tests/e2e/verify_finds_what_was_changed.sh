#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# overt verify is content with what was installed, and not with any change of it;
# overt why tells a rule's source, entry and signers, and proves them.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

: "${MAKE_REPO:?set MAKE_REPO to the test program}"
now=$(date +%s)
"$MAKE_REPO" repo 3 "$now"
overt --state state verify
expect_exit 2
expect_text out nothing-installed
overt --state state update --from repo --root repo/1.root.json
expect_exit 0
overt --state state verify
expect_exit 0
expect_text out 'ok image.1: '
expect_no_text out BAD
overt --state state verify --deep --from repo
expect_exit 0
expect_text out 'ok entries: each of 3 records'
overt --state state verify --json
python3 -c 'import json, sys; assert json.load(sys.stdin)["result"] == "none"' \
    <out || fail "no JSON"

# flip FILE: another byte in its middle.
flip() {
    python3 - "$1" <<'EOF'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[len(data) // 2] ^= 1
open(sys.argv[1], "wb").write(data)
EOF
}

for file in releases/3/image.0 releases/3/image.1 releases/3/records.0 \
    releases/3/delta releases/3/head releases/3/proof trust/checkpoint \
    trust/policy trust/people trust/limits trust/root.json \
    trust/timestamp.json trust/snapshot.json trust/targets.json; do
    cp -r state changed
    flip "changed/$file"
    overt --state changed verify
    [ "$exit_code" -eq 1 ] || [ "$exit_code" -eq 2 ] ||
        fail "$file was changed: exit code $exit_code"
    expect_no_text out 'none:'
    # And an update mends it, or says what to do.
    overt --state changed update --from repo
    [ "$exit_code" -ne 139 ] || fail "$file"
    rm -rf changed
done

# Records that the log does not know, and a log that says something else.
"$MAKE_REPO" other 3 "$now" forked
overt --state state verify --deep --from other
expect_exit 1
expect_text out 'BAD record'

overt --state state why Test.Rule2 --from repo
expect_exit 0
expect_line out 'record R-002'
expect_line out 'signed by person p-1'
expect_line out 'signed by person p-2'
expect_line out 'proof of the entry: holds'
expect_text out '  Test.Rule2:0:*:'
overt --state state why R-003 --from repo
expect_exit 0
expect_text out '  Test.Rule3:0:*:'
overt --state state why Test.Rule2
expect_exit 3
expect_text out '  Test.Rule2:0:*:'
overt --state state why Test.Rule
expect_exit 2
expect_text out no-such-rule
