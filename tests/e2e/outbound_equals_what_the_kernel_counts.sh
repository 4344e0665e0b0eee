#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# In a network of its own the packet filter's counters are the outbound ledger's
# sums, to the byte: IP's bytes less the headers of IP and TCP
# (docs/protocol-outbound.md). The filter counts each length of TCP's header for
# itself, so headers can be taken away exactly.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

: "${MAKE_REPO:?set MAKE_REPO to the test program}"
tests=$(dirname "$(readlink -f "$scenario_path")")
command -v nft >/dev/null || skip "no nft"
if [ "${1-}" != inside ]; then
    unshare -n true 2>/dev/null || skip "may not have a network of its own"
    trap - EXIT
    cd /
    rm -rf "$folder"
    exec unshare -n "$scenario_path" inside
fi
ip link set lo up
# On a busy machine an answer may come so late that what was heard is sent once
# more: the filter would count that, and no socket.
sysctl -qw net.ipv4.tcp_early_retrans=0 2>err || skip "may not set TCP's times"
ip route change local 127.0.0.0/8 dev lo table local rto_min 30s 2>err ||
    skip "may not set TCP's times"

now=$(date +%s)
"$MAKE_REPO" good 2 $((now - 300))
"$MAKE_REPO" new 3 "$now"
openssl req -x509 -newkey ed25519 -nodes -subj /CN=localhost -keyout key.pem \
    -out cert.pem 2>err || fail "openssl makes no certificate"
cat key.pem cert.pem >both.pem
python3 "$tests/mirror.py" . &
servers=$!
python3 "$tests/mirror.py" . tls-port both.pem &
servers="$servers $!"
wait_until test -e port
wait_until test -e tls-port
port=$(cat port)
tls=$(cat tls-port)

{
    echo 'table ip count {'
    for words in 5 6 7 8 9 10 11 12 13 14 15; do
        echo "counter up$words { }; counter down$words { };"
    done
    echo 'chain out { type filter hook output priority 0;'
    for words in 5 6 7 8 9 10 11 12 13 14 15; do
        echo "tcp dport { $port, $tls } tcp doff $words counter name up$words"
        echo "tcp sport { $port, $tls } tcp doff $words counter name down$words"
    done
    echo '}'
    echo '}'
} >rules
nft -f rules 2>err || skip "no packet filter"

# TCP's payload one way: IP's bytes less 20 for its header, less TCP's.
payload() {
    nft list counters table ip count | awk -v way="$1" '
        $1 == "counter" { name = $2 }
        $1 == "packets" && index(name, way) == 1 {
            words = substr(name, length(way) + 1)
            sum += $4 - $2 * (20 + 4 * words)
        }
        END { print sum + 0 }'
}

# The ledger's number of that name.
ledger() {
    "$OVERT" --state state outbound verify --json |
        sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"
}

expect_equal_up() {
    [ "$(ledger up)" -eq "$(payload up)" ] ||
        fail "$1: up: $(ledger up) in the ledger, $(payload up) counted"
    [ "$(ledger requests)" -eq "$(ledger results)" ] || fail "$1: no result"
}

expect_equal() {
    expect_equal_up "$1"
    [ "$(ledger down)" -eq "$(payload down)" ] ||
        fail "$1: down: $(ledger down) in the ledger, $(payload down) counted"
}

at=http://127.0.0.1:$port
overt --state state update --from "$at/plain/good" --root good/1.root.json
expect_exit 0
expect_equal 'a first update'
overt --state state update --from "$at/plain/new"
expect_exit 0
expect_equal 'an update'
overt --state state update --from "https://localhost:$tls/plain/new"
expect_exit 3
expect_equal 'a certificate of nobody'
# One that is vouched for.
mkdir -p certs
cp cert.pem certs/ca-certificates.crt
if mount --bind certs /etc/ssl/certs 2>/dev/null; then
    overt --state state update --from "https://localhost:$tls/plain/new"
    umount /etc/ssl/certs
    expect_exit 0
    expect_equal 'TLS'
    wanted=$(openssl x509 -in cert.pem -outform DER | sha256sum | cut -c -64)
    "$OVERT" --state state outbound list --json >rows
    expect_text rows "\"certificate\":\"$wanted\""
fi
# Servers that are broken or lie. What one sends on after we have hung up has no
# socket any more that would count it.
for how in elsewhere broken gzip short chatter endless announced; do
    overt --state state update --from "$at/$how"
    expect_equal_up "a mirror that is $how"
    [ "$(ledger down)" -le "$(payload down)" ] || fail "$how: more than came"
done
[ "$(ledger up)" -gt 2000 ] || fail "there was no traffic"
[ "$(ledger unknown)" -eq 0 ] || fail "something was not counted"
