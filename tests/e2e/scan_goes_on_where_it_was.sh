#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # names shared with lib.sh
# A scan that was ended - by a switch to battery, a restart of the machine - does
# not open again what it has found to be clean.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

make_rules
mkdir files
for i in 1 2 3 4 5 6 7 8; do echo "$i" >files/"$i"; done
make_large large
wait_until is_settled files/8

overt_start scan --max-filesize 0 --max-scansize 0 --jobs 1 --rules rules files large
wait_until is_scanning large
kill -TERM "$overt_pid"
overt_wait
expect_exit 2
rm large
overt scan --max-filesize 0 --max-scansize 0 --jobs 1 --rules rules files
expect_exit 0
expect_text out '8 of these unchanged'
