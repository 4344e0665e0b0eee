#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# What hostile and broken servers do to overt-fetch: it ends each at its limit,
# says why, and goes on with the next. Folders and bundles give the same bytes.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

: "${GET:?set GET to the test program}"
tests=$(dirname "$(readlink -f "$scenario_path")")
# As installed: helpers are found from the place of the program.
mkdir -p bin lib/overt tree/metadata
cp "$GET" bin/get
cp "$(dirname "$(dirname "$OVERT")")/fetch/overt-fetch" lib/overt/
echo hello >tree/metadata/file
python3 "$tests/mirror.py" tree &
servers=$!
wait_until test -e port
at=http://127.0.0.1:$(cat port)

get() {
    bin/get "$@" >out 2>err || fail "get $*"
}

# Slow data takes its time: meanwhile the others.
bin/get 1000000 file "$at/slow" >slow 2>&1 &
slow=$!

get 100 metadata/file "$at/plain" "http://localhost:$(cat port)/plain/"
[ "$(grep -c '^ok, 6: $' out)" -eq 2 ] || fail "a plain file does not come"
cmp got tree/metadata/file
get 6 metadata/file "$at/plain"
expect_line out 'ok, 6: '
get 5 metadata/file "$at/plain"
expect_line out 'size limit reached, 0: more bytes than the file may have'
get 100 metadata/none "$at/plain"
expect_line out 'not found, 0: the server answered 404'
get 100 file "$at/forbidden"
expect_line out 'not found, 0: the server answered 403'
get 100 file "$at/broken"
expect_line out 'input/output error, 0: the server answered 500'
get 100000 file "$at/endless"
expect_line out 'size limit reached, 0: more bytes than the file may have'
get 100000 file "$at/announced"
expect_line out 'size limit reached, 0: more bytes than the file may have'
get 100000 file "$at/short"
expect_text out 'truncated, 0: '
get 100000 file "$at/elsewhere"
expect_text out 'the server sends us elsewhere, and we do not go'
get 100000 file "$at/gzip"
expect_text out 'compresses though it was asked not to'
get 100000 file "$at/chatter"
expect_text out "the server's header has no end"
get 100000 file http://127.0.0.1:1
expect_text out 'input/output error, 0: '
get 100000 file http://no-such-host.invalid
expect_text out 'cannot be looked up'
get 100 metadata/file "$at/broken" http://127.0.0.1:1 "$at/chatter" "$at/plain"
[ "$(tail -n 1 out)" = 'ok, 6: ' ] || fail "the last mirror was not used"

# TLS, by somebody whom nobody vouches for.
openssl req -x509 -newkey ed25519 -nodes -subj /CN=localhost -keyout key.pem \
    -out cert.pem 2>err || fail "openssl makes no certificate"
cat key.pem cert.pem >both.pem
python3 "$tests/mirror.py" tree tls-port both.pem &
servers="$servers $!"
wait_until test -e tls-port
get 100 metadata/file "https://localhost:$(cat tls-port)/plain"
expect_text out 'input/output error, 0: '
expect_text out 'certificate'

# Paths are the judge's: they never leave the place.
for path in ../tree/metadata/file /etc/passwd metadata/../metadata/file \
    'a?b' 'a b' .hidden metadata/ '%2e%2e/x'; do
    get 100 "$path" "$at/plain" tree
    [ "$(grep -c '^wrong use' out)" -eq 2 ] || fail "took the path $path"
done

# All clients look alike, and nothing is remembered.
get 100 file "$at/cookie" "$at/cookie"
grep -v -e '^GET ' -e '^Host: 127' -e '^Host: localhost' -e '^User-Agent: overt$' \
    -e '^Accept: \*/\*$' -e '^Accept-Encoding: identity$' -e '^$' requests |
    grep . && fail "a request says more than it must"

# Folders and bundles.
ln -s /etc/passwd tree/metadata/link
mkfifo tree/metadata/pipe
get 100 metadata/file tree "file://$folder/tree"
[ "$(grep -c '^ok, 6: $' out)" -eq 2 ] || fail "a folder gives nothing"
for path in metadata/link metadata/pipe metadata none; do
    get 100 "$path" tree
    expect_no_text out 'ok, '
done
rm tree/metadata/pipe tree/metadata/link
for format in ustar gnu; do
    tar -C tree --format=$format -cf "$format.tar" .
    get 100 metadata/file "$format.tar"
    expect_line out 'ok, 6: '
    cmp got tree/metadata/file
    get 5 metadata/file "$format.tar"
    expect_text out 'size limit reached'
    head -c 1540 "$format.tar" >cut.tar
    get 100 metadata/file cut.tar
    expect_no_text out 'ok, '
done

wait "$slow"
expect_text slow 'timed out, 0: '
