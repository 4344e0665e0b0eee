#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# clamd's protocol over TLS, by a process that does nothing else: with clients
# that have a certificate, and not with others.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

make_rules
make_eicar bad
folder=$PWD
for who in ca server client stranger; do
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -subj "/CN=$who" -keyout "$who.key" -out "$who.pem" -days 2 2>/dev/null
done
openssl req -new -key client.key -subj /CN=client -out client.csr 2>/dev/null
openssl x509 -req -in client.csr -CA ca.pem -CAkey ca.key -CAcreateserial \
    -days 2 -out client.pem 2>/dev/null
port=$(python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
overtd_start <<END
tls = 127.0.0.1:$port
tls-cert = $folder/server.pem
tls-key = $folder/server.key
tls-client-ca = $folder/ca.pem
END
wait_until grep -q 'overt-tls: ready' overtd.log

# ask WHO BYTES
ask() {
    # shellcheck disable=SC2059 # the bytes are written as printf takes them
    printf "$2" | timeout 30 openssl s_client -quiet \
        -connect "127.0.0.1:$port" \
        -CAfile server.pem -verify_return_error -cert "$1.pem" \
        -key "$1.key" 2>err | tr '\0' '\n'
}

[ "$(ask client 'nPING\n')" = PONG ] || fail "no PONG: $(cat err overtd.log)"
[ "$(ask client "nSCAN $folder/bad\\n")" = \
    "$folder/bad: Test.Eicar.UNOFFICIAL FOUND" ] || fail "$(cat err)"
[ -z "$(ask stranger 'nPING\n')" ] || fail "a stranger is let in"

# A large stream, in many records.
head -c 3000000 /dev/zero >zeros
cat zeros bad >large
python3 - "$folder/large" <<'END' >request
import sys
data = open(sys.argv[1], "rb").read()
out = sys.stdout.buffer
out.write(b"zINSTREAM\0")
for at in range(0, len(data), 50000):
    piece = data[at:at + 50000]
    out.write(len(piece).to_bytes(4, "big") + piece)
out.write(bytes(4))
END
timeout 60 openssl s_client -quiet -connect "127.0.0.1:$port" \
    -cert client.pem -key client.key <request 2>err | tr '\0' '\n' >out
expect_line out "stream: Test.Eicar.UNOFFICIAL FOUND"

# Garbage is not even answered; who comes next is.
head -c 100000 /dev/urandom | python3 -c 'import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
try:
    s.sendall(sys.stdin.buffer.read())
except OSError:
    pass' "$port"
[ "$(ask client 'nPING\n')" = PONG ] || fail "no PONG after garbage"

# It goes with the daemon, and comes again on its own.
# shellcheck disable=SC2154 # lib.sh sets overtd_pid
pkill -KILL -P "$overtd_pid" overt-tls
is_ready_again() {
    [ "$(grep -c 'overt-tls: ready' overtd.log)" -eq 2 ]
}
wait_until is_ready_again
[ "$(ask client 'nPING\n')" = PONG ] || fail "no PONG from the second"
overtd_stop
