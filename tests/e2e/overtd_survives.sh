#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Thousands of clients, most of them slow or hostile; no descriptors; a full
# disk; a storm of SIGHUP; helpers that are killed: whoever asks properly gets a
# right answer.
# shellcheck disable=SC2154 # lib.sh sets folder and the like
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

make_rules
make_eicar bad
prlimit --nofile=20000 --pid $$ 2>/dev/null || skip "too few descriptors"
cat >crowd.py <<'END'
import os
import random
import socket
import sys
import threading
import time

folder, n_slow, n_asked = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
wanted = f"{folder}/bad: Test.Eicar.UNOFFICIAL FOUND\n".encode()
seed = int(time.time())
print("seed", seed)
chance = random.Random(seed)
BEGINS = [b"", b"n", b"nSCAN /", b"zINSTREAM\0\0\0\0\x64abc", b"nIDSESSION\n",
          b"zFILDES\0", b"nMULTISCAN /no/such\nx", b"\0" * 50]


def connect(first):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(60)
    while True:
        try:
            s.connect(folder + "/clamd.sock")
            break
        except BlockingIOError:  # the kernel's line is full
            time.sleep(0.01)
    try:
        s.sendall(first)
    except OSError:
        pass
    return s


slow = [connect(BEGINS[i % len(BEGINS)]) for i in range(n_slow)]
is_over = threading.Event()


def pester():
    """They go on with a byte now and then, garbage, or an end."""
    while not is_over.is_set():
        i = chance.randrange(len(slow)) if slow else 0
        if not slow:
            return
        try:
            if chance.random() < 0.1:
                slow[i].close()
                slow[i] = connect(os.urandom(40))
            else:
                slow[i].send(b"x", socket.MSG_DONTWAIT)
        except OSError:
            slow[i].close()
            slow[i] = connect(BEGINS[i % len(BEGINS)])


pest = threading.Thread(target=pester)
pest.start()
try:
    for _ in range(n_asked):
        s = connect(f"nSCAN {folder}/bad\n".encode())
        data = b""
        while True:
            piece = s.recv(4096)
            if not piece:
                break
            data += piece
        assert data == wanted, data
        s.close()
finally:
    is_over.set()
    pest.join()
END

# ---- 2,500 at a time
overtd_start <<END
max-connections = 4096
max-per-peer = 4000
idle-timeout = 60s
END
python3 crowd.py "$folder" 2500 300 >crowd.out 2>&1 ||
    fail "in a crowd: $(cat crowd.out)"

# ---- SIGHUP, again and again, and helpers that die meanwhile
(
    i=0
    while [ $i -lt 60 ]; do
        kill -HUP "$overtd_pid"
        [ $((i % 6)) -ne 0 ] || pkill -KILL -P "$overtd_pid" overt-worker || :
        i=$((i + 1))
        clamd_ask 'nPING\n' >pong
        [ "$(cat pong)" = PONG ] || exit 1
    done
) &
storm=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    clamd_ask "nSCAN $folder/bad\\n" >answer
    # its worker may have been the one that was killed
    grep -q -e 'Test.Eicar.UNOFFICIAL FOUND' -e 'crashed.*ERROR' answer ||
        fail "in the storm: $(cat answer)"
done
wait $storm || fail "no PONG in the storm"
expect_answer "nSCAN $folder/bad\\n" \
    "$folder/bad: Test.Eicar.UNOFFICIAL FOUND\\n"
overtd_stop

# ---- few descriptors: who does not fit waits, and is served
sed -i 's/idle-timeout = 60s/idle-timeout = 2s/' overt.conf
cp overt.conf few.conf
prlimit --nofile=60 "$OVERTD" --config "$folder/few.conf" 2>few.log &
overtd_pid=$!
servers="${servers-} $overtd_pid"
wait_until grep -q 'overtd: ready' few.log
timeout 100 python3 crowd.py "$folder" 150 5 >crowd.out 2>&1 ||
    fail "with few descriptors: $(cat crowd.out)"
overtd_stop
