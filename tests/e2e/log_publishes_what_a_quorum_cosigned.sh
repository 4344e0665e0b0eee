#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# A log publishes a checkpoint when enough witnesses cosigned it, and not
# before, whatever the others do; a witness that was away catches up.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$scenario_path")/logd.sh"

make_log
for name in a b c d; do start_witness "$name"; done
make_policy 2 a b c
make_entries 0 9

# A policy under which nothing could ever be published is refused.
grep -v '^log ' policy >no_log
logd once log --policy no_log
expect_exit 2
expect_text err "does not name this log"
sed 's/ http:.*//' policy >no_url
logd once log --policy no_url
expect_exit 2
expect_text err "can't be met"

# Without a quorum nothing is published, and nothing is lost.
stop_witness b
stop_witness c
logd add log e.0 e.1
expect_exit 0
expect_line out "0 e.0"
expect_line out "1 e.1"
logd once log --policy policy --timeout 2
expect_exit 3
expect_text err "no quorum"
[ ! -e log/log/checkpoint ] || fail "published without a quorum"

# The second witness suffices. d is asked, too, and not needed.
start_witness b
make_policy 2 a b c
logd once log --policy policy --witness "$(cat d.url)=$(cat d.key)"
expect_exit 0
[ "$(published_size)" = 2 ] || fail "not published"
expect_text log/log/checkpoint "a.witness.example"
expect_text log/log/checkpoint "b.witness.example"
expect_no_text log/log/checkpoint "c.witness.example"

# One that knew nothing of it all catches up with a consistency proof, and bad
# ones do no harm.
start_witness c
make_policy 3 a b c
for name in hang garbage endless forget; do start_witness $name $name; done
start_log --policy policy --interval 50 \
    --witness "$(cat hang.url)=$(cat hang.key)" \
    --witness "$(cat garbage.url)=$(cat garbage.key)" \
    --witness "$(cat endless.url)=$(cat endless.key)" \
    --witness "$(cat forget.url)=$(cat forget.key)" \
    --witness "$(cat d.url)=$(cat d.key)"
logd add log e.2 e.3 --wait
expect_exit 0
logd add log e.4 --wait
expect_exit 0
expect_line out "4 e.4"
[ "$(published_size)" = 5 ] || fail "not published"
expect_text log/log/checkpoint "c.witness.example"
expect_no_text log/log/checkpoint "forget.witness.example"
expect_no_text log/log/checkpoint "garbage.witness.example"
logd status log
expect_line out "published 5"

# A proof is for what is published.
logd prove log 3 -o proof.3
expect_exit 0
expect_line proof.3 "c2sp.org/tlog-proof@v1"
logd prove log 5
expect_exit 2
stop_log

# One witness that claims to know more is overruled; a quorum of them is not.
start_witness x ahead
start_witness y ahead
make_policy 2 a b x
logd add log e.5
logd once log --policy policy
expect_exit 0
make_policy 2 a x y
logd add log e.6
logd once log --policy policy
expect_exit 1
expect_text err "it must not go on"
[ "$(published_size)" = 6 ] || fail "published against the witnesses"
check_no_fork
