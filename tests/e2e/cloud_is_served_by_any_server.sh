#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # names of lib.sh
# The tree is served by overt-cloud, in its jail, and by nginx with the file of
# etc/: both give the same bytes, parts of them, and nothing else.
# Nothing here asks what a disk does: where files are memory, it takes seconds.
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$scenario_path")/publisher.sh"
# shellcheck source=/dev/null
. "$(dirname "$scenario_path")/cloud.sh"

make_instance solo
must_cloud init C --instance DIR
python3 "$check" truth 2000 >first
: >truth
say first
must_cloud build C
echo "$(hash_of new) malicious" >second
say second
must_cloud delta C

"$CLOUD" serve C --listen 127.0.0.1:0 >serve.out 2>serve.err &
pid=$!
servers="${servers-} $pid"
wait_until test -s serve.out
port=$(sed -n 's/.* port //p' serve.out)
must_hold serve "http://127.0.0.1:$port" C/tree

# It can read the tree, and no other file; it takes no other method.
grep -q '^Seccomp:.2' "/proc/$pid/status" || fail 'it has no filter'
grep -q '^NoNewPrivs:.1' "/proc/$pid/status" || fail 'it may gain rights'
ln -s /etc/passwd C/tree/v1/link
code=$(curl -s -o body -w '%{http_code}' "http://127.0.0.1:$port/v1/link")
[ "$code" = 404 ] || fail "a link out of the tree is followed: $code"
rm C/tree/v1/link
code=$(curl -s -o body -w '%{http_code}' --data x \
    "http://127.0.0.1:$port/v1/head")
[ "$code" = 405 ] || fail "POST gets $code"
curl -s -I "http://127.0.0.1:$port/v1/head" | tr -d '\r' >headers
expect_line headers 'HTTP/1.1 200 OK'
expect_line headers 'Cache-Control: max-age=60'
curl -s -I "http://127.0.0.1:$port/v1/snap/1/statement" | tr -d '\r' >headers
expect_line headers 'Cache-Control: public, max-age=31536000, immutable'

# A new epoch is there at once.
must_cloud build C
must_hold serve "http://127.0.0.1:$port" C/tree
kill "$pid"
wait "$pid" || fail 'it does not end well'

command -v nginx >/dev/null || skip 'no nginx'
port=$(python3 -c '
import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
mkdir nginx
{
    echo 'daemon off; pid nginx/pid; error_log nginx/error;'
    echo 'events {}'
    echo 'http { access_log off; client_body_temp_path nginx/a;'
    echo 'proxy_temp_path nginx/b; fastcgi_temp_path nginx/c;'
    echo 'uwsgi_temp_path nginx/d; scgi_temp_path nginx/e;'
    sed "s|/var/lib/overt-cloud/tree|$folder/C/tree|
        s|listen .*;|listen 127.0.0.1:$port;|" \
        "$(dirname "$scenario_path")/../../etc/nginx/overt-cloud.conf"
    echo '}'
} >nginx/conf
chmod -R a+rX .
nginx -p "$folder/" -c nginx/conf 2>nginx/err &
servers="${servers-} $!"
wait_until curl -s -o /dev/null "http://127.0.0.1:$port/v1/head"
must_hold serve "http://127.0.0.1:$port" C/tree
curl -s -I "http://127.0.0.1:$port/v1/snap/1/statement" | tr -d '\r' >headers
expect_line headers 'Cache-Control: public, max-age=31536000, immutable'
curl -s -I "http://127.0.0.1:$port/v1/head" | tr -d '\r' >headers
expect_line headers 'Cache-Control: max-age=60'
