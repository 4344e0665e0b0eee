#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # names of lib.sh
# A snapshot and its deltas are read by a program that shares nothing with ours:
# all verdicts are there, proven, and no others. The same verdicts in another
# order, in another folder, with another number of threads, give the same bytes.
# Nothing here asks what a disk does: where files are memory, it takes seconds.
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$scenario_path")/publisher.sh"
# shellcheck source=/dev/null
. "$(dirname "$scenario_path")/cloud.sh"

make_instance solo
must_cloud init C --instance DIR
python3 "$check" truth 9000 >first
: >truth
say first
must_cloud build C
must_hold snapshot C/tree 1 truth

# The log has the statement: its proof is believed by the instance's policy.
overt verify-proof C/tree/v1/snap/1/proof C/tree/v1/snap/1/statement DIR/policy
expect_exit 0

# What changes is told, and only that.
hash=$(head -n 1 first | cut -d ' ' -f 1)
{
    echo "$(hash_of new) malicious New.Family"
    echo "$(hash_of 1) recalled"
    echo "$(hash_of 2) withdrawn"
    echo "$hash unwanted"
} >second
say second
must_cloud delta C
must_hold chain C/tree truth
overt verify-proof C/tree/v1/delta/1.proof C/tree/v1/delta/1.entry DIR/policy
expect_exit 0
must_cloud delta C
expect_line out 'nothing has changed'
say second
must_cloud delta C
expect_line out 'nothing has changed'

# The next snapshot comes with a delta of what was not told yet.
echo "$(hash_of newer) test" >third
say third
must_cloud build C
expect_line C/tree/v1/head 'epoch 2'
expect_line C/tree/v1/head 'delta 2'
must_hold snapshot C/tree 2 truth
must_hold chain C/tree truth
expect_line C/tree/v1/snap/2/statement 'delta-from 3'

# Another order, folder and number of threads.
now=2026-11-23T12:00:00Z
i=0
for order in cat tac 'sort -R'; do
    i=$((i + 1))
    mkdir -p "$i"
    must_cloud init "$i/cloud" --instance DIR
    $order first >"$i/first"
    must_cloud verdict import "$i/cloud" "$i/first" --now $now
    must_cloud build "$i/cloud" --now $now --threads $i --unlogged
    (cd "$i/cloud/tree" && find . -type f -exec sha256sum {} + | sort) \
        >"$i/sums"
    cmp 1/sums "$i/sums" || fail "other bytes with $order"
done
[ "$(wc -l <1/sums)" -gt 770 ] || fail 'too few files were compared'

# A line that is wrong: nothing of the file is taken.
{
    head -n 70000 first
    echo 'abc malicious'
} >bad
cp C/journal before
cloud verdict import C bad
expect_exit 1
expect_text err 'line 9001'
cmp -s before C/journal || fail 'a part of a bad file was taken'
must_cloud verdict list C "$(hash_of 1)"
[ "$(wc -l <out)" -eq 3 ] || fail 'the history of a file is not whole'
expect_text out ' recalled '
