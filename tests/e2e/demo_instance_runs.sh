#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tools/demo-instance makes what it says: a quorum of witnesses cosigns, and a
# client updates and finds what its rules say.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2154 # lib.sh sets them
demo=$(dirname "$scenario_path")/../../tools/demo-instance
"$demo" --build "$BUILD" demo >out 2>err || fail 'it ends with an error'
servers="${servers-} $(tr '\n' ' ' <demo/pids)"
# Two of three are a quorum: a slow third is not waited for.
n=$(grep -c ' w[123].witness.example ' demo/instance/repo/log/checkpoint)
[ "$n" -ge 2 ] || fail "$n witnesses have cosigned"
python3 - "$(cat demo/url)" <<'END'
import sys, urllib.request
urllib.request.urlopen(sys.argv[1] + "/metadata/timestamp.json").read()
END
overt --state demo/client scan --no-cache demo/samples
expect_exit 1
expect_text out evil.txt
overt --state demo/client export yara as-yara
expect_exit 0
expect_line out '2 exported, 0 not: not-exported.txt'
overt --state demo/client export clamav as-clamav
expect_line out '0 exported, 2 not: not-exported.txt'
"$demo" --build "$BUILD" demo >out 2>err && fail 'it takes a folder that is there'
"$demo" --build nowhere other >out 2>err && fail 'it runs without programs'
expect_text err 'no overt-publish in nowhere: build it'
[ ! -e other ] || fail 'it began without programs'
"$demo" --stop demo
