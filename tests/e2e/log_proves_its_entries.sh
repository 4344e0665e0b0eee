#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# With overt-witness as witnesses: overt verify-proof accepts what is in the log,
# and nothing else; killed while clients add, the log keeps what it promised.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$scenario_path")/logd.sh"

: "${WITNESS:?set WITNESS to overt-witness}"
make_log
make_entries 0 9

# real_witness NAME: overt-witness on a free port.
real_witness() {
    port=$(python3 -c 'import socket; s = socket.socket()
s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    mkdir "$1.state"
    "$WITNESS" --new-key "$1.private" --name "$1.witness.example" \
        --no-passphrase >"$1.key" 2>/dev/null
    "$WITNESS" --state "$1.state" --key "$1.private" --quiet \
        --listen "127.0.0.1:$port" --log "$log_key" 2>"$1.err" &
    servers="${servers-} $!"
    echo "http://127.0.0.1:$port" >"$1.url"
}
for name in a b c; do real_witness $name; done
make_policy 2 a b c
start_log --policy policy --interval 20
logd add log e.0 e.1 e.2 --wait
expect_exit 0
logd prove log 1 -o proof.1
expect_exit 0

overt verify-proof proof.1 e.1 policy
expect_exit 0
expect_text out "entry 1 of 3 in log.example/2026"
expect_text out "seconds ago by"
overt verify-proof --max-age 3600 proof.1 e.1 policy
expect_exit 0

# Another entry, another log, too few witnesses, an old quorum.
overt verify-proof proof.1 e.2 policy
expect_exit 1
expect_text err "the entry is not in the tree"
sed 's/^index 1$/index 2/' proof.1 >moved
overt verify-proof moved e.1 policy
expect_exit 1
sed '/^log /d' policy >no_log
overt verify-proof proof.1 e.1 no_log
expect_exit 1
expect_text err "no log of the policy has signed this"
grep -v '[.]witness[.]' proof.1 >lonely
overt verify-proof lonely e.1 policy
expect_exit 1
expect_text err "too few cosignatures"
echo 'quorum nobody' >bad_policy
overt verify-proof proof.1 e.1 bad_policy
expect_exit 1
expect_text err "policy, line 1"
overt verify-proof e.1 e.1 policy
expect_exit 1
overt verify-proof proof.1 e.1
expect_exit 2
overt verify-proof missing e.1 policy
expect_exit 2
if command -v faketime >/dev/null; then
    exit_code=0
    faketime '+2 days' "$OVERT" verify-proof --max-age 86400 proof.1 e.1 \
        policy >out 2>err || exit_code=$?
    expect_exit 1
    expect_text err "too old"
fi

# Killed again and again while entries come in.
cp proof.1 before
for round in 1 2 3 4 5; do
    python3 - "$round" <<'EOF' >>promised &
import socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect("log/socket")
n = 0
try:
    while True:
        entry = b"round %s entry %d\n" % (sys.argv[1].encode(), n)
        s.send(b"A" + entry)
        answer = s.recv(100)
        if answer[:1] != b"A":
            break
        print(struct.unpack("<Q", answer[1:])[0], sys.argv[1], n, flush=True)
        n += 1
except OSError:
    pass
EOF
    client=$!
    wait_until grep -q " $round 20\$" promised
    stop_log -KILL
    wait "$client"
    start_log --policy policy --interval 20
done
logd add log e.9 --wait
expect_exit 0
stop_log
python3 - <<'EOF'
import struct
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
lines = [line.split() for line in open("promised")]
assert len(lines) >= 100
for index, round, n in lines:
    want = ("round %s entry %s\n" % (round, n)).encode()
    assert entries[int(index)] == want, (index, entries[int(index)], want)
EOF
overt verify-proof before e.1 policy
expect_exit 0
