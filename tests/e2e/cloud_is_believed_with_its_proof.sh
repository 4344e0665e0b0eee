#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# What a cloud says is believed only with its proof to the log. A server that
# changes one verdict, in a bucket, delta, filter, list, statement or the log, is
# refused and the bytes are kept; what was known goes on. Recalls come with the
# next delta, and what has expired is stale.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/cloud_client.sh"

evil=$(sha256 evil)
nice=$(sha256 nice)
warm=$(sha256 warm)
newer=$(sha256 newer)

# expect_answer SHA256 WORD CODE
expect_answer() {
    cloud lookup --from clouds/one "$1"
    expect_text out ": $2"
    expect_exit "$3"
}

# Without a publisher there is nothing to prove it by.
mkdir clouds
make_cloud clouds/one 1 "bad=$evil" "good=$nice" "hot=$warm" "add=$newer"
cloud update --from clouds/one
expect_exit 2
expect_text err 'overt update --root FILE comes first'
trust_publisher
cloud lookup "$evil"
expect_exit 2
cloud update --from clouds/one
expect_exit 0
expect_text out 'snapshot 1, delta 1,'
expect_answer "$evil" 'malicious, Example.Family (proven' 1
expect_answer "$warm" 'malicious, Example.Family (in the list of what is new' 1
expect_answer "$newer" 'malicious, Newer.Family (in the newest' 1
expect_answer "$nice" good 0
expect_answer "$(sha256 nothing)" unknown 0
cp -a state known

# Nobody is asked without leave; what is here still answers.
cloud lookup "$newer"
expect_exit 1
cloud lookup "$evil"
expect_exit 3
expect_text err 'nobody may be asked'

