#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # names of lib.sh
# All commands of docs/cloud.md, in their order, do what is written there.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
: "${BUILD:?set BUILD to the build folder}"

top=$(cd "$(dirname "$scenario_path")/../.." && pwd)
for name in overt cloud publish logd witness; do
    PATH=$BUILD/src/programs/$name:$PATH
done

# blocks LANGUAGE: what stands in them.
blocks() {
    sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$top/docs/cloud.md" | grep -v '^```'
}

# Two ports that are free now.
# shellcheck disable=SC2046 # two words
set -- $(python3 -c '
import socket
s = [socket.socket() for _ in range(2)]
for x in s:
    x.bind(("127.0.0.1", 0))
print(*(x.getsockname()[1] for x in s))')

# The page's own commands; what runs on is waited for, and ended at the end.
blocks sh | sed "s|^tools/demo-instance|$top/tools/demo-instance --build $BUILD|
    s/:8485/:$1/g
    s/:8443/:$2/g
    s/ &\$/ >served 2>\&1 \&\nis_served/" >commands
[ -s commands ] || fail "docs/cloud.md has no commands"
is_served() {
    servers="${servers-} $!"
    wait_until grep -qs '^listening' served
    rm served
}
unset -f overt # the command, not lib.sh's
set +e
# shellcheck source=/dev/null
. ./commands >said 2>err
set -e
servers="${servers-} $(tr '\n' ' ' <demo/pids)"

blocks text >documented
[ -s documented ] || fail "docs/cloud.md says nothing that could be compared"
while read -r line; do
    expect_line said "$line"
done <documented
grep -vE '^overt-logd: ' err >unexpected || :
[ ! -s unexpected ] || fail "$(cat unexpected)"
