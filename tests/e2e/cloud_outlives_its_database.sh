#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # names of lib.sh
# Two nodes of a region behind HAProxy, on one PostgreSQL with a replica that each
# commit waits for. The primary is killed, and a node, while clients submit; the
# replica is promoted: nothing that was acknowledged is lost, receipts are what
# they were, and the log has no fork and no gap.
# Nothing here asks what a disk does: where files are memory, it takes seconds.
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/postgres.sh
. "$(dirname "$0")/postgres.sh"
: "${CLOUD:?set CLOUD to overt-cloud}"
command -v haproxy >/dev/null || skip 'no haproxy (tools/install-deps)'

[ "$(id -u)" -ne 0 ] || chmod 711 "$folder"
postgres_make one
postgres_start one 5432 "-c synchronous_standby_names=two -c max_wal_senders=4"
as_postgres "$postgres_bin/pg_basebackup" -D "$folder/pg/two" -X stream -c fast \
    -R -d "host=$folder/pg port=5432 user=overt application_name=two" \
    >backup.log 2>&1 || fail "pg_basebackup: $(cat backup.log)"
postgres_start two 5433
in_sync() {
    as_postgres psql -X -A -t -h "$folder/pg" -p 5432 -U overt postgres -c \
        "SELECT sync_state FROM pg_stat_replication" | grep -qx sync
}
wait_until in_sync

"$CLOUD" region eu --region eu --jurisdiction XX --operator Test \
    --endpoint http://127.0.0.1:1/ >made.out
store="postgres://overt@/postgres?host=$folder/pg,$folder/pg&port=5432,5433"
store="$store&target_session_attrs=read-write&connect_timeout=2"
# start_node N
start_node() {
    "$CLOUD" submissions eu --listen 127.0.0.1:0 --store "$store" \
        >"node$1" 2>"node$1.err" &
    eval "node$1=$!"
    servers="$servers $!"
    wait_until grep -q '^listening' "node$1"
}
start_node 1
start_node 2

# What docs/cloud.md has, with ports of this test.
port=$(python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
sed "s|192.0.2.1:8443|127.0.0.1:$(sed 's/.* //' node1)|
    s|192.0.2.2:8443|127.0.0.1:$(sed 's/.* //' node2)|
    s|\*:8443|127.0.0.1:$port|" \
    "$(dirname "$scenario_path")/../../etc/haproxy/overt-cloud.cfg" >haproxy.cfg
haproxy -f haproxy.cfg -db >haproxy.log 2>&1 &
servers="$servers $!"
wait_until curl -s -f -o /dev/null "http://127.0.0.1:$port/v1/submissions-log"

# Clients submit until they are told to stop; "acked" is as long as what was
# acknowledged.
python3 "$(dirname "$scenario_path")/submit_load.py" run "$port" eu/manifest \
    acked stop >load.out 2>load.err &
load=$!
servers="$servers $load"
# acked_more N: until so many more are acknowledged.
acked_more() {
    want=$(($(wc -l <acked) + $1))
    wait_until sh -c "[ \"\$(wc -l <acked)\" -ge $want ]"
}
: >>acked
acked_more 40

# The primary's machine is gone, in the middle of everything, and a node's.
as_postgres "$postgres_bin/pg_ctl" -D "$folder/pg/one" -m immediate stop \
    >pg_ctl.log 2>&1 || fail 'the primary lives'
kill -9 "$node2"
as_postgres "$postgres_bin/pg_ctl" -D "$folder/pg/two" -w promote \
    >pg_ctl.log 2>&1 || fail "no promotion: $(cat pg_ctl.log)"
acked_more 40
start_node 3 # in the place of the second: it finds the new primary by itself
touch stop
wait "$load" || fail "$(cat load.err)"

# Each receipt that a client has is the region's, at its place in the log; asked
# of a node that was there all the time, and of one that began after it.
for node in node1 node3; do
    python3 "$(dirname "$scenario_path")/submit_load.py" check \
        "$(sed 's/.* //' $node)" eu/manifest acked 2>err ||
        fail "$node: $(tail -1 err)"
done
