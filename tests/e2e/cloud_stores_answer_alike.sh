#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The control plane's tests give the same on SQLite and on a real PostgreSQL.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/postgres.sh
. "$(dirname "$0")/postgres.sh"
: "${CONTROL_TESTS:?set CONTROL_TESTS to the test programs}"

run_tests() {
    for program in $CONTROL_TESTS; do
        "$program" >>"$1" 2>&1 || fail "$1: $(grep -v OK "$1")"
    done
}

run_tests on_sqlite
postgres_make one
postgres_start one 5432
OV_STORE=$(postgres_url 5432)
export OV_STORE
run_tests on_postgres
cmp -s on_sqlite on_postgres || fail "$(diff on_sqlite on_postgres)"

# They were on PostgreSQL indeed, and left what they made there.
as_postgres psql -X -A -t -h "$folder/pg" -p 5432 -U overt postgres \
    -c 'SELECT COUNT(*) > 10 FROM receipts' >counted
expect_line counted t
as_postgres psql -X -A -t -h "$folder/pg" -p 5432 -U overt postgres \
    -c 'SELECT COUNT(*) > 3 FROM decisions' >counted
expect_line counted t
