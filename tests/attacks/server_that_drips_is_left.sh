#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # names of lib_attack.sh
# A server that sends a byte now and then does not hold an update for ever.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib_attack.sh"

fresh_state
serve new 'metadata/timestamp.json=slow'
# shellcheck disable=SC2034 # lib_attack.sh uses it
with='timeout 90'
update "$mirror"
expect_refused slow unreachable 3
stop_serving
