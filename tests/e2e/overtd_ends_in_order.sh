#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# At SIGTERM requests that are under way get their answers, idle clients are let
# go, nobody new is served; and it ends though a client never does.
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

make_rules
make_eicar eicar
head -c 60000000 /dev/zero >zeros
mkdir tree
for i in 1 2 3 4 5 6; do cat zeros eicar >"tree/$i"; done
overtd_start <<END
[api]
socket = $folder/api
max-body = 100M
END
python3 - "$folder" "$overtd_pid" <<'END' || fail "it is not so: $(cat overtd.log)"
import os
import select
import signal
import socket
import sys
import time

folder, pid = sys.argv[1], int(sys.argv[2])


def connect(name, first):
    s = socket.socket(socket.AF_UNIX)
    s.connect(folder + "/" + name)
    s.sendall(first)
    s.settimeout(60)
    return s


def rest(s):
    data = b""
    while True:
        piece = s.recv(65536)
        if not piece:
            return data
        data += piece


with open(folder + "/tree/1", "rb") as f:
    body = f.read()
idle = [connect("clamd.sock", b""), connect("clamd.sock", b"nIDSESSION\n")]
half = connect("clamd.sock", b"nINSTREAM\n\0\0\0\4good")
session = connect("clamd.sock", b"nIDSESSION\n" + b"".join(
    b"nSCAN %s/tree/%d\n" % (folder.encode(), i) for i in range(1, 7)))
multi = connect("clamd.sock", b"nMULTISCAN %s/tree\n" % folder.encode())
# The signal comes in the middle of its body.
api = connect("api", b"POST /v1/scan HTTP/1.1\r\nHost: x\r\nContent-Length: "
              b"%d\r\n\r\n" % len(body) + body[:-5000])

# All have been heard: the first of the session's answers is there.
while not select.select([session], [], [], 60)[0]:
    pass
os.kill(pid, signal.SIGTERM)
for s in idle:
    assert rest(s) == b""
half.sendall(b"\0\0\0\0")
api.sendall(body[-5000:])
assert rest(half) == b"stream: OK\n"
answers = rest(session)
assert answers.count(b"FOUND\n") == 6, answers
answers = rest(multi)
assert answers.count(b"FOUND\n") == 6, answers
data = b""
while b'"verdict":"detected"' not in data:
    piece = api.recv(65536)
    assert piece, data
    data += piece
END
exit_code=0
wait "$overtd_pid" || exit_code=$?
servers=
expect_exit 0
expect_text overtd.log "overtd: stops"

# One that never says what it began to say does not keep it; a second signal
# ends it at once.
for signals in 1 2; do
    overtd_start </dev/null
    python3 - "$folder/clamd.sock" <<'END' &
import socket
import sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(b"nINSTREAM\n\0\0\0\4go")
open("client-is-there", "w").close()
s.recv(1)
END
    client=$!
    wait_until test -e client-is-there
    rm client-is-there
    clamd_ask 'nPING\n' >out
    kill "$overtd_pid"
    if [ "$signals" = 2 ]; then
        # it does not listen any more: the first signal has been taken
        kill "$overtd_pid"
    fi
    exit_code=0
    timeout 60 tail --pid="$overtd_pid" -f /dev/null || fail "it does not end"
    wait "$overtd_pid" || exit_code=$?
    servers=
    expect_exit 0
    wait "$client" || :
done
