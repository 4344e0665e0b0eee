#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Slow and hostile clients of the HTTP API lose their connections; others are
# served meanwhile.
# shellcheck disable=SC2154 # lib.sh sets folder and the like
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

make_rules
make_eicar eicar
overtd_start <<END
[api]
socket = $folder/api
max-body = 4M
max-memory = 6M
max-connections = 64
idle-timeout = 2s
END

python3 - "$folder/api" "$folder/eicar" <<'END' || fail "it is not so"
import json
import os
import select
import socket
import sys
import time

path, eicar = sys.argv[1], open(sys.argv[2], "rb").read()


def connect(first):
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)
    s.sendall(first)
    return s


def ask(request):
    s = connect(request)
    s.settimeout(30)
    data = b""
    while True:
        piece = s.recv(65536)
        data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        if not piece or (b"ength: " in head and len(body) >= int(
                head.split(b"ength: ")[1].split(b"\r")[0])):
            return int(head.split()[1]), json.loads(body)


def scan(body):
    return ask(b"POST /v1/scan HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n"
               b"\r\n" % len(body) + body)


# Each sends a byte now and then: of a head, of a body; or says nothing.
begins = [b"", b"GET /v1/st", b"POST /v1/scan HTTP/1.1\r\nHost: x\r\n"
          b"Content-Length: 1000000\r\n\r\nabc"]
slow = [connect(begins[i % 3]) for i in range(40)]
served = 0
until = time.monotonic() + 60
while slow and time.monotonic() < until:
    code, found = scan(eicar)
    assert code == 200 and found["rule"] == "Test.Eicar.UNOFFICIAL", found
    served += 1
    for s in list(slow):
        try:
            s.send(b"x", socket.MSG_DONTWAIT)
            if select.select([s], [], [], 0)[0] and not s.recv(
                    65536, socket.MSG_DONTWAIT):
                raise OSError
        except BlockingIOError:
            pass
        except OSError:
            s.close()
            slow.remove(s)
assert not slow, f"{len(slow)} are still there"
assert served > 0

# Two bodies of 4 MB are more than max-memory: the second is told so, and when
# the first has gone it is served.
head = b"POST /v1/scan HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n"
first = connect(head + bytes(3900000))
code, answer = scan(bytes(4000000))
assert code == 503 and answer["error"] == "unavailable", (code, answer)
first.close()
until = time.monotonic() + 30
while scan(bytes(4000000))[0] != 200:
    assert time.monotonic() < until

# Garbage, and heads that are too large.
for garbage in (os.urandom(20000), b"\n" * 20000, b"GET " + b"a" * 100000,
                b"POST /v1/scan HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                b"GET /v1/status HTTP/1.1\r\n" + b"a: b\r\n" * 20000):
    s = connect(b"")
    try:
        s.sendall(garbage)
    except OSError:
        pass
    s.close()
assert scan(b"good")[1]["verdict"] == "clean"
END
if grep -q 'overt-http has' overtd.log; then fail "overt-http has ended"; fi
overtd_stop
