# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For scenarios with a publisher: after lib.sh. The instance is the folder DIR.

: "${PUBLISH:?set PUBLISH to overt-publish}"

# publish ARGUMENT...: as overt() of lib.sh, without questions.
publish() {
    exit_code=0
    "$PUBLISH" "$@" --yes >out 2>err || exit_code=$?
}

# must_publish ARGUMENT...: it must do what it is told.
must_publish() {
    publish "$@"
    # shellcheck disable=SC2154 # set by publish
    [ "$exit_code" -eq 0 ] || fail "overt-publish $* ended with $exit_code"
}

# make_instance PRESET [ARGUMENT...]
make_instance() {
    preset=$1
    shift
    must_publish init DIR --name demo.example --preset "$preset" \
        --no-passphrase "$@"
    must_publish log DIR
}

# make_rule NAME: NAME.yar, and NAME.bad, which it finds.
make_rule() {
    printf 'this has the bytes of %s inside\n' "$1" >"$1.bad"
    # shellcheck disable=SC2016 # of YARA
    printf 'rule %s\n{\n    strings:\n        $a = "bytes of %s"\n' \
        "$1" "$1" >"$1.yar"
    # shellcheck disable=SC2016 # of YARA
    printf '    condition:\n        $a\n}\n' >>"$1.yar"
    echo 'nothing of interest' >good
}

# propose NAME PERSON [ARGUMENT...]: rule R-NAME by that person.
propose() {
    rule=$1
    person=$2
    shift 2
    publish propose DIR --id "R-$rule" --source "$rule.yar" \
        --bad "$rule.bad" --good good --as "$person" "$@"
}

# The newest file of a role.
newest() {
    find DIR/repo/metadata -name "*.$1.json" | sort -V | tail -n 1
}

# The head of the stable channel that the rules role names.
head_file() {
    digest=$(python3 -c '
import json, sys
t = json.load(open(sys.argv[1]))["signed"]["targets"]
print(t["db/stable/head"]["hashes"]["sha256"])' "$(newest rules)")
    echo "DIR/repo/targets/db/stable/$digest.head"
}
