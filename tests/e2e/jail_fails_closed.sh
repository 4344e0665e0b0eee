#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# Where a step of the jail is not possible nothing is scanned, unless the user
# asks for it, and then the summary says so. Here: root of a user namespace
# cannot become nobody.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

unshare -Ur true 2>/dev/null || skip "no user namespaces here"
make_rules
echo good >good
overt rules build rules -o rules.img
expect_exit 0

exit_code=0
unshare -Ur "$OVERT" scan --rules rules.img good >out 2>err || exit_code=$?
expect_exit 2
expect_text err "the jail's step \"user\""
expect_no_text out "clean"

exit_code=0
unshare -Ur "$OVERT" scan --best-effort-jail --rules rules.img good \
    >out 2>err || exit_code=$?
expect_exit 0
expect_text out "NOT FULLY JAILED"
