#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # names of lib.sh
# A sample that ends each worker is inconclusive after its tries and keeps
# nothing else back. An analyser, a decision and what puts it into the journal
# are killed at their system calls: given again, nothing is lost and nothing is
# there twice. OV_STEP=1 tries each call.
# Nothing here asks what a disk does: where files are memory, it takes seconds.
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$scenario_path")/publisher.sh"
# shellcheck source=/dev/null
. "$(dirname "$scenario_path")/cloud.sh"
# shellcheck source=/dev/null
. "$(dirname "$scenario_path")/cloud_regions.sh"
# shellcheck source=/dev/null
. "$(dirname "$scenario_path")/cloud_triage.sh"

command -v strace >/dev/null || skip "no strace"
strace -o /dev/null true 2>/dev/null || skip "may not trace"

triage_begin
submit_bad program one
bad=$sample

# Whoever reads the sample dies of it: three workers, and then it is told.
strace -f -qq -o trace -P /memfd:sample -e trace=pread64 \
    -e inject=pread64:signal=SIGKILL "$CLOUD" analyse eu --rules "$folder/rules" \
    --once --workers 1 >out 2>err || fail "the analyser ended"
expect_line out '1 cases, 0 without one, 2 tried again'
[ "$(grep -c 'SIGKILL' trace)" -ge 3 ] || fail "not three workers"
triage show eu "$bad"
expect_line out 'verdict inconclusive'
expect_line out 'inconclusive crashed -'

# killed FAULT_AT COMMAND...: ends at that call of those that change something.
calls=write,pwrite64,fsync,fdatasync,rename,unlink,ftruncate
killed() {
    at=$1
    shift
    strace -qq -o trace -e trace="$calls" \
        -e "inject=$calls:signal=SIGKILL:when=$at" "$@" >out 2>err
}

# The analyser: its lease is left, and ended here by hand, as time does.
submit_bad second two
analyser() {
    set -- "$CLOUD" analyse eu --rules "$folder/rules" --once --workers 1
    strace -qq -o trace -e trace=pwrite64 \
        -e "inject=pwrite64:signal=SIGKILL:when=$at" "$@" >out 2>err
}
at=1
step=${OV_STEP:-3}
while ! analyser; do
    python3 - eu/state/store.db <<'END'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("UPDATE analyses SET lease_until = 0, tries = 0")
db.commit()
END
    at=$((at + step))
done
[ "$at" -gt 3 ] || fail "the analyser was hardly killed"
triage list eu
[ "$(grep -c "^$sample sample open .* 1 detected " out)" -eq 1 ] ||
    fail "not one case: $(cat out)"

# Two people, each killed while they say it, and what takes it over.
say() {
    "$@" "$CLOUD" triage confirm eu "$sample" malicious Example.Evil \
        --as "$person" --keys DIR/keys --why "Seen by $person." \
        --now 2026-11-23T10:00:00Z
}
n_killed=0
for person in p-01 p-02; do
    at=1
    while ! say killed "$at"; do
        n_killed=$((n_killed + 1))
        at=$((at + 2 * step))
    done
done
triage list eu --state decided
[ "$(grep -c "^$sample " out)" -eq 1 ] || fail "not decided"
[ "$n_killed" -gt 2 ] || fail "hardly anybody was killed"
cp -r C C.before
cp -r eu/state state.before
last=0
at=1
while [ "$last" -eq 0 ]; do
    rm -rf C eu/state
    cp -r C.before C
    cp -r state.before eu/state
    killed "$at" "$CLOUD" triage apply eu C && last=1
    must_cloud triage apply eu C
    must_cloud triage apply eu C
    expect_line out '0 verdicts'
    must_cloud verdict list C
    [ "$(wc -l <out)" -eq 1 ] || fail "killed at $at: $(cat out)"
    triage list eu --state closed
    [ "$(grep -c "^$sample " out)" -eq 1 ] || fail "killed at $at: not closed"
    at=$((at + step))
done
[ "$at" -gt $((4 * step)) ] || fail "hardly anything was tried"
