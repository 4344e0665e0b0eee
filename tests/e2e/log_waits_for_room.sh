#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# A log that may write no more refuses entries, publishes what it has promised,
# and goes on by itself when there is room again.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$scenario_path")/logd.sh"

command -v prlimit >/dev/null || skip "no prlimit"
make_log
start_witness a
make_policy 1 a
for i in 0 1 2 3; do
    { echo "entry $i"; head -c 3000 /dev/zero | tr '\0' x; } >"e.$i"
done

# No file may be longer than this: EFBIG, as a disk that is full.
trap '' XFSZ
start_log --policy policy --interval 20
prlimit --pid "$log_pid" --fsize=5000:unlimited
logd add log e.0
expect_exit 0
logd add log e.1
expect_exit 2
expect_text err "the journal can't be written"
wait_until grep -q '^1$' log/log/checkpoint

# Room for the journal's next segment, none for the bundle of two.
stop_log -KILL
start_log --policy policy --interval 20
prlimit --pid "$log_pid" --fsize=5000:unlimited
logd add log e.1
expect_exit 0
wait_until grep -q "trying again" logd.err
kill -0 "$log_pid" || fail "the log has ended"
[ "$(published_size)" = 1 ] || fail "published what can't be there"

prlimit --pid "$log_pid" --fsize=unlimited:unlimited
logd add log e.2 --wait
expect_exit 0
expect_line out "2 e.2"
[ "$(published_size)" = 3 ] || fail "not published"
cat log/log/tile/entries/000.p/3 >bundle
expect_text bundle "entry 0"
expect_text bundle "entry 2"

# And after a new start.
stop_log -KILL
logd add log e.3
logd once log --policy policy
expect_exit 0
[ "$(published_size)" = 4 ] || fail "not published"
check_no_fork
