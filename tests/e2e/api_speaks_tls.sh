#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The HTTP API over TLS: for clients that an authority of ours knows, and
# changes for those that are named.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

make_rules
make_eicar eicar
folder=$PWD
for who in ca server stranger admin; do
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -subj "/CN=$who" -addext subjectAltName=IP:127.0.0.1 \
        -keyout "$who.key" -out "$who.pem" -days 2 2>/dev/null
done
mv admin.pem forged.pem # says "admin", but nobody of ours has signed it
mv admin.key forged.key
for who in client admin twice; do
    subject=/CN=$who
    [ "$who" != twice ] || subject=/CN=client/CN=admin
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout "$who.key" -subj "$subject" -out "$who.csr" 2>/dev/null
    openssl x509 -req -in "$who.csr" -CA ca.pem -CAkey ca.key -CAcreateserial \
        -days 2 -out "$who.pem" 2>/dev/null
done
port=$(python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
overtd_start <<END
[api]
socket = $folder/api
admin-socket = $folder/admin.sock
tls = 127.0.0.1:$port
tls-cert = $folder/server.pem
tls-key = $folder/server.key
tls-client-ca = $folder/ca.pem
admin = admin
END
wait_until grep -q 'overt-tls: ready' overtd.log

# ask WHO PATH [OPTION]...: prints the status; the answer is in the file answer.
ask() {
    who=$1 path=$2
    shift 2
    curl -s -m 30 --cacert server.pem --cert "$who.pem" --key "$who.key" \
        -o answer -w '%{http_code}' "$@" "https://127.0.0.1:$port$path" || :
}

[ "$(ask client /v1/status)" = 200 ] || fail "no status: $(cat overtd.log)"
[ "$(ask client /v1/scan --data-binary @eicar)" = 200 ] || fail "no scan"
expect_text answer '"verdict":"detected"'
head -c 20000000 /dev/zero >zeros
cat zeros eicar >large
[ "$(ask client /v1/scan --data-binary @large)" = 200 ] || fail "no large scan"
expect_text answer \
    '{"verdict":"detected","size":20000068,"rule":"Test.Eicar.UNOFFICIAL"'

# Strangers come no further than TLS.
rm -f answer
[ "$(ask stranger /v1/status)" = 000 ] || fail "a stranger is let in"
[ "$(ask forged /v1/status)" = 000 ] || fail "a forged certificate is let in"
curl -s -m 30 --cacert server.pem -o answer \
    "https://127.0.0.1:$port/v1/status" && fail "let in without a certificate"
[ ! -s answer ] || fail "a stranger is answered: $(cat answer)"

# Who is known may look, who is named may change: there is no such item.
purge=/v1/quarantine/0a/purge
[ "$(ask client $purge -X POST)" = 403 ] || fail "$(cat answer)"
[ "$(ask twice $purge -X POST)" = 403 ] || fail "two names are an admin's"
rm -rf state/quarantine
[ "$(ask admin $purge -X POST)" = 404 ] || fail "$(cat answer)"
overtd_stop

# Without an authority the port stays closed.
sed -i /tls-client-ca/d overt.conf
"$OVERTD" --config overt.conf --check 2>err && fail "no fault is found"
expect_text err "is for clients with certificates only"
