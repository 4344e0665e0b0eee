#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# A repository with one fault after the other: each is refused with its own word
# and exit code, and the installed rules stay in use.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

: "${MAKE_REPO:?set MAKE_REPO to the test program}"
now=$(date +%s)
"$MAKE_REPO" good 2 $((now - 300))
make_eicar eicar

# update FROM...: with the state of $state.
update() {
    exit_code=0
    sources=
    for place in "$@"; do sources="$sources --from $place"; done
    # shellcheck disable=SC2086 # words
    "$OVERT" --state "$state" update $sources ${more-} --json >out 2>err ||
        exit_code=$?
}

result() {
    sed -n 's/.*"result":"\([^"]*\)".*/\1/p' out
}

# refuses FAULT WORD CODE: on top of the good repository.
refuses() {
    rm -rf bad state
    cp -r before state
    state=state
    "$MAKE_REPO" bad 3 "$now" "$1"
    update bad
    [ "$(result)" = "$2" ] || fail "$1: $(cat out err)"
    [ "$exit_code" -eq "$3" ] || fail "$1: exit code $exit_code"
    [ "$(readlink state/current)" = releases/2 ] || fail "$1: installed"
    overt --state state scan eicar
    expect_exit 1
    expect_text out Test.Eicar
}

state=before
more='--root good/1.root.json'
update good
[ "$(result)" = none ] || fail "the good one is refused: $(cat out err)"
more=

# A machine that is not among the first in a hundred.
printf 00112233445566778899aabbccddeeff >before/rollout-id

refuses expired expired 3
refuses ahead fast-forward 1
refuses forged not-signed 1
refuses one-root-key root-not-signed 1
refuses root-unlogged root-not-logged 1
refuses threshold-0 malformed 1
refuses same-key-twice not-signed 1
refuses policy-unlogged policy-not-logged 1
refuses unlogged not-logged 1
refuses borrowed not-logged 1
refuses wrong-log wrong-log 1
refuses one-witness too-few-witnesses 1
refuses old-witnesses witnesses-stale 3
refuses forked split-view 1
[ "$(find state/evidence -type f | wc -l)" -eq 2 ] || fail "no evidence is kept"
refuses one-builder builders 1
refuses wrong-chain release-chain 1
refuses wrong-image image-differs 1
refuses wrong-root rules-differ 1
refuses no-eicar self-test 1
update bad
[ "$(result)" = known-bad ] || fail "a bad release is tried again"
refuses alarms self-test 1
refuses slow-roll-out roll-out 0
refuses recalled recalled 1

# What is no fault, or one that the next best thing makes up for.
for fault in root-2 policy-2 no-delta wrong-delta no-consistency; do
    rm -rf bad state
    cp -r before state
    state=state
    "$MAKE_REPO" bad 3 "$now" "$fault"
    update bad
    [ "$(result)" = none ] || fail "$fault: $(cat out err)"
    [ "$(readlink state/current)" = releases/3 ] || fail "$fault"
    overt --state state scan eicar
    expect_exit 1
done

# An older state of the same repository.
"$MAKE_REPO" older 1 $((now - 600))
rm -rf state
cp -r before state
update older
[ "$(result)" = rollback ] || fail "rollback: $(cat out err)"
expect_exit 1

# Nobody there; then one mirror that is stale, and one that is not.
"$MAKE_REPO" new 3 "$now"
update http://127.0.0.1:1
[ "$(result)" = unreachable ] || fail "unreachable: $(cat out err)"
expect_exit 3
for i in 1 2 3 4; do
    rm -rf state
    cp -r before state
    update good new older
    [ "$(readlink state/current)" = releases/3 ] || fail "frozen: $(cat out)"
done

# A bundle.
rm -rf state
cp -r before state
tar -C new --format=ustar -cf new.tar .
update new.tar
[ "$(readlink state/current)" = releases/3 ] || fail "bundle: $(cat out err)"

# Too young for its owner; and only looked at.
rm -rf state
cp -r before state
more='--hold 4h'
update new
[ "$(result)" = held ] || fail "held: $(cat out err)"
expect_exit 0
more=--check
update new
[ "$(result)" = none ] || fail "check: $(cat out err)"
[ "$(readlink state/current)" = releases/2 ] || fail "installed by --check"

# No root; a root of somebody else.
more=
state=none
update new
[ "$(result)" = no-root ] || fail "no root: $(cat out err)"
expect_exit 2
sed 's/"version":1/"version":2/' new/1.root.json >wrong.json
more='--root wrong.json'
update new
[ "$(result)" = root-not-signed ] || fail "root: $(cat out err)"
expect_exit 1
