#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # names of lib.sh
# A region is administered over TLS by those whose certificate is signed and
# named, and by nobody else; what they set counts at once, and is told.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/cloud_regions.sh"

make_rules
region_start eu
"$CLOUD" manifest eu >keys
trust_publisher
log_keys keys

# self NAME: a certificate that only itself vouches for.
self() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -subj "/CN=$1" -addext subjectAltName=IP:127.0.0.1 \
        -keyout "$1.key" -out "$1.pem" -days 2 2>/dev/null
}
for who in ca server ann; do self "$who"; done
mv ann.pem forged.pem # says "ann", but nobody of ours has signed it
mv ann.key forged.key
for who in ann bob old; do
    days=2
    [ "$who" != old ] || days=0
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout "$who.key" -subj "/CN=$who" -out "$who.csr" 2>/dev/null
    openssl x509 -req -in "$who.csr" -CA ca.pem -CAkey ca.key -CAcreateserial \
        -days $days -out "$who.pem" 2>/dev/null
done
cat >eu/admin.conf <<END
[admin]
listen = 127.0.0.1:0
cert = $folder/server.pem
key = $folder/server.key
client-ca = $folder/ca.pem
admin = ann
admin = old
END
"$CLOUD" admin eu 2>admin.err &
admin=$!
servers="$servers $admin"
wait_until grep -q 'overt-tls: ready' admin.err
port=$(sed -n 's/.*(port \([0-9]*\)).*/\1/p' admin.err)

# ask WHO PATH [OPTION]...: prints the status; the answer is in the file answer.
ask() {
    who=$1 path=$2
    shift 2
    rm -f answer
    curl -s -m 30 --cacert server.pem --cert "$who.pem" --key "$who.key" \
        -o answer -w '%{http_code}' "$@" "https://127.0.0.1:$port$path" || :
}

# must CODE ASK...
must() {
    code=$1
    shift
    got=$(ask "$@")
    [ "$got" = "$code" ] || fail "$* got $got: $(cat answer admin.err)"
}

must 200 ann /v1/status
expect_line answer '{"region":"eu","kept":0,"kept_bytes":0,"deleted":0,"to_analyse":0,"tenants":1,"receipts":0}'
must 200 ann /v1/tenants/lab -X PUT \
    -d '{"count":7,"bytes":70000,"token":"a long random word"}'
must 200 ann /v1/tenants/lab -X PUT -d '{"count":8,"bytes":70000}'
must 200 ann /v1/tenants/lab
expect_line answer '{"name":"lab","count":8,"bytes":70000,"used_count":0,"used_bytes":0}'
must 200 ann /v1/tenants
expect_text answer '{"name":"lab",'
expect_text answer '{"name":"public",'
if grep -rq 'a long random word' answer admin.err eu; then fail 'a token is told'; fi
expect_line admin.err 'overt-cloud: admin: ann set tenant lab'

# What is wrong is refused, and changes nothing.
must 409 ann /v1/tenants/other -X PUT \
    -d '{"count":1,"bytes":1,"token":"a long random word"}'
must 404 ann /v1/tenants/other -X PUT -d '{"count":1,"bytes":1}'
must 404 ann /v1/tenants/other -X DELETE
must 404 ann /v1/tenants/
must 404 ann /v1/submissions-log
must 405 ann /v1/status -X POST -d x
must 400 ann /v1/tenants/a%20b -X PUT -d '{"count":1,"bytes":1,"token":"b"}'
must 400 ann /v1/tenants/public -X PUT -d '{"count":1,"bytes":1,"token":"b"}'
for wrong in '' '{' '[]' '{"count":1}' '{"count":-1,"bytes":1}' \
    '{"count":1,"bytes":1.5}' '{"count":1,"bytes":1,"tokn":"b"}' \
    '{"count":1,"bytes":1,"token":""}' '{"count":1,"bytes":1,"token":7}'; do
    must 400 ann /v1/tenants/lab -X PUT -d "$wrong"
done
head -c 20000 /dev/zero | tr '\0' ' ' >large
must 413 ann /v1/tenants/lab -X PUT --data-binary @large
must 200 ann /v1/tenants/lab
expect_text answer '"count":8'

# Strangers come no further than TLS; who is signed and not named, no further
# than the door.
for who in forged old bob; do
    must 000 "$who" /v1/status
    [ ! -s answer ] || fail "$who is answered: $(cat answer)"
done
curl -s -m 30 --cacert server.pem -o answer "https://127.0.0.1:$port/v1/status" &&
    fail 'let in without a certificate'
curl -s -m 30 -o answer "http://127.0.0.1:$port/v1/status" &&
    fail 'let in without TLS'
# The socket behind the door speaks to the door only.
[ "$(stat -c %a eu/state/admin)" = 600 ] || fail 'the socket is open to others'
curl -s -m 30 --unix-socket eu/state/admin -o answer http://x/v1/status &&
    fail 'HTTP without a name is answered'
must 200 ann /v1/status

# The quota that is set counts with the next submission.
must 200 ann /v1/tenants/public -X PUT -d '{"count":1,"bytes":1000000}'
make_bad_program program
submit eu --mode auto --auto program program
expect_exit 0
make_bad_program second 2
submit eu --mode auto --auto program second
expect_exit 2
expect_text eu.err 'the quota of the day is used up'
must 200 ann /v1/tenants/public
expect_text answer '"used_count":1,'
must 200 ann /v1/tenants/lab -X DELETE
must 404 ann /v1/tenants/lab
"$CLOUD" tenant eu >listed
grep -q '^public: 1 of 1, ' listed || fail "$(cat listed)"
[ "$(wc -l <listed)" -eq 1 ] || fail "more is listed: $(cat listed)"

# Both processes are jailed; one ends with the other.
door=$(pgrep -P "$admin")
for pid in $admin $door; do
    grep -q '^Seccomp:.2' "/proc/$pid/status" || fail "$pid has no filter"
done
kill "$admin"
wait "$admin" || fail 'it does not end well'
wait_until sh -c "! kill -0 $door 2>/dev/null"

# Without an authority, or anybody who may come in, nothing is served.
sed -i /client-ca/d eu/admin.conf
"$CLOUD" admin eu 2>admin.err && fail 'it serves without an authority'
expect_text admin.err 'needs listen, cert, key, client-ca and admin'
