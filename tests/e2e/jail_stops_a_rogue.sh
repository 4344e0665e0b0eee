#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# A program in the worker's or the judge's jail tries what it must not: the
# kernel ends it at once (SIGSYS, 128 + 31).
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

SIGSYS=159
: "${ROGUE:?set ROGUE to the rogue program}"

for profile in worker judge; do
    exit_code=0
    # Its last words may go to a terminal or pipe; files must not grow.
    "$ROGUE" "$profile" work 2>/dev/null || exit_code=$?
    expect_exit 0
    for attempt in $("$ROGUE" list); do
        exit_code=0
        ("$ROGUE" "$profile" "$attempt") >out 2>err || exit_code=$?
        [ "$exit_code" -eq "$SIGSYS" ] ||
            fail "$profile could $attempt: $exit_code"
    done
done
