#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # names of lib_attack.sh
# A server that sends too much, too little, something else, or sends us
# elsewhere, at each of the files of an update: the update ends, the old rules
# stay, and an honest mirror beside it is enough.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib_attack.sh"

# Words that tell of a server that does not give what it should.
expect_no_harm() {
    case $(result) in
    too-long | unreachable | malformed | mixed | not-signed | head-wrong | \
        not-logged | rules-missing | rules-differ) ;;
    *) fail "$1: $(cat out err)" ;;
    esac
    [ "$exit_code" -ne 0 ] || fail "$1: exit code 0"
    [ "$(readlink "$state/current")" = releases/2 ] || fail "$1: installed"
    expect_still_scanning "$1"
}

for path in metadata/timestamp.json 'metadata/*.rules.json' 'targets/db/*'; do
    for how in endless announced short empty twice elsewhere 500; do
        fresh_state
        serve new "$path=$how"
        update "$mirror"
        expect_no_harm "$path=$how"
        update "$mirror" new
        expect_updated "$path=$how, with an honest mirror"
        stop_serving
    done
done

# The word for endless data is its own.
fresh_state
serve new 'metadata/timestamp.json=endless'
update "$mirror"
expect_refused endless too-long 1
stop_serving

# A mirror says that there is no such file: 403 and 404 for the next root are
# how every server says that there is none; for others they are an outage.
fresh_state
serve new 'metadata/2.root.json=403'
update "$mirror"
expect_updated "403 for the next root"
stop_serving
fresh_state
serve new 'metadata/timestamp.json=404'
update "$mirror"
expect_refused "no timestamp" unreachable 3
stop_serving
