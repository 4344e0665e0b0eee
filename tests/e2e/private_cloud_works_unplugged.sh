#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # names of lib.sh
# A private cloud is made of what a public one says, behind a network of its own;
# own verdicts count where the document says so. Nothing goes back, and what was
# changed on the way, or is older, is not taken.
# Nothing here asks what a disk does: where files are memory, it takes seconds.
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
: "${CLOUD:?set CLOUD to overt-cloud}" "${BUILD:?set BUILD to the build folder}"

top=$(cd "$(dirname "$scenario_path")/../.." && pwd)
"$top/tools/demo-private-cloud" --build "$BUILD" demo >said 2>err ||
    fail 'the demonstration fails'
if unshare -n true 2>/dev/null && grep -q 'no network of its own' said; then
    fail 'it was not unplugged'
fi
expect_text said './bad-for-all: malicious, Public.Family ('
expect_text said './called-good: malicious, Public.Family ('
expect_text said './false-alarm: recalled (your own cloud: '
expect_text said './only-here: malicious, Own.Family (your own cloud: '

# All that a client of the public cloud may ask for is there, byte by byte.
P=demo/private/cloud
mkdir carried
tar -xf demo/carried/cloud.tar -C carried
rmdir carried/v1/delta # there was none yet
diff -r carried/v1 "$P/tree/public/v1" >differ || fail "$(head -3 differ)"

# One way: the tar files are as they were, addresses are refused, and a cloud
# that is not private takes nothing.
sha256sum demo/carried/* >before
"$CLOUD" import "$P" demo/carried/cloud.tar >out 2>err || fail 'not twice'
sha256sum demo/carried/* | cmp -s - before || fail 'the carrier was written to'
if "$CLOUD" import "$P" http://127.0.0.1:1/ >out 2>err; then
    fail 'it asks a server'
fi
expect_text err 'a private cloud asks nobody'
if "$CLOUD" import demo/public/cloud carried >out 2>err; then
    fail 'a public cloud takes what others say'
fi

# A byte that was changed anywhere: nothing is taken.
for file in snap/1/buckets.pack snap/1/f/fuse8/07 snap/1/f/fuse16/ff \
    snap/1/f/good16/list snap/1/hot snap/1/families snap/1/statement \
    snap/1/proof; do
    rm -rf changed
    cp -R carried changed
    python3 - "changed/v1/$file" <<'EOF'
import sys
with open(sys.argv[1], "r+b") as file:
    data = bytearray(file.read())
    data[len(data) // 2] ^= 1
    file.seek(0)
    file.write(data)
EOF
    rm -rf new
    "$CLOUD" init new --private --trust demo/private/trust --name own.example
    if "$CLOUD" import new changed >out 2>err; then fail "$file may be changed"; fi
    [ ! -e new/tree/public/v1/head ] || fail "$file: there is a head"
done

# News are taken; what is older is not.
echo "$(echo new | sha256sum | cut -d ' ' -f 1) malicious" >news
"$CLOUD" verdict import demo/public/cloud news >out
"$CLOUD" delta demo/public/cloud >out 2>err || fail 'no delta'
"$CLOUD" import "$P" demo/public/cloud/tree >out 2>err || fail 'no news'
expect_text out 'snapshot 1, delta 1'
[ -e "$P/tree/public/v1/delta/1.proof" ] || fail 'no proof of the delta'
"$CLOUD" build demo/public/cloud >out 2>err || fail 'no snapshot'
"$CLOUD" import "$P" demo/public/cloud/tree >out 2>err || fail 'no snapshot'
expect_line "$P/tree/public/v1/head" 'epoch 2'
if "$CLOUD" import "$P" carried >out 2>err; then fail 'it takes what is older'; fi
expect_text err 'older than what is here: snapshot 2, delta 1'
expect_line "$P/tree/public/v1/head" 'epoch 2'
