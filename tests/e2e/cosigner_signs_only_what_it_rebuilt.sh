#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# A policy can ask for a rebuilder: nothing is published before it has read all
# entries and compiled the release again, and nothing after it found a fault.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/publisher.sh"

: "${MONITOR:?}" "${WITNESS:?}" "${LOGD:?}"

# shellcheck disable=SC2046 # two words
set -- $(python3 -c '
import socket
s = [socket.socket() for _ in range(2)]
for x in s:
    x.bind(("127.0.0.1", 0))
print(*(x.getsockname()[1] for x in s))')
for name in witness rebuilder; do
    mkdir "$name"
    "$WITNESS" --new-key "$name.key" --name "$name.example" --no-passphrase \
        >"$name.pub" 2>/dev/null
done
must_publish init DIR --name demo.example --preset small --no-passphrase \
    --quorum 2 --witness "$(cat witness.pub) http://127.0.0.1:$1" \
    --witness "$(cat rebuilder.pub) http://127.0.0.1:$2"
serve() { # NAME PORT [OPTION]
    folder_of=$1
    port=$2
    shift 2
    "$WITNESS" --state "$folder_of" --key "$folder_of.key" \
        --listen "127.0.0.1:$port" --log "$(cat DIR/keys/log.pub)" "$@" \
        2>"$folder_of.err" &
    servers="${servers-} $!"
}
serve witness "$1"
serve rebuilder "$2" --checked
mkdir watch
check() {
    exit_code=0
    "$MONITOR" run --once --log DIR/logd/log --policy DIR/policy \
        --people DIR/people --state watch --repo DIR/repo \
        --root DIR/repo/first/1.root.json --cosigner rebuilder "$@" \
        >found 2>&1 || exit_code=$?
}

# Goes on as long as there is something to sign.
watching() {
    "$MONITOR" run --interval 1 --log DIR/logd/log --policy DIR/policy \
        --people DIR/people --state watch --repo DIR/repo \
        --root DIR/repo/first/1.root.json --cosigner rebuilder >found 2>&1 &
    watcher=$!
    servers="${servers-} $watcher"
}
mkdir -p DIR/logd/log
watching
must_publish log DIR
grep -q ' rebuilder.example ' DIR/repo/log/checkpoint ||
    fail 'the rebuilder has not signed'

make_rule evil
make_eicar eicar.bad
cp "$(dirname "$scenario_path")/../../rules/eicar.yar" .
for rule in evil eicar; do
    propose "$rule" p-01
    must_publish review DIR "R-$rule-r1" --as p-02
done
must_publish release DIR
grep -q 'compiled again, it is the same' found ||
    fail 'the rebuilder has signed what it did not compile'
overt --state client update --from DIR/repo --root DIR/repo/first/1.root.json
expect_exit 0
overt --state client status
expect_text out 'witnesses    2'

# Without the rebuilder nothing gets out, and nothing is lost.
kill "$watcher"
wait "$watcher" 2>/dev/null || :
make_rule worse
propose worse p-01
must_publish review DIR R-worse-r1 --as p-02
timeout 8 "$PUBLISH" release DIR --yes >out 2>err &&
    fail 'a release is published without its rebuilder'
overt --state client update --from DIR/repo
expect_exit 0
expect_text out 'release 1 is the newest'
watching
must_publish release DIR
overt --state client update --from DIR/repo
expect_exit 0
expect_text out 'release 2 is installed'

# An entry with one person's signature: it is in the log, and the log ends here
# for whoever asks for the rebuilder.
make_rule alone
propose alone p-01
"$LOGD" add DIR/logd DIR/staging/R-alone-r1/note >out 2>err ||
    fail 'the log does not take it'
"$LOGD" once DIR/logd --policy DIR/policy --timeout 8 >out 2>err &&
    fail 'something was published'
expect_text found 'unauthorized'
expect_text found 'not-cosigned'
