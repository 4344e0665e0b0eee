#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Damaged or missing state is never taken for a log's first contact.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

python3 -c 'import cryptography' 2>/dev/null || skip "no python3-cryptography"
# shellcheck disable=SC2154 # lib.sh sets it
PYTHONDONTWRITEBYTECODE=1 python3 \
    "$(dirname "$scenario_path")/witness_cases.py" damage ||
    fail "see above"
