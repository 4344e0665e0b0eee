#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# Whoever takes over a program of ours gets no socket of the Internet by it, but
# from overt-fetch and from those that are listed here as servers. Each program
# of the build is in the list.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/cloud_client.sh"
: "${TAKEOVER:?set TAKEOVER to the test program}"
: "${ROGUE:?set ROGUE to the rogue program}"
: "${BUILD:?set BUILD to the build folder}"

# Taken over as they run, below; in a jail whose table is tried by the rogue; or
# servers, and tools of a publisher, which speak to networks by themselves.
live='overt overt-worker overt-judge overt-fetch'
jailed='overt-guard:guard overt-http:http overt-icap:door overt-tls:door
    overt-witness:witness'
servers='overtd overt-milter overt-logd overt-monitor overt-publish overt-cloud
    overt-center'

for path in "$BUILD"/src/programs/*/overt*; do
    if [ ! -f "$path" ] || [ ! -x "$path" ]; then continue; fi
    name=${path##*/}
    case " $(echo "$live $jailed $servers" | tr '\n' ' ')" in
    *" $name "* | *" $name:"*) ;;
    *) fail "$name is in no list" ;;
    esac
done

for one in $jailed; do
    profile=${one#*:}
    [ "$profile" != guard ] || [ "$(id -u)" -eq 0 ] || continue
    exit_code=0
    ("$ROGUE" "$profile" socket) >out 2>err || exit_code=$?
    expect_exit 159 # SIGSYS
done

# takes_over PROGRAM EXPECTED COMMAND...: all that became of it is EXPECTED.
takes_over() {
    program=$1
    expected=$2
    shift 2
    exit_code=0
    "$TAKEOVER" "$program" record "$@" >out 2>err || exit_code=$?
    [ "$exit_code" -ne 77 ] || skip "processes can't be traced here"
    [ "$(sort -u record)" = "$expected" ] ||
        fail "$program, in $*: $(sort record | uniq -c)"
}

make_rules
make_eicar eicar
trust_publisher
make_cloud tree 1
conf 'mode = prefix'
takes_over overt refused "$OVERT" rules build rules -o rules.img
takes_over overt refused "$OVERT" scan --rules rules.img eicar
expect_exit 1 # it went on as if nothing had happened
expect_text out Test.Eicar
takes_over overt refused "$OVERT" --state state cloud update --from tree
expect_exit 0
takes_over overt refused "$OVERT" --state state scan --cloud /bin/true eicar
takes_over overt refused "$OVERT" status --sandbox
for command in quarantine allow update verify why submit outbound export top \
    import-clamd verify-proof clamscan yara yarac; do
    takes_over overt refused "$OVERT" --state state "$command" nothing
done
takes_over overt-worker killed "$OVERT" scan --rules rules.img eicar
takes_over overt-judge killed "$OVERT" rules build rules -o other.img

# The one that has it, by the two ways in which it is started.
takes_over overt refused "$OVERT" --state state update --from http://127.0.0.1:9
takes_over overt-fetch could "$OVERT" --state state update \
    --from http://127.0.0.1:9
