#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# 0 clean, 1 detected, 2 error, 3 inconclusive; every error is one line on
# stderr.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

one_line_of_error() {
    [ "$(wc -l <err)" -eq 1 ] || fail "not one line of error"
}

make_rules
echo good >good
make_eicar bad
overt scan --rules rules good
expect_exit 0
[ ! -s err ] || fail "says something on stderr"
overt scan --rules rules good bad
expect_exit 1
overt scan --max-filesize 4 --rules rules good
expect_exit 3
expect_text out "good: INCONCLUSIVE limit max-filesize"

overt scan --rules rules missing
expect_exit 2
expect_line err "overt: missing: No such file or directory"
overt scan --rules rules missing bad
expect_exit 1
for bad in "--no-such-option good" "--max-filesize many good" "-j" \
    "--rules missing good" "" "--json=yes good" "-qZ good"; do
    # shellcheck disable=SC2086 # words
    overt scan $bad
    expect_exit 2
    one_line_of_error
done
overt
expect_exit 2
one_line_of_error
overt no-such-command
expect_exit 2
one_line_of_error
for command in "help" "--version" "scan --help" "rules --help" "status" \
    "status --sandbox"; do
    # shellcheck disable=SC2086 # words
    overt $command
    expect_exit 0
    [ -s out ] || fail "$command says nothing"
done
mkfifo pipe
overt scan --rules rules pipe
expect_exit 2
one_line_of_error

# Nobody reads any more: no crash, no endless scan.
exit_code=0
"$OVERT" scan -v --rules rules good 2>err >/dev/full || exit_code=$?
expect_exit 2
