#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # names of lib.sh
# Somebody else's TUF client (npm tuf-js) updates from what overt-publish wrote,
# over a change of root keys, and so does overt-tuf-client.
# shellcheck source=/dev/null
. "$(dirname "$0")/../e2e/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/../e2e/publisher.sh"

: "${TUF_CLIENT:?set TUF_CLIENT to overt-tuf-client}"
: "${NODE_TOOLS:?set NODE_TOOLS to where the node packages are}"
here=$(dirname "$scenario_path")
command -v node >/dev/null 2>&1 || skip "no node"
"$here/install_tools.sh" "$NODE_TOOLS" || skip "no tuf-js"

make_instance small
make_rule evil
propose evil p-01
must_publish review DIR R-evil-r1 --as p-02
must_publish release DIR
node "$here/tuf_interop.js" --read DIR/repo db/stable/head "$TUF_CLIENT" ||
    fail 'they do not agree'
must_publish rotate DIR root-2 --as p-01 --no-passphrase
must_publish review DIR key-event-root-2 --as p-02
must_publish publish DIR
node "$here/tuf_interop.js" --read DIR/repo trust/policy "$TUF_CLIENT" ||
    fail 'they do not agree about the new root'
