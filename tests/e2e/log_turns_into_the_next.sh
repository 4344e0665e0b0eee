#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# A log ends and another goes on. Clients and monitors follow, and refuse a log
# that comes without the end of the one before, with a false end, or next to an
# old one that went on.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/publisher.sh"

: "${MONITOR:?}" "${WITNESS:?}" "${LOGD:?}"

second=demo.example/log/second
third=demo.example/log/third
port=$(python3 -c '
import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
mkdir witness
"$WITNESS" --new-key witness.key --name w.example --no-passphrase \
    >witness.pub 2>/dev/null
# The witness may run or not.
witness_ends() {
    [ -n "${servers-}" ] || return 0
    kill "$servers"
    wait "$servers" || :
    servers=
}
# witness_knows FILE...: it runs, and knows the logs of these keys.
witness_knows() {
    witness_ends
    cat "$@" >logs
    "$WITNESS" --state witness --key witness.key --listen "127.0.0.1:$port" \
        --logs logs 2>witness.err &
    servers=$!
}
release_rule() { # INSTANCE NAME
    make_rule "$2"
    must_publish propose "$1" --id "R-$2" --source "$2.yar" --bad "$2.bad" \
        --good good --as p-01
    must_publish review "$1" "R-$2-r1" --as p-02
    must_publish release "$1"
}
two_sign() { # INSTANCE STAGED
    must_publish review "$1" "$2" --as p-02
    must_publish log "$1"
}
update() { # CLIENT REPOSITORY
    overt --state "$1" update --from "$2" --root DIR/repo/first/1.root.json
}
must_update() {
    update "$@"
    expect_exit 0
}
refuses() { # CLIENT REPOSITORY WORD: and what is installed stays
    before=$(readlink "$1/current")
    update "$1" "$2"
    expect_exit 1
    expect_text out "$3: "
    [ "$(readlink "$1/current")" = "$before" ] || fail "$1 took what it refused"
}
watch() { # INSTANCE STATE [OPTION...]
    watched=$1
    mkdir -p "$2"
    state=$2
    shift 2
    exit_code=0
    "$MONITOR" run --once --log "$watched/logd/log" --policy DIR/policy \
        --people DIR/people --state "$state" --repo "$watched/repo" \
        --root DIR/repo/first/1.root.json "$@" >found 2>&1 || exit_code=$?
}
witnessed="--witness http://127.0.0.1:$port"

must_publish init DIR --name demo.example --preset small --no-passphrase \
    --quorum 1 --witness "$(cat witness.pub) http://127.0.0.1:$port"
first=$(sed -n 1p DIR/keys/log.pub)
witness_knows DIR/keys/log.pub
must_publish log DIR
cp "$(dirname "$scenario_path")/../../rules/eicar.yar" .
make_eicar eicar.bad
echo 'nothing of interest' >good
propose eicar p-01
must_publish review DIR R-eicar-r1 --as p-02
release_rule DIR old
for client in client away early far; do
    must_update "$client" DIR/repo
done
cp DIR/repo/log/checkpoint early.checkpoint
# shellcheck disable=SC2086 # two words
watch DIR seen $witnessed
expect_exit 0

# The end names only a log that clients were told of.
publish log-end DIR --name "$second" --why 'The year is over.' --as p-01
expect_exit 1
expect_text err 'log-next'
must_publish log-next DIR --name "$second" --as p-01 --no-passphrase
must_publish review DIR key-event-policy-2 --as p-02
must_publish publish DIR
witness_knows DIR/keys/log.pub DIR/keys/log-2.pub
must_update client DIR/repo
cp -a client waiting

# Somebody with all keys lets the next log begin without an end.
cp -a DIR without
"$LOGD" turn without/logd --origin "$second" --key without/keys/log-2.key
sed -i "s|\"log\": .*|\"log\": \"$second\",|" without/instance.json
# Its own witness, as an honest one would know two histories afterwards.
witness_state() { rm -rf "$2" && cp -a "$1" "$2"; }
witness_state witness kept
# Nor does anything count there that needs no release.
must_publish recall without --id C-1 --rule R-old --as p-01 --why 'Not so.'
must_publish review without recall-C-1 --as p-02
must_publish publish without
cp -a client misled
refuses misled without/repo log-turn
overt --state misled scan --no-cache old.bad
expect_exit 1
release_rule without usurper
refuses misled without/repo log-turn
witness_ends
witness_state kept witness
witness_knows DIR/keys/log.pub DIR/keys/log-2.pub

# The turn. Between end and start nothing gets into either log.
publish log-start DIR --as p-01
expect_exit 1
expect_text err 'log-end'
must_publish log-end DIR --name "$second" --why 'The year is over.' --as p-01
two_sign DIR "$(cd DIR/staging && ls)"
cp -a DIR went-on
sed -i "s|/DIR/|/went-on/|" went-on/logd/settings
# What witnesses say of a log that has ended says nothing of today.
sed -i 's/^witnessed .*/witnessed 1/' waiting/trust/client
update waiting DIR/repo
expect_exit 3
expect_text out 'witnesses-stale: '
make_rule late
propose late p-01
must_publish review DIR R-late-r1 --as p-02
publish log DIR
expect_exit 1
expect_text err 'nothing may follow'
mv DIR/log-queue/R-late-r1.note late.note
must_publish log-start DIR --as p-01
two_sign DIR log-start-second
mv late.note DIR/log-queue/R-late-r1.note
must_publish log DIR
[ "$(sed -n 1p DIR/repo/log/checkpoint)" = "$second" ] ||
    fail 'the next log is not published'
[ ! -e DIR/keys/log.key ] || fail 'the key of the ended log is still in use'
release_rule DIR new

# A false end: an older checkpoint of the old log, and none.
hex=$(printf %s "$second" | sha256sum | cut -d ' ' -f 1)
mv "DIR/repo/log/turn/$hex" right
refuses client DIR/repo log-turn
cp early.checkpoint "DIR/repo/log/turn/$hex"
refuses client DIR/repo log-turn
# It is the fault of the mirror that gives it.
cp -a DIR/repo lagging
cp right "DIR/repo/log/turn/$hex"
for _ in 1 2 3 4 5; do
    cp -a client eager
    overt --state eager update --from lagging --from DIR/repo
    expect_exit 0
    rm -rf eager
done
# A turn that was verified stays so, whatever is refused later.
cp -a client halfway
echo 'bad 2' >>halfway/trust/client
refuses halfway DIR/repo known-bad
expect_line halfway/trust/client "origin $second"
must_update client DIR/repo
grep -q "^log  *$second" out || overt --state client status
expect_text out "$second"
must_publish bundle DIR --out second.tar
must_update early second.tar

# Old and new rules are explained and verified, also offline.
for rule in old new; do
    overt --state client why "$rule"
    expect_exit 0
    expect_text out p-02
done
overt --state client verify --deep
expect_exit 0
# shellcheck disable=SC2086 # two words
watch DIR seen $witnessed
expect_exit 0
expect_no_text found alarm

# The old log goes on behind its end, with a witness that does not read it.
# Signing again lets each of the two be the newer one for TUF.
newer() {
    for _ in 1 2 3; do must_publish publish "$1"; done
}
echo 'not the end' >stray
"$LOGD" add went-on/logd stray >/dev/null
release_rule went-on more
must_update away went-on/repo
newer DIR
refuses away DIR/repo log-went-on
[ "$(find away/evidence -type f | wc -l)" -eq 2 ] || fail 'no evidence is kept'
release_rule went-on most
newer went-on
cp -a client deceived
refuses deceived went-on/repo log-went-on
watch went-on other
expect_exit 1
expect_text found 'an entry follows log-end'
# shellcheck disable=SC2086 # two words
watch DIR seen $witnessed
expect_exit 1
expect_text found 'of a log that has ended'

# Another turn, and a root that only the second log knows; who was away goes
# through all of it.
must_publish rotate DIR timestamp-1 --as p-01 --why 'Once a year.' \
    --no-passphrase
must_publish review DIR key-event-root-2 --as p-02
must_publish publish DIR
must_publish log-next DIR --name "$third" --as p-01 --no-passphrase
must_publish review DIR key-event-policy-3 --as p-02
must_publish publish DIR
echo "${first}" >first.pub
witness_knows first.pub DIR/keys/log-2.pub DIR/keys/log-3.pub
must_publish log-end DIR --name "$third" --why 'Again.' --as p-01
two_sign DIR log-end-second
must_publish log-start DIR --as p-01
two_sign DIR log-start-third
release_rule DIR newest
must_update client DIR/repo
must_update far DIR/repo
overt --state far verify --deep
expect_exit 0
grep -c '^ended ' far/trust/client | grep -qx 2 || fail 'two logs have ended'
