#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names of lib_attack.sh
# Each file that a machine keeps is cut, flipped, emptied or lost. No scan calls
# a bad file clean because of it, no release comes in that would not have come
# in, and an honest mirror repairs it or the machine says what is damaged.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib_attack.sh"

# Each kind of damage to one file.
damage() {
    case $1 in
    lost) rm "$2" ;;
    empty) : >"$2" ;;
    cut) truncate -s $(($(stat -c %s "$2") / 2)) "$2" ;;
    flipped)
        printf '\377' | dd of="$2" bs=1 conv=notrunc status=none \
            seek=$(($(stat -c %s "$2") / 3))
        ;;
    esac
}

files=$(cd before && find trust releases/2 -type f | sort)
[ "$(echo "$files" | wc -l)" -gt 10 ] || fail "what a state is has changed"
for file in $files; do
    for how in lost empty cut flipped; do
        fresh_state
        [ -s "state/$file" ] || continue
        damage "$how" "state/$file"
        "$OVERT" --state state scan eicar >scan.out 2>&1 &&
            fail "$file $how: the bad file is clean"
        update new
        case $(result) in
        none) expect_updated "$file $how" ;;
        state-damaged | no-root) ;;
        *) fail "$file $how: $(cat out err)" ;;
        esac
    done
done
