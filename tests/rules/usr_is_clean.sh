#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The starter rules, the unwanted ones too, find nothing in what is installed on
# this machine.
# shellcheck source=/dev/null
. "$(dirname "$0")/../e2e/lib.sh"

overt scan --json --all-matches --unwanted --one-file-system /usr
grep '"type":"detection"' out >found || :
[ ! -s found ] || fail "found: $(head -n 20 found)"
expect_text out '"type":"summary"'
