# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh and the scenarios
# For scenarios with a cloud: a machine that trusts its publisher ("state"), and
# words to make a cloud's tree and ask it.
: "${MAKE_REPO:?set MAKE_REPO to the test program}"
: "${MAKE_CLOUD:?set MAKE_CLOUD to the test program}"
tests=$(dirname "$(readlink -f "$scenario_path")")
now=$(date +%s)
export XDG_CONFIG_HOME="$folder/config"
mkdir -p config/overt

sha256() {
    printf %s "$1" | sha256sum | cut -c -64
}

# conf LINE...: of the section [cloud]. Root reads the system's file only.
conf() {
    { echo '[cloud]'; printf '%s\n' "$@"; } >config/overt/overt.conf
}

trust_publisher() {
    "$MAKE_REPO" good 2 $((now - 300))
    "$OVERT" --state state update --from good --root good/1.root.json >out ||
        fail "no publisher is trusted: $(cat out)"
}

# make_cloud FOLDER EPOCH [WORD]...: in the publisher's log, once there is one.
make_cloud() {
    cloud=$1
    epoch=$2
    shift 2
    [ ! -e good/log/checkpoint ] || set -- log=good "$@"
    "$MAKE_CLOUD" "$cloud" "$epoch" "$now" "$@"
}

# cloud WORD...: overt cloud with $state.
state=state
cloud() {
    overt --state "$state" cloud "$@"
}
