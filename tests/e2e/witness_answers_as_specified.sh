#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every status code of c2sp.org/tlog-witness, and when.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

python3 -c 'import cryptography' 2>/dev/null || skip "no python3-cryptography"
# shellcheck disable=SC2154 # lib.sh sets it
PYTHONDONTWRITEBYTECODE=1 python3 \
    "$(dirname "$scenario_path")/witness_cases.py" answers ||
    fail "see above"
