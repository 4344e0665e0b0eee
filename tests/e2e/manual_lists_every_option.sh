#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# overt.1 has each option of each command's help, and no other.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2154 # lib.sh sets it
manual=$(dirname "$scenario_path")/../../docs/man/overt.1

for command in scan allow quarantine rules update verify why export status \
    top verify-proof import-clamd cloud outbound submit; do
    overt "$command" --help
    expect_exit 0
    grep -o -E -- '--[a-z][a-z-]+' out >>told
done
sort -u told >told.sorted
grep -o -E '^\.(It|Op) Fl .*' "$manual" | grep -o -E 'Fl -[a-z][a-z-]+' |
    sed 's/^Fl -/--/' | sort -u >written
grep -v -x -e --help told.sorted >wanted
if ! diff written wanted >differ; then
    sed -n 's/^> /not in the manual: /p; s/^< /only in the manual: /p' differ >&2
    fail 'docs/man/overt.1 and --help differ'
fi

# overtd.8, too.
"$OVERTD" --help | grep -o -E -- '--[a-z][a-z-]+' >out
while read -r option; do
    grep -q -- "Fl -${option#--}" "${manual%/*}/overtd.8" ||
        fail "docs/man/overtd.8 does not have $option"
done <out
