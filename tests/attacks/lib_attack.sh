# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh and the scenarios
# For attacks on overt update: a machine ("before") that has release 2 of a
# publisher's repository ("good"), and words to say what an attack must end in.
# shellcheck source=/dev/null
. "$(dirname "$0")/../e2e/lib.sh"

: "${MAKE_REPO:?set MAKE_REPO to the test program}"
here=$(dirname "$scenario_path")
now=$(date +%s)
with=

# update [FROM]...: $state, with the words of $with before overt.
update() {
    exit_code=0
    sources=
    for place in "$@"; do sources="$sources --from $place"; done
    # shellcheck disable=SC2086 # words
    $with "$OVERT" --state "$state" update $sources --json >out 2>err ||
        exit_code=$?
}

result() {
    sed -n 's/.*"result":"\([^"]*\)".*/\1/p' out
}

# A machine as it was before the attack: $state.
fresh_state() {
    rm -rf state
    cp -a before state
    state=state
}

# The old rules still find what they found.
expect_still_scanning() {
    exit_code=0
    "$OVERT" --state "$state" scan eicar >scan.out 2>scan.err || exit_code=$?
    [ "$exit_code" -eq 1 ] || fail "$1: the scan exits with $exit_code"
    grep -qF Test.Eicar scan.out || fail "$1: the scan finds nothing"
}

# expect_refused NAME WORD CODE: of the last update; release 2 stays.
expect_refused() {
    [ "$(result)" = "$2" ] || fail "$1: not $2: $(cat out err)"
    [ "$exit_code" -eq "$3" ] || fail "$1: exit code $exit_code, not $3"
    [ "$(readlink "$state/current")" = releases/2 ] || fail "$1: installed"
    expect_still_scanning "$1"
}

# The last update took release 3.
expect_updated() {
    [ "$(result)" = none ] || fail "$1: $(cat out err)"
    [ "$(readlink "$state/current")" = releases/3 ] || fail "$1: not installed"
    expect_still_scanning "$1"
}

# serve FOLDER [PATTERN=HOW]...: a mirror; its address is $mirror.
serve() {
    rm -f port
    python3 "$here/hostile.py" "$1" port $2 ${3-} &
    server=$!
    servers="${servers-} $server"
    wait_until test -e port
    mirror=http://127.0.0.1:$(cat port)
}

stop_serving() {
    kill "$server" 2>/dev/null || :
    wait "$server" 2>/dev/null || :
    servers=
}

"$MAKE_REPO" good 2 $((now - 300))
"$MAKE_REPO" new 3 "$now"
make_eicar eicar
exit_code=0
"$OVERT" --state before update --from good --root good/1.root.json \
    >out 2>err || fail "the good one is refused: $(cat out err)"
