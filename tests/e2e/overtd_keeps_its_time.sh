#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # lib.sh sets folder
# The machine's clock jumps by years, forth and back, under a daemon that serves:
# no client waits or is cut off for it, no worker is taken for one that hangs; and
# what an owner allowed until a date is allowed until then by the new time.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

fake=$(find /usr/lib -name 'libfaketime.so.1' 2>/dev/null | head -n 1)
[ -n "$fake" ] || skip "no libfaketime"
if grep -aq __asan_init "$OVERTD"; then skip "ASan must be the first library"; fi

# set_clock OFFSET: at once, for the daemon alone
set_clock() {
    echo "$1" >clock.new
    mv clock.new clock
}
set_clock +0
cat >faked <<END
#!/bin/sh
LD_PRELOAD=$fake FAKETIME_TIMESTAMP_FILE=$folder/clock FAKETIME_NO_CACHE=1 \\
    FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1 exec $OVERTD "\$@"
END
chmod +x faked
OVERTD=$folder/faked

make_rules
mkdir tree
make_eicar tree/bad
overt --state state allow --rule Test.Eicar --until 2d --reason 'for two days'
expect_exit 0
overtd_start <<END
[daemon]
remember = 0
END

cat >client.py <<'END'
# A session and half a stream that are open while the clock jumps.
import socket, struct, sys

def connect():
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(60)
    s.connect(sys.argv[1])
    return s

session, stream = connect(), connect()
session.sendall(b"zIDSESSION\0")
stream.sendall(b"zINSTREAM\0" + struct.pack(">I", 4) + b"some")
n = 0
print("open", flush=True)
for line in sys.stdin:
    path = line.strip()
    if path == "end":
        break
    n += 1
    session.sendall(b"zSCAN " + path.encode() + b"\0")
    answer = b""
    while not answer.endswith(b"\0"):
        got = session.recv(4096)
        if not got:
            sys.exit("the session was cut")
        answer += got
    want = f"{n}: {path}: ".encode()
    if not answer.startswith(want):
        sys.exit(f"unexpected: {answer}")
    print(answer[len(want):-1].decode(), flush=True)
stream.sendall(struct.pack(">I", 0))
print(stream.recv(4096).rstrip(b"\0").decode(), flush=True)
END
mkfifo asks
python3 client.py "$folder/clamd.sock" <asks >answers 2>client.err &
client=$!
exec 8>asks
wait_until grep -q open answers

# ask WANTED: of the session that has been open all the time
n_answers=1
ask() {
    echo "$folder/tree/bad" >&8
    n_answers=$((n_answers + 1))
    has_answers() { [ "$(wc -l <answers)" -ge "$n_answers" ]; }
    wait_until has_answers
    answer=$(tail -n 1 answers)
    [ "$answer" = "$1" ] || fail "with the clock at $(cat clock): $answer"
}

ask 'OK'
set_clock +1d
ask 'OK'
set_clock +3d
ask 'Test.Eicar.UNOFFICIAL FOUND'
set_clock +3650d
ask 'Test.Eicar.UNOFFICIAL FOUND'
set_clock -3650d # before it was allowed
ask 'Test.Eicar.UNOFFICIAL FOUND'
set_clock +1d
ask 'OK'
echo end >&8
exec 8>&-
wait "$client" || fail "the client: $(cat client.err)"
[ "$(tail -n 1 answers)" = 'stream: OK' ] || fail "the stream: $(tail -n 1 answers)"
expect_no_text overtd.log 'hangs\|timed out\|timed-out'
overtd_stop
