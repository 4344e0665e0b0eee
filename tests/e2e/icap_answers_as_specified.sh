#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A web proxy's requests and the answers to them; what is too long, one proxy
# too many, no daemon.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/icap.sh"

make_rules
overtd_start </dev/null
start_icap
icap answers
start_icap --max-body 1M --max-connections 4
icap limits
start_icap --max-body 1M --inconclusive pass
icap passes
start_icap
# shellcheck disable=SC2154 # lib.sh sets it
kill "$overtd_pid"
wait "$overtd_pid" || :
icap alone
