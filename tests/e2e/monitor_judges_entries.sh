#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Grammar, two persons, histories of rules, releases, embargoes.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

python3 -c 'import cryptography' 2>/dev/null || skip "no python3-cryptography"
# shellcheck disable=SC2154 # lib.sh sets it
PYTHONDONTWRITEBYTECODE=1 python3 \
    "$(dirname "$scenario_path")/monitor_cases.py" entries ||
    fail "see above"
