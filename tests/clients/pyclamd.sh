# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154 # root.sh sets names
# Python's pyclamd: all of its calls, on the socket and a port.
# root: main
# packages: python3-pyclamd

daemon_start </dev/null
mkdir tree
cp bad good tree
chmod 755 tree
cat >ask.py <<'END'
import io
import sys

import pyclamd

name = sys.argv[1]
for clamd in (pyclamd.ClamdUnixSocket(sys.argv[2]),
              pyclamd.ClamdNetworkSocket("127.0.0.1", 3310)):
    found = {"/root/tree/bad": ("FOUND", name)}
    assert clamd.ping()
    assert clamd.version().startswith("ClamAV ")
    assert "POOLS: 1" in clamd.stats()
    assert clamd.scan_file("/root/tree/bad") == found
    assert clamd.scan_file("/root/tree/good") is None
    assert clamd.contscan_file("/root/tree") == found
    assert clamd.multiscan_file("/root/tree") == found
    assert clamd.allmatchscan("/root/tree/bad") == \
        {"/root/tree/bad": [("FOUND", name)]}
    with open("/root/bad", "rb") as file:
        assert clamd.scan_stream(file.read()) == {"stream": ("FOUND", name)}
    with open("/root/good", "rb") as file:
        assert clamd.scan_stream(file) is None
    assert clamd.scan_stream(io.BytesIO(b"")) is None
    assert "RELOADING" in clamd.reload()
END
python3 ask.py "$name" "$socket" >pyclamd.log 2>&1 || fail 'see below'
