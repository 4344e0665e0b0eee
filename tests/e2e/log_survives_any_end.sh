#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# The log's process is killed before each of its system calls, and each of them
# fails as on a full disk. Then the next one finds every entry that was promised
# at its index, and no size ever gets a second root. OV_STEP=1 tries each call,
# else every ninth is tried.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$scenario_path")/logd.sh"

command -v strace >/dev/null || skip "no strace"
strace -o /dev/null true 2>/dev/null || skip "may not trace"
calls=openat,write,pwrite64,fsync,fdatasync,rename,mkdir,ftruncate,unlink

make_log
start_witness a
make_policy 1 a
make_entries 0 900
step=${OV_STEP:-9}
: >promised
n_added=0

# one COMMAND...: with a fault at call $when; what it promised is noted.
one() {
    strace -f -o trace -e trace="$calls" -e \
        inject="$calls:$fault:when=$when" "$LOGD" "$@" >out 2>err || :
    sed 's/ e\./ /' out >>promised
}

# Every promised entry is in the published bundle, in its place.
check() {
    python3 - <<'EOF' || fail "$fault at call $when: see $folder"
import glob, struct
size = int(open("log/log/checkpoint").read().split("\n")[1])
entries = []
for n in range(0, size, 256):
    width = min(256, size - n)
    name = "log/log/tile/entries/%03d" % (n // 256)
    data = open(name + (".p/%d" % width if width < 256 else ""), "rb").read()
    while data:
        length, = struct.unpack(">H", data[:2])
        entries.append(data[2:2 + length])
        data = data[2 + length:]
assert len(entries) == size
for line in open("promised"):
    if len(line.split()) == 2 and line.endswith("\n"):
        index, number = line.split()
        want = open("e." + number, "rb").read()
        assert entries[int(index)] == want, (index, number)
EOF
    check_no_fork
}

# How many calls the whole takes.
fault=signal=SIGKILL
when=60000
one add log e.0
add_calls=$(grep -c '^[0-9]* *[a-z]' trace)
one once log --policy policy
once_calls=$(grep -c '^[0-9]* *[a-z]' trace)
if [ "$add_calls" -le 10 ] || [ "$once_calls" -le 20 ]; then
    fail "only $add_calls and $once_calls calls were seen"
fi

n=1
for fault in signal=SIGKILL error=ENOSPC; do
    when=1
    while [ "$when" -le "$once_calls" ]; do
        [ "$when" -gt "$add_calls" ] || one add log "e.$n"
        n=$((n + 1))
        logd add log "e.$n"
        expect_exit 0
        sed 's/ e\./ /' out >>promised
        one once log --policy policy --timeout 1
        if [ $((n % 8)) -le 1 ]; then
            logd once log --policy policy
            expect_exit 0
            check
        fi
        when=$((when + step))
        n=$((n + 1))
    done
done
when=0
logd once log --policy policy
expect_exit 0
check
[ "$(published_size)" -ge 20 ] || fail "too few entries were tried"