# change FILE: one byte in its middle.
change() {
    python3 - "$1" <<'EOF'
import sys
with open(sys.argv[1], "r+b") as file:
    data = bytearray(file.read())
    data[len(data) // 2] ^= 1
    file.seek(0)
    file.write(data)
EOF
}

# refused WHAT: an update from clouds/bad is, and nothing is lost by it.
refused() {
    cloud update --from clouds/bad
    [ "$exit_code" -eq 1 ] || fail "$1: exit code $exit_code: $(cat out err)"
    expect_text err REFUSED
    ls "$state"/evidence/cloud-* >/dev/null 2>&1 || fail "$1: no evidence"
}

# For a machine that knows nothing yet.
rm -rf blank
cp -a known blank
rm -rf blank/reputation blank/evidence
for file in snap/1/statement snap/1/proof snap/1/hot snap/1/families \
    snap/1/f/fuse8/list snap/1/f/fuse8/07 delta/1 delta/1.entry \
    delta/1.proof; do
    rm -rf clouds/bad state
    cp -a clouds/one clouds/bad
    cp -a blank state
    change "clouds/bad/v1/$file"
    refused "$file"
    [ ! -e state/reputation/current ] || fail "$file: something is believed"
done
# An honest server beside it is enough.
cloud update --from clouds/bad --from clouds/one
expect_exit 0

# A statement that is not in the log, or that too few have signed.
for fault in unlogged one-builder; do
    rm -rf clouds/bad state
    cp -a blank state
    make_cloud clouds/bad 1 "bad=$nice" "add=$warm" "$fault"
    refused "$fault"
done

# For one that knows the last snapshot: what it knows goes on.
for file in snap/2/statement "snap/2/f/fuse8/$(echo "$nice" | cut -c -2)" delta/1; do
    rm -rf clouds/bad state
    cp -a known state
    make_cloud clouds/bad 2 "bad=$evil" "bad=$nice" "add=$newer"
    change "clouds/bad/v1/$file"
    refused "$file"
    expect_answer "$evil" 'malicious' 1
done

# Each byte of a bucket, and a bucket in place of another.
rm -rf state
cp -a known state
for at in 0 5 9 13 40 -1; do
    rm -rf clouds/bad
    cp -a clouds/one clouds/bad
    python3 - clouds/bad/v1/snap/1/buckets.pack "$at" <<'EOF'
import sys
with open(sys.argv[1], "r+b") as file:
    data = bytearray(file.read())
    stride = len(data) // 256
    for bucket in range(256):
        data[bucket * stride + int(sys.argv[2]) % stride] ^= 1
    file.seek(0)
    file.write(data)
EOF
    cloud lookup --from clouds/bad "$evil"
    expect_exit 1
    expect_text err 'REFUSED: the bucket'
    ls state/evidence/cloud-bucket-* >/dev/null || fail "no evidence"
    rm state/evidence/cloud-*
    expect_no_text out malicious
done

# What is kept of lies is little, however many are told.
i=0
while [ "$i" -lt 20 ]; do
    head -c $((3000 + i)) /dev/urandom >clouds/bad/v1/delta/2.entry
    printf 'epoch 1\ndelta 2\n' >clouds/bad/v1/head
    cp clouds/one/v1/delta/1.proof clouds/bad/v1/delta/2.proof
    cloud update --from clouds/bad
    expect_exit 1
    i=$((i + 1))
done
[ "$(find state/evidence -name 'cloud-delta-*' | wc -l)" -le 8 ] ||
    fail "evidence grows: $(ls state/evidence)"
grep -aq '^length 30' "$(find state/evidence -name 'cloud-delta-*' | head -n 1)" ||
    fail 'evidence without its length'

# A head that names any number is asked for that number's proof first.
rm -rf clouds/far
cp -a clouds/one clouds/far
printf 'epoch 1\ndelta 9000000000\n' >clouds/far/v1/head
cloud update --from clouds/far
[ "$exit_code" -ne 0 ] || fail 'a delta that is not there was taken'
expect_text err 'v1/delta/9000000000.entry'
expect_answer "$newer" 'malicious' 1

# A look-up does not want the state for itself, but to keep a lie.
while_locked() {
    python3 - "$@" <<'EOF'
import fcntl
import subprocess
import sys
with open("state/lock", "r+") as lock:
    fcntl.lockf(lock, fcntl.LOCK_EX)
    sys.exit(subprocess.call(sys.argv[1:]))
EOF
}
exit_code=0
while_locked "$OVERT" --state state cloud lookup --from clouds/one "$evil" \
    >out 2>err || exit_code=$?
expect_exit 1
expect_text out ': malicious'
python3 - clouds/bad/v1/snap/1/buckets.pack <<'EOF'
import sys
with open(sys.argv[1], "r+b") as file:
    data = file.read()
    stride = len(data) // 256
    file.seek(0)
    file.write(data[stride:] + data[:stride])
EOF
cloud lookup --from clouds/bad "$evil"
expect_exit 1
expect_text err 'REFUSED: the bucket'

# One that is cut off, and one that has nothing.
: >clouds/bad/v1/snap/1/buckets.pack
cloud lookup --from clouds/bad "$evil"
expect_exit 3
rm -rf clouds/bad
mkdir clouds/bad
cloud update --from clouds/bad
[ "$exit_code" -ne 0 ] || fail "an empty cloud is no cloud"
cloud status
expect_exit 0

# A recall comes with the next delta.
make_cloud clouds/one 1 "bad=$evil" "good=$nice" "hot=$warm" "add=$newer" \
    "recall=$evil"
cloud update --from clouds/one
expect_exit 0
expect_text out 'delta 2,'
expect_answer "$evil" 'recalled' 0
# A mirror that has stayed behind takes nothing back.
make_cloud clouds/late 1 "bad=$evil" "good=$nice" "hot=$warm" "add=$newer"
cloud update --from clouds/late
expect_exit 0
expect_answer "$evil" 'recalled' 0
# Another history behind the same delta is none.
make_cloud clouds/other 1 "bad=$evil" "good=$nice" "hot=$warm" "add=$nice" \
    "recall=$evil" "add=$(sha256 third)"
cloud update --from clouds/other
expect_exit 1
expect_text err 'REFUSED: the delta'

# A newer snapshot takes the place of the old, and of its files.
files() {
    find state/reputation -type f ! -name 'checkpoint-*' | wc -l
}
n=$(files)
make_cloud clouds/two 2 "bad=$nice"
cloud update --from clouds/two
expect_exit 0
expect_text out 'snapshot 2, delta 0,'
[ "$(files)" -le "$n" ] ||
    fail "files of the old snapshot stay"
cloud lookup --from clouds/two "$nice"
expect_exit 1
# Never back.
cloud update --from clouds/one
expect_exit 0
cloud status
expect_text out 'snapshot 2'

# Expired: what is bad still is, what is good counts no more.
rm -rf state clouds/one
cp -a blank state
make_cloud clouds/one 1 "bad=$evil" "good=$nice" expired
cloud update --from clouds/one
expect_exit 0
expect_text out 'STALE since'
expect_answer "$evil" malicious 1
expect_text out STALE
expect_answer "$nice" unknown 0
