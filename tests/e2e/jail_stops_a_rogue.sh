#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# A program in the jail of each helper tries what it must not: the kernel
# ends it at once (SIGSYS, 128 + 31).
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

SIGSYS=159
: "${ROGUE:?set ROGUE to the rogue program}"

# What fetch may do: some of it only gets an error, because libraries try it.
fetch_may=' open stat socket ioctl '

for profile in worker judge fetch; do
    work=work
    [ "$profile" != fetch ] || work=stay-out
    exit_code=0
    # Its last words may go to a terminal or pipe; files must not grow.
    "$ROGUE" "$profile" "$work" 2>/dev/null || exit_code=$?
    expect_exit 0
    for attempt in $("$ROGUE" list); do
        [ "$profile" != fetch ] || case $fetch_may in
        *" $attempt "*) continue ;;
        esac
        exit_code=0
        ("$ROGUE" "$profile" "$attempt") >out 2>err || exit_code=$?
        [ "$exit_code" -eq "$SIGSYS" ] ||
            fail "$profile could $attempt: $exit_code"
    done
done
