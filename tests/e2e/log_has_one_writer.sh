#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# A log has one sequencer: a second on the same folder is refused; one without
# the lock notices that the state is not its own any more; one with a copy of
# the folder, or a restored backup, is stopped by the witnesses.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$scenario_path")/logd.sh"

make_log
start_witness a
make_policy 1 a
make_entries 0 9
logd add log e.0
logd once log --policy policy
expect_exit 0

# The lock.
start_log --policy policy
logd once log --policy policy
expect_exit 2
expect_text err "another overt-logd has this log"
logd run log --policy policy
expect_exit 2
logd add log e.1 --wait
expect_exit 0

# A second machine that shares the folder but no locks.
cp -a log twin
rm log/lock
logd once log --policy policy
expect_exit 0
logd add log e.2
expect_exit 2
code=0
wait "$log_pid" || code=$?
[ "$code" -eq 1 ] || fail "the first one ended with $code"
expect_text logd.err "another sequencer has changed the state"

# A copy that went its own way: the witness knows the other tree.
logd add log e.2
logd once log --policy policy
expect_exit 0
mv log original
mv twin log
logd add log e.3
logd once log --policy policy
expect_exit 1
expect_text err "twin"
logd add log e.4 e.5 e.6
logd once log --policy policy
expect_exit 1

# A state from a backup, beside what was published since.
rm -r log
cp -a original log
cp log/state backup
logd add log e.7
logd once log --policy policy
expect_exit 0
cp backup log/state
logd once log --policy policy
expect_exit 1
expect_text err "restored from a backup"

# A damaged state is no state, and a changed tree is not signed.
rm -r log
cp -a original log
sed -i 's/^3$/4/' log/state
logd once log --policy policy
expect_exit 1
expect_text err "damaged"
rm -r log
cp -a original log
for file in log/log/tile/0/000.p/*; do
    printf 'x' | dd of="$file" conv=notrunc bs=1 seek=5 2>/dev/null
done
logd once log --policy policy
expect_exit 1
expect_text err "restore its files from a mirror"
