# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# A PostgreSQL of the scenario's own, behind a UNIX socket in its folder. Sourced
# behind lib.sh.

postgres_bin=
for postgres_bin in /usr/lib/postgresql/*/bin; do :; done
[ -x "$postgres_bin/initdb" ] || skip "no PostgreSQL (tools/install-deps)"

# PostgreSQL refuses to be root.
as_postgres() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid=postgres --regid=postgres --clear-groups \
            env HOME="$folder/pg" LC_ALL=C.UTF-8 "$@"
    else
        LC_ALL=C.UTF-8 "$@"
    fi
}

# Where its data and its socket are; a folder that its user owns.
postgres_make() {
    mkdir -p "$folder/pg"
    [ "$(id -u)" -ne 0 ] || chown postgres: "$folder/pg"
    as_postgres "$postgres_bin/initdb" -D "$folder/pg/$1" -U overt -A trust \
        --no-sync >initdb.log 2>&1 || fail "initdb: $(tail -1 initdb.log)"
}

# postgres_start NAME PORT [OPTION]...: no TCP, only the socket of that port.
postgres_start() {
    as_postgres "$postgres_bin/pg_ctl" -D "$folder/pg/$1" -w -t 60 \
        -l "$folder/pg/$1.log" -o \
        "-c listen_addresses= -c unix_socket_directories=$folder/pg -p $2 ${3-}" \
        start >pg_ctl.log 2>&1 || fail "pg_ctl: $(tail -3 "$folder/pg/$1.log")"
    servers="${servers-} $(head -1 "$folder/pg/$1/postmaster.pid")"
}

# What writes into the folder must have ended before that is removed: a postmaster
# takes postmaster.pid away when its processes are gone.
finish_postgres() {
    code=$?
    trap - EXIT
    # shellcheck disable=SC2086 # process numbers
    [ -z "${servers-}" ] || kill $servers 2>/dev/null || :
    for pid_file in "$folder"/pg/*/postmaster.pid; do
        tries=0
        while [ -e "$pid_file" ] && [ "$tries" -lt 200 ]; do
            tries=$((tries + 1))
            sleep 0.05
        done
    done
    set +e
    (exit "$code")
    finish
}
trap finish_postgres EXIT

# postgres_url PORT [DATABASE]
postgres_url() {
    echo "postgres://overt@/${2-postgres}?host=$folder/pg&port=$1"
}
