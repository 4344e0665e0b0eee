#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # names of lib.sh
# A build and a delta are killed before each of their system calls, and each of
# these fails as on a full disk: who reads the tree sees the old epoch or the new
# one, whole, and giving the command again ends it. OV_STEP=1 tries each
# of those that count.
# Nothing here asks what a disk does: where files are memory, it takes seconds.
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$scenario_path")/publisher.sh"
# shellcheck source=/dev/null
. "$(dirname "$scenario_path")/cloud.sh"

command -v strace >/dev/null || skip "no strace"
strace -o /dev/null true 2>/dev/null || skip "may not trace"
calls=write,pwrite64,fsync,fdatasync,syncfs,rename,mkdir,ftruncate,unlink,rmdir

make_instance solo
must_cloud init C --instance DIR
python3 "$check" truth 300 >first
: >truth
say first
must_cloud build C
cp truth truth.1
echo "$(hash_of new) malicious New.Family" >second
say second
cp truth truth.2
cp -r C C.before
step=${OV_STEP:-15}

# The head's epoch and delta, and all that belongs to them, is whole.
check() {
    epoch=$(sed -n 's/^epoch //p' C/tree/v1/head)
    delta=$(sed -n 's/^delta //p' C/tree/v1/head)
    must_hold snapshot C/tree "$epoch" "truth.$epoch"
    if [ "$delta" -gt 0 ]; then must_hold chain C/tree truth; fi
    for name in "snap/$epoch/statement" "snap/$epoch/proof" \
        "delta/$delta.entry" "delta/$delta.proof"; do
        [ "${name#delta/0}" != "$name" ] || [ -s "C/tree/v1/$name" ] ||
            fail "killed at $when: no $name"
    done
}

# one FAULT CALL WHEN: it ends so, then it is done.
one() {
    when="$2 $3"
    rm -rf C DIR
    cp -r C.before C
    cp -r DIR.before DIR
    ended=0
    strace -qq -o trace -e trace="$calls" -e "inject=$2:$1:when=$3" \
        "$CLOUD" build C --threads 1 >out 2>err || ended=$?
    check
    must_cloud build C
    [ "$epoch" -eq 2 ] || must_hold snapshot C/tree "$(sed -n 's/^epoch //p' C/tree/v1/head)" truth
    must_hold chain C/tree truth
    if [ -e C/pending ] || [ -e C/work ]; then fail 'something is left'; fi
}

# The first thousands make the files of the epoch, where one is like another;
# what counts are the last of each kind, with the log and the tree, and the
# first, with the delta.
cp -r DIR DIR.before
one signal=SIGKILL rename 60000
[ "$ended" -eq 0 ] || fail 'it does not end well'
cp trace all
n_tried=0
for call in rename fsync write rmdir syncfs; do
    n=$(grep -c "^$call(" all)
    i=1
    while [ "$i" -le "$n" ]; do
        one signal=SIGKILL "$call" "$i"
        [ "$ended" -ne 0 ] || fail "nothing was killed at $call $i"
        [ "$call" != rename ] || one error=ENOSPC "$call" "$i"
        n_tried=$((n_tried + 1))
        if [ "$i" -gt 12 ] && [ "$i" -lt $((n - 20 - 20 * step)) ]; then
            i=$((n - 20))
        else
            i=$((i + step))
        fi
    done
done
[ "$n_tried" -gt 12 ] || fail 'hardly anything was tried'
