#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: tuf_interop.sh CLIENT MAKER FOLDER
# Runs tuf_interop.js with the packages that install_tools.sh puts into FOLDER.
set -eu

here=$(dirname "$(readlink -f "$0")")
"$here/install_tools.sh" "$3"
NODE_TOOLS=$3 exec node "$here/tuf_interop.js" "$1" "$2"
