#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# While one client has a tree of very many empty folders walked, others are
# answered: between the beginning and the end of the walk.
# shellcheck disable=SC2154 # lib.sh sets folder and the like
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

make_rules
make_eicar eicar
mkdir tree
(cd tree && seq 1 60 | xargs mkdir &&
    for i in *; do (cd "$i" && seq 1 100 | xargs mkdir); done)
cp eicar tree/60/100/bad
overtd_start </dev/null
python3 - "$folder" <<'END' || fail "others have to wait"
import select
import socket
import sys

folder = sys.argv[1]


def connect(first):
    s = socket.socket(socket.AF_UNIX)
    s.connect(folder + "/clamd.sock")
    s.sendall(first)
    return s


walk = connect(b"nCONTSCAN %s/tree\n" % folder.encode())
served = 0
while not select.select([walk], [], [], 0)[0]:
    assert connect(b"nPING\n").recv(100) == b"PONG\n"
    served += 1
data = b""
while True:
    piece = walk.recv(65536)
    if not piece:
        break
    data += piece
assert data.endswith(b"/tree/60/100/bad: Test.Eicar.UNOFFICIAL FOUND\n"), data
# Each turn of the walk lets those who wait in between.
assert served >= 10, served
END
overtd_stop
