#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # names of lib.sh
# A region keeps what is submitted in an S3-compatible store that nobody here
# wrote (npm s3rver): sealed, under names that say nothing, gone with a deletion
# and with the sweep. The store reads the account of a signature and does not
# compute it: that it is right is test_s3_sign's, by the reference's examples.
# shellcheck source=/dev/null
. "$(dirname "$0")/../e2e/lib.sh"
: "${CLOUD:?set CLOUD to overt-cloud}"
: "${NODE_TOOLS:?set NODE_TOOLS to where the node packages are}"
here=$(dirname "$scenario_path")
command -v node >/dev/null 2>&1 || skip "no node"
"$here/install_tools.sh" "$NODE_TOOLS" || skip "no s3rver"

cat >store.js <<'END'
const S3rver = require("s3rver");
new S3rver({ port: 0, address: "127.0.0.1", silent: true, directory: "store",
  configureBuckets: [{ name: "overt" }] })
  .run((error, address) => console.log(error || "port " + address.port));
END
NODE_PATH=$NODE_TOOLS/node_modules node store.js >store.out 2>store.err &
servers=$!
wait_until grep -q '^port ' store.out
place=s3:http://127.0.0.1:$(sed 's/^port //' store.out)/overt/eu

"$CLOUD" region eu --region eu --jurisdiction XX --operator Test \
    --endpoint http://127.0.0.1:1/ >made.out
# account KEY: the store's own is S3RVER.
account() {
    printf 'access-key %s\nsecret-key S3RVER\nregion us-east-1\n' "$1" >eu/keys/s3
}
start() {
    rm -f eu.out eu.err # else those of the one before are read
    "$CLOUD" submissions eu --listen 127.0.0.1:0 --blobs "$place" \
        >eu.out 2>eu.err &
    region=$!
    servers="$servers $region"
    wait_until grep -qs '^listening' eu.out
    port=$(sed 's/.* //' eu.out)
}
stop() {
    kill "$region"
    wait "$region" || fail 'it does not end well'
}
objects() {
    find store -type f -name '*_object' | sort
}
load=$here/../e2e/submit_load.py

account S3RVER
start
python3 "$load" some "$port" eu/manifest acked 5 || fail 'not taken'
objects >five
[ "$(wc -l <five)" -eq 5 ] || fail "in the store: $(cat five)"
[ ! -e eu/state/blobs ] || [ -z "$(find eu/state/blobs -type f)" ] ||
    fail 'there are files, too'
while read -r object; do
    name=$(basename "$object" ._S3rver_object)
    [ "$(sha256sum <"$object" | cut -d ' ' -f 1)" = "$name" ] ||
        fail "$object is not named by its digest"
    if grep -qa OVE1 "$object"; then fail 'an envelope lies open'; fi
done <five
python3 "$load" check "$port" eu/manifest acked || fail 'receipts are lost'

# A deletion takes the object away.
first=$(sed -n '1s/ .*//p' acked)
curl -s -f -X POST "http://127.0.0.1:$port/v1/submissions/$first/delete" \
    >receipt || fail 'no deletion'
[ "$(objects | wc -l)" -eq 4 ] || fail 'the object is still there'
stop

# What no submission has goes at the next start, if it is old; so does nothing
# else.
objects >four
object=$(head -1 four)
left=$(dirname "$object")/$(echo left | sha256sum | cut -d ' ' -f 1)
for end in object metadata.json object.md5; do
    from=$(dirname "$object")/$(basename "$object" object)$end
    [ ! -e "$from" ] || cp "$from" "${left}._S3rver_$end"
done
find store -type f -exec touch -d '3 hours ago' {} +
[ "$(objects | wc -l)" -eq 5 ] || fail 'the test does not know its store'
start
objects | cmp -s - four || fail "swept: $(objects)"
expect_text eu.err 'removed 1 files'
stop

# With an account that the store does not have nothing is taken.
account stranger
start
code=$(python3 "$load" one "$port" eu/manifest)
[ "$code" = 503 ] || fail "it is answered $code"
expect_text eu.err 'the store of blobs says 403'
objects | cmp -s - four || fail 'the store has changed'
stop
