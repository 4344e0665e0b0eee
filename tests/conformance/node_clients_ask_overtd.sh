#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # names of lib.sh
# clamscan, clamdjs and clamav.js, node's packages for programs that ask clamd,
# hear from overtd what they hear from clamd.
# shellcheck source=/dev/null
. "$(dirname "$0")/../e2e/lib.sh"

: "${NODE_TOOLS:?set NODE_TOOLS to where the node packages are}"
here=$(dirname "$scenario_path")
command -v node >/dev/null 2>&1 || skip "no node"
"$here/install_tools.sh" "$NODE_TOOLS" || skip "no packages"

make_rules
mkdir tree
make_eicar tree/bad
make_eicar tree/worse
seq 100000 >tree/good
port=$(python3 -c 'import socket
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1])')
overtd_start <<END
tcp = 127.0.0.1:$port
END
NODE_TOOLS=$NODE_TOOLS node "$here/node_clients.js" "$folder/clamd.sock" \
    "$port" "$folder/tree" || fail "see above"
overtd_stop
