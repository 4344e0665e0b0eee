#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# The outbound ledger has each request before the server sees it; where it
# cannot be written nothing is sent; what was changed in it is found; a crash
# costs no more than the line that was being written.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

: "${MAKE_REPO:?set MAKE_REPO to the test program}"
tests=$(dirname "$(readlink -f "$scenario_path")")
now=$(date +%s)
"$MAKE_REPO" good 2 $((now - 300))
python3 "$tests/mirror.py" . &
servers=$!
wait_until test -e port
at=http://127.0.0.1:$(cat port)

outbound() {
    overt --state state outbound "$@"
}

# What needs no network needs no ledger.
overt --state none update --from good --root good/1.root.json
expect_exit 0
[ ! -e none/outbound ] || fail "a ledger of nothing"
overt --state none outbound verify
expect_exit 0
expect_line out 'Nothing was ever sent from here.'
overt --state none outbound list
expect_exit 0
[ ! -s out ] || fail "lists something"

# Each request that the server saw is there, and no other.
overt --state state update --from "$at/plain/good" --root good/1.root.json
expect_exit 0
outbound list --json
grep -o '"method":"GET","path":"[^"]*"' out | cut -d '"' -f 8 >told
sed -n 's/^GET \([^ ]*\) .*/\1/p' requests >seen
cmp told seen || fail "the ledger has other requests than the server"
outbound verify --json
expect_exit 0
head=$(sed -n 's/.*"head":"\([^"]*\)".*/\1/p' out)
[ "$(wc -l <seen)" -gt 5 ] || fail "only $(wc -l <seen) requests"
expect_text out "\"requests\":$(wc -l <seen),\"results\":$(wc -l <seen),"
[ "$(stat -c %a state/outbound)" = 700 ] || fail "others may read it"
outbound show 1
expect_text out 'GET'
outbound explain 1
expect_text out 'the same for everybody'
outbound show 99999
expect_exit 2
outbound list --last 1
[ "$(wc -l <out)" -eq 1 ] || fail "more than the last"

# It is there before the server hears of it, also if all end before an answer.
rm requests
"$OVERT" --state state update --from "$at/silent" >out 2>err &
update=$!
wait_until test -s requests
outbound list --last 1
expect_text out "$at/silent"
kill -9 "$update"
wait "$update" || :
outbound verify
expect_exit 0
expect_text out '1 requests have no result'

# A live view.
"$OVERT" --state state outbound --follow >live 2>err &
servers="$servers $!"
wait_until test -d "/proc/$!/fd"
is_live() {
    overt --state state update --from "$at/broken"
    grep -q broken live
}
wait_until is_live

# The noted head is still in it; what was changed is found.
outbound verify --head "$head"
expect_exit 0
cp -a state before
changed() {
    outbound verify
    expect_exit 1
    expect_text out "$1"
    rm -rf state
    cp -a before state
}
file=state/outbound/000000000001.jsonl
sed -i '3s/GET/PUT/' "$file"
changed 'BAD line 4'
sed -i 3d "$file"
changed 'BAD line 4'
sed -i '3s/.*/nonsense/' "$file"
changed 'BAD line 3: is no line of a ledger'
sed -i '$d' "$file"
outbound verify
expect_exit 0 # nothing is behind it that would tell
rm -rf state
cp -a before state
n=${head%%:*}
sed -i "$n,\$d" "$file"
outbound verify --head "$head"
expect_exit 1

# An end that a crash tore off.
rm -rf state
cp -a before state
printf '{"seq":' >>"$file"
outbound verify
expect_exit 0
expect_text out 'torn line'
overt --state state update --from "$at/plain/good"
expect_exit 0
outbound verify
expect_exit 0
expect_text out 'a crash had torn off the end'
outbound list
expect_text out 'repair'

# No ledger, no request.
rm -f requests
rm -rf state/outbound
: >state/outbound
overt --state state update --from "$at/plain/good"
expect_exit 2
expect_text err 'outbound ledger'
[ ! -e requests ] || fail "sent without a line in the ledger"
rm -rf state
cp -a before state
mv "$file" kept
mkdir "$file"
overt --state state update --from "$at/plain/good"
[ "$exit_code" -ne 0 ] || fail "an update without a ledger"
[ ! -e requests ] || fail "sent without a line in the ledger"
