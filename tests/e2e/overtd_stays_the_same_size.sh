#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Ten minutes of streams, clean and with malware, and of rules loaded anew: no
# request fails, and neither memory nor descriptors grow. A burst, then a rest:
# other tests run beside it, and must find a core.
# shellcheck disable=SC2154 # lib.sh sets overtd_pid and folder
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

clients=${BUILD:?set BUILD to the build folder}/bench/bench_clients
seconds=${SOAK_SECONDS:-600}
renice -n 5 $$ >/dev/null 2>&1 || :

# KiB of their own that the daemon and all that it has started have, what they
# share among them counted once. Files that are mapped don't count: how much of
# a library is whose depends on who else uses it at the moment.
memory_now() {
    for pid in "$overtd_pid" $(pgrep -P "$overtd_pid"); do
        sed -n 's/^Pss_\(Anon\|Shmem\): *\([0-9]*\) kB/\2/p' \
            "/proc/$pid/smaps_rollup" || :
    done 2>/dev/null | awk '{ sum += $1 } END { print sum + 0 }'
}

# The least of a few looks: a loader or a worker that is just being exchanged
# is no growth.
memory() {
    for _ in 1 2 3 4 5; do
        memory_now
        sleep 0.1
    done | sort -n | head -n 1
}

descriptors() {
    find "/proc/$overtd_pid/fd" -mindepth 1 | wc -l
}

# load REQUESTS
load() {
    "$clients" "$folder/clamd.sock" 8 "$1" bodies/* >load.json ||
        fail "the clients failed"
    grep -q '"failed": 0' load.json || fail "$(cat load.json)"
}

# largest FILE: of its numbers
largest() {
    sort -n "$1" | tail -n 1
}

make_rules
mkdir bodies
make_eicar bodies/eicar
head -c 200000 /dev/urandom >bodies/large
tar -czf bodies/packed.tgz -C /usr/share/common-licenses .
seq 20000 >bodies/text
# Workers are exchanged often, as they are in weeks.
overtd_start <<END
stream-max = 10M
[daemon]
recycle-after = 500
END
grep -q '^Pss_Anon:' "/proc/$overtd_pid/smaps_rollup" ||
    skip "the kernel does not tell whose memory is whose"

load 1000
clamd_ask 'RELOAD\n' >/dev/null
load 1000
began=$(date +%s)
rounds=0
while [ $(($(date +%s) - began)) -lt "$seconds" ] || [ $rounds -lt 10 ]; do
    load 200
    rounds=$((rounds + 1))
    [ $((rounds % 4)) -ne 0 ] || clamd_ask 'RELOAD\n' >/dev/null
    echo "$(memory) $(descriptors)" >>sizes
    sleep 2
done
# the first half of the rounds against the second
awk -v half="$((rounds / 2))" '{ n = NR <= half ? 1 : 2
    print $1 >("kib." n)
    print $2 >("fd." n) }' sizes
echo "$rounds rounds of 200 streams: at most $(largest kib.1) KiB, then" \
    "$(largest kib.2); $(largest fd.1) descriptors, then $(largest fd.2)"
[ "$(largest kib.2)" -le $(($(largest kib.1) * 5 / 4 + 1024)) ] ||
    fail "memory grew: $(tr '\n' ';' <sizes)"
[ "$(largest fd.2)" -le $(($(largest fd.1) + 8)) ] ||
    fail "descriptors grew: $(tr '\n' ';' <sizes)"
overtd_stop
