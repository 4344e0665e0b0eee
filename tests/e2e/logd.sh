# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# shellcheck disable=SC2154 # names of lib.sh
# For scenarios with a log: after lib.sh.

: "${LOGD:?set LOGD to overt-logd}"
tests=$(dirname "$scenario_path")
python3 -c 'import cryptography' 2>/dev/null || skip "no python3-cryptography"

# logd ARGUMENT...: as overt() of lib.sh.
logd() {
    exit_code=0
    "$LOGD" "$@" >out 2>err || exit_code=$?
}

make_log() {
    logd init log --origin log.example/2026 --no-passphrase
    expect_exit 0
    log_key=$(cat log/log.key.pub)
}

# start_witness NAME [BEHAVIOUR]: it is killed at the end.
start_witness() {
    rm -f "$1.url"
    python3 "$tests/witness.py" . "$1" "$log_key" "${2-good}" 2>"$1.err" &
    eval "witness_$1=$!"
    servers="${servers-} $!"
    wait_until test -s "$1.url"
}

# stop_witness NAME
stop_witness() {
    eval "kill \$witness_$1"
    eval "wait \$witness_$1" || :
}

# make_policy QUORUM NAME...: quorum of that many.
make_policy() {
    {
        echo "log $log_key"
        k=$1
        shift
        for name; do
            echo "witness $name $(cat "$name.key") $(cat "$name.url")"
        done
        echo "group all-of-them $k $*"
        echo "quorum all-of-them"
    } >policy
}

# start_log ARGUMENT...: overt-logd run, until it takes entries.
start_log() {
    rm -f log/socket
    "$LOGD" run log "$@" 2>logd.err &
    log_pid=$!
    servers="${servers-} $log_pid"
    wait_until test -S log/socket
}

stop_log() {
    kill "${1--TERM}" "$log_pid"
    wait "$log_pid" || :
}

# make_entries FIRST LAST: files e.N, each another text.
make_entries() {
    i=$1
    while [ "$i" -le "$2" ]; do
        printf 'log.example/test/v1\nnumber %d\n' "$i" >"e.$i"
        i=$((i + 1))
    done
}

published_size() {
    if [ -e log/log/checkpoint ]; then sed -n 2p log/log/checkpoint; else
        echo 0
    fi
}

# No size was ever signed with two roots.
check_no_fork() {
    cat ./*.seen 2>/dev/null | sort -u | cut -d' ' -f1 | uniq -d >forks
    [ ! -s forks ] || fail "two roots of size $(cat forks)"
}
