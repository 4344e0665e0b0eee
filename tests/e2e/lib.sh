# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For end-to-end scenarios: a private folder, a private cache, and words to say
# what must hold. OVERT is the command under test. The folder is kept, and
# named, if the scenario fails.
set -eu

: "${OVERT:?set OVERT to the overt command}"
scenario_path=$(readlink -f "$0")
scenario=$(basename "$0" .sh)
folder=$(mktemp -d "${TMPDIR:-/tmp}/overt-$scenario.XXXXXX")
chmod 755 "$folder"
XDG_CACHE_HOME=$folder/cache
export XDG_CACHE_HOME
mkdir -m 700 "$XDG_CACHE_HOME"
cd "$folder"

finish() {
    code=$?
    trap - EXIT
    # shellcheck disable=SC2086 # process numbers
    [ -z "${servers-}" ] || kill $servers 2>/dev/null || :
    cd /
    if [ "$code" -eq 0 ]; then
        rm -rf "$folder"
        echo "ok $scenario"
    elif [ "$code" -eq 77 ]; then
        rm -rf "$folder"
    else
        echo "not ok $scenario: look into $folder" >&2
        tail -n 20 out err >&2 2>/dev/null || :
    fi
    exit "$code"
}
trap finish EXIT

fail() {
    echo "$scenario: $*" >&2
    exit 1
}

skip() {
    echo "skipped: $*"
    exit 77
}

# Runs overt; its output goes to the files out and err, its exit code to
# $exit_code.
overt() {
    exit_code=0
    "$OVERT" "$@" >out 2>err || exit_code=$?
}

expect_exit() {
    [ "$exit_code" -eq "$1" ] || fail "exit code $exit_code instead of $1"
}

# expect_line FILE TEXT: a line of FILE is exactly TEXT.
expect_line() {
    grep -qxF -- "$2" "$1" || fail "$1 has no line: $2"
}

# expect_text FILE TEXT: TEXT is somewhere in FILE.
expect_text() {
    grep -qF -- "$2" "$1" || fail "$1 does not say: $2"
}

expect_no_text() {
    if grep -qF -- "$2" "$1"; then fail "$1 says: $2"; fi
}

# As overt, but goes on while it runs: its process is $overt_pid.
overt_start() {
    "$OVERT" "$@" >out 2>err &
    overt_pid=$!
}

# The end of what overt_start began.
overt_wait() {
    exit_code=0
    wait "$overt_pid" || exit_code=$?
}

# wait_until COMMAND...: until it succeeds, for half a minute at most.
wait_until() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] || fail "never came true: $*"
        sleep 0.05
    done
}

# Whether a worker of $overt_pid is scanning this (large, so mapped) file; it
# is $worker_pid then.
is_scanning() {
    for worker_pid in $(pgrep -P "$overt_pid" overt-worker); do
        grep -qF -- "$1" "/proc/$worker_pid/maps" 2>/dev/null && return 0
    done
    return 1
}

# map_start FILE BAD: a process makes FILE harmless through a mapping, and keeps
# that; map_write: it writes what BAD holds there; map_stop: it ends.
map_start() {
    mkfifo map.in
    python3 "$(dirname "$scenario_path")/map.py" "$1" "$2" <map.in >map.out &
    map_pid=$!
    exec 8>map.in
    wait_until grep -q ready map.out
}
map_write() {
    echo >&8
    wait_until grep -q written map.out
}
map_stop() {
    exec 8>&-
    wait "$map_pid"
}

# A file that takes a while, though it takes no room: mapped, not read.
make_large() {
    truncate -s "${2:-4G}" "$1"
}

# Whether a file's last change is long enough ago for the cache to note it.
is_settled() {
    [ $(($(date +%s) - $(stat -c %Z "$1"))) -gt 3 ]
}

# The standard test file, put together here so that this file is not one.
make_eicar() {
    printf '%s%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-' \
        'STANDARD-ANTIVIRUS-TEST-FILE!$H+H*' >"$1"
}

# rules/test.ndb finds it anywhere in a file.
make_rules() {
    mkdir -p rules
    printf 'Test.Eicar:0:*:%s%s\n' \
        58354f2150254041505b345c505a58353428505e2937434329377d2445494341522d \
        5354414e44415244 >rules/test.ndb
}

# An overtd of the scenario's own, with the rules in rules/ and a socket named
# clamd.sock; its process is $overtd_pid. Standard input has more lines for
# overt.conf, in or behind its section [clamd].
overtd_start() {
    : "${OVERTD:?set OVERTD to the daemon}"
    {
        echo "[scan]"
        echo "rules = $folder/rules"
        echo "state = $folder/state"
        echo "[daemon]"
        echo "control = $folder/control"
        echo "workers = 2"
        echo "[clamd]"
        echo "socket = $folder/clamd.sock"
        cat
    } >overt.conf
    mkdir -p -m 700 state
    chmod 600 overt.conf
    "$OVERTD" --config "$folder/overt.conf" 2>overtd.log &
    overtd_pid=$!
    servers="${servers-} $overtd_pid"
    wait_until grep -q 'overtd: ready' overtd.log
}

overtd_stop() {
    kill "$overtd_pid"
    exit_code=0
    wait "$overtd_pid" || exit_code=$?
    servers=
    expect_exit 0
}

# Sends bytes, written as printf takes them, to the daemon, and prints what it
# answers until it closes; NULs become line ends.
clamd_ask() {
    python3 "$(dirname "$scenario_path")/clamd_ask.py" "$folder/clamd.sock" \
        "$@" | tr '\0' '\n'
}

# expect_answer BYTES ANSWER: the whole of it.
expect_answer() {
    printf '%b' "$2" >wanted
    clamd_ask "$1" >answer
    cmp -s wanted answer ||
        fail "to $1 the answer is not $2 but $(cat answer)"
}

# As overt: clamdscan, by the file clamd.conf.
clamdscan_here() {
    exit_code=0
    clamdscan --config-file=clamd.conf --no-summary "$@" >out 2>err ||
        exit_code=$?
}
