#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# squid asks overt-icap about what it gets and what is sent: malware does not
# pass in either direction, everything else arrives unchanged. And c-icap's own
# client.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/icap.sh"

PATH=$PATH:/usr/sbin
command -v squid >/dev/null || skip "no squid"
command -v curl >/dev/null || skip "no curl"

make_rules
mkdir -p site
make_eicar site/bad.com
head -c 40000 /dev/urandom >site/good.bin
overtd_start </dev/null
start_icap

# Where files come from and go to.
cat >origin.py <<'END'
import http.server


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *words):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
END
(cd site && exec python3 ../origin.py) >origin.port &
servers="$servers $!"
wait_until test -s origin.port
origin=http://127.0.0.1:$(cat origin.port)

free_port() {
    python3 -c 'import socket
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

proxy=$(free_port)
# shellcheck disable=SC2154 # icap.sh sets it
cat >squid.conf <<END
http_port 127.0.0.1:$proxy
http_access allow all
cache deny all
pid_filename $folder/squid.pid
cache_log $folder/squid.log
access_log none
coredump_dir $folder
pinger_enable off
shutdown_lifetime 0 seconds
icap_enable on
icap_preview_enable on
icap_persistent_connections on
icap_service ask reqmod_precache bypass=off icap://127.0.0.1:$port/scan
icap_service get respmod_precache bypass=off icap://127.0.0.1:$port/scan
adaptation_access ask allow all
adaptation_access get allow all
END
chmod 777 .
squid -N -f squid.conf 2>squid.err &
servers="$servers $!"
get() {
    code=$(curl -s --noproxy '' -x "http://127.0.0.1:$proxy" -m 60 \
        -o got -w '%{http_code}' "$@") || :
}
is_up() {
    get "$origin/"
    [ "$code" = 200 ]
}
wait_until is_up

get "$origin/good.bin"
[ "$code" = 200 ] || fail "good: $code"
cmp got site/good.bin || fail "what was good came changed"
get "$origin/bad.com"
[ "$code" = 403 ] || fail "malware came with $code"
grep -q Test.Eicar got || fail "the page does not tell why"
get --data-binary @site/bad.com "$origin/"
[ "$code" = 403 ] || fail "malware was sent with $code"
get --data-binary @site/good.bin "$origin/"
[ "$code" = 204 ] || fail "good could not be sent: $code"

command -v c-icap-client >/dev/null || exit 0
c-icap-client -i 127.0.0.1 -p "$port" -s scan -f site/bad.com -v >out 2>&1 ||
    fail "c-icap-client"
grep -q 'X-Virus-ID: Test.Eicar' out || fail "c-icap-client hears no name"
c-icap-client -i 127.0.0.1 -p "$port" -s scan -f site/good.bin -no204 \
    -o echoed 2>&1
cmp echoed site/good.bin || fail "c-icap-client gets other bytes"
