#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# The cloud is off until the owner has seen what each mode sends. Then requests
# hold no more of a hash than its bucket's bits; all are of one length, and so are
# the answers; each is in the ledger with its purpose.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/cloud_client.sh"

trust_publisher
evil=$(sha256 evil)
make_cloud cloud 1 "bad=$evil" "hot=$(sha256 warm)" "add=$(sha256 newer)"
python3 "$tests/mirror.py" . &
servers=$!
wait_until test -e port
at=http://127.0.0.1:$(cat port)/plain/cloud

# Off: nothing is sent.
cloud update
expect_exit 2
expect_text err 'the cloud is off'
cloud lookup "$evil"
[ "$exit_code" -ne 0 ] || fail 'an answer out of nothing'
[ ! -e requests ] || fail 'a request though the cloud is off'
cloud mode
expect_exit 0
expect_text out '* off'
for mode in off mirror prefix relay contribute; do
    expect_text out "$mode: "
done
cloud mode prefix </dev/null
expect_exit 2
expect_text out '20 bits'
cloud mode nonsense --yes
expect_exit 2
cloud mode prefix --yes
expect_exit 0
cloud status
expect_text out 'mode prefix'
overt --state state outbound list
expect_text out 'setting  cloud mode: off -> prefix'
cloud mode off
expect_exit 0
overt --state state outbound list
expect_text out 'cloud mode: prefix -> off'
cloud mode prefix --yes
echo nonsense >state/cloud-mode
cloud mode
expect_text out '* off'
cloud mode prefix --yes

cloud update --from "$at"
expect_exit 0
overt --state state outbound list --purpose filter
[ "$(grep -c ' request ' out)" -eq 514 ] || fail 'not all shards were asked for'
# With the same data nothing but the head.
rm requests
cloud update --from "$at"
expect_exit 0
[ "$(grep -c '^GET' requests)" -eq 1 ] || fail 'asks for what it has'

# What is known here is not asked for.
rm requests
for word in warm newer nothing something else; do
    cloud lookup --from "$at" "$(sha256 "$word")"
done
[ ! -e requests ] || fail "a request: $(cat requests)"

# 60 that are: of each one number, and all alike.
i=0
while [ "$i" -lt 60 ]; do
    printf 'bad %u' "$i" | sha256sum | cut -c -64
    i=$((i + 1))
done >hashes
xargs "$OVERT" --state state cloud lookup --from "$at" <hashes >out || :
[ "$(grep -c malicious out)" -eq 60 ] || fail 'not all are malicious'
expect_text out '8 bits of the SHA-256'
python3 - <<'EOF' || fail 'requests tell too much'
import re
hashes = open("hashes").read().split()
blocks = [b for b in open("requests").read().split("\n\n") if b.strip()]
assert len(blocks) == 60, len(blocks)
assert len({len(b) for b in blocks}) == 1, "lengths differ"
size = len(open("cloud/v1/snap/1/buckets.pack", "rb").read()) // 256
assert len({re.sub(r"bytes=[0-9]+-[0-9]+", "", b) for b in blocks}) == 1
for block, digest in zip(blocks, hashes):
    first, last = map(int, re.search(r"bytes=(\d+)-(\d+)", block).groups())
    assert first == int(digest[:2], 16) * size and last == first + size - 1
EOF
overt --state state outbound list --purpose bucket --json
[ "$(grep -c '"kind":"request"' out)" -eq 60 ] || fail 'not in the ledger'
[ "$(grep -o '"len":[0-9]*' out | sort -u | wc -l)" -eq 1 ] ||
    fail 'answers of several lengths'
line=$(sed -n 's/^{"seq":\([0-9]*\).*"kind":"request".*/\1/p' out | head -n 1)
overt --state state outbound explain "$line"
expect_text out "the first bits of a"
overt --state state outbound verify
expect_exit 0

# Off again.
rm requests
cloud mode off
cloud lookup "$evil"
expect_exit 3
[ ! -e requests ] || fail 'asks though the cloud is off'
