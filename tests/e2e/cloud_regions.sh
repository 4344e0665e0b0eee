# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# For scenarios with regions of a cloud: after lib.sh. The machine trusts the
# publisher of make_repo, whose log make_cloud goes on with.

: "${CLOUD:?set CLOUD to overt-cloud}"
: "${MAKE_REPO:?set MAKE_REPO to the test program}"
: "${MAKE_CLOUD:?set MAKE_CLOUD to the test program}"
now=$(date +%s)

# trust_publisher: the state does, and its owner lets files be submitted.
trust_publisher() {
    "$MAKE_REPO" good 1 $((now - 300))
    "$OVERT" --state state update --from good --root good/1.root.json >out ||
        fail "no publisher is trusted: $(cat out)"
    "$OVERT" --state state cloud mode contribute --yes >out 2>err ||
        fail "the mode is not set: $(cat err)"
}

# log_keys FILE [WORD]: a manifest of keys is in the log: FILE.entry, FILE.proof.
log_keys() {
    version=$(sed -n 's/^version //p' "$1")
    "$MAKE_CLOUD" "$1.cloud" 1 "$now" log=good "${2:-keys}=$1"
    for suffix in entry proof; do
        cp "$1.cloud/v1/keys/$version.$suffix" "$1.$suffix"
    done
}

# region_start NAME [OPTION]...: a region in the folder NAME; its address is in NAME.url.
region_start() {
    "$CLOUD" region "$1" --region "$1" --jurisdiction XX \
        --operator "Test $1" --endpoint "http://127.0.0.1:1/" >made.out
    region=$1
    shift
    "$CLOUD" submissions "$region" --listen 127.0.0.1:0 "$@" \
        >"$region.out" 2>"$region.err" &
    servers="${servers-} $!"
    wait_until grep -q "^listening" "$region.out"
    echo "http://127.0.0.1:$(sed 's/.* //' "$region.out")/" >"$region.url"
}

# submit REGION [OPTION]... FILE: as its owner would, with rules/.
submit() {
    to=$1
    shift
    overt submit --state "$folder/state" --manifest "$folder/keys" \
        --region "$to" --server "$(cat "$to.url")" --rules "$folder/rules" "$@"
}

# A program in which rules/ finds something.
make_bad_program() {
    printf '\177ELF\002\001\001\000\000\000\000\000\000\000\000\000\002\000\076\000' >"$1"
    head -c 200 /dev/zero >>"$1"
    make_eicar eicar.tmp
    cat eicar.tmp >>"$1"
    echo "${2-}" >>"$1"
}
