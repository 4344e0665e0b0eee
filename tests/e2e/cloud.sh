# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# shellcheck disable=SC2154 # names of lib.sh
# For scenarios with a cloud: after lib.sh and publisher.sh. The cloud of the
# instance DIR is the folder C.

: "${CLOUD:?set CLOUD to overt-cloud}"
check=$(dirname "$scenario_path")/cloud_check.py

# cloud ARGUMENT...: as overt() of lib.sh.
cloud() {
    exit_code=0
    "$CLOUD" "$@" >out 2>err || exit_code=$?
}

# must_cloud ARGUMENT...: it must do what it is told.
must_cloud() {
    cloud "$@"
    [ "$exit_code" -eq 0 ] || fail "overt-cloud $* ended with $exit_code"
}

# must_hold ARGUMENT...: what cloud_check.py finds right.
must_hold() {
    python3 "$check" "$@" 2>err || fail "cloud_check.py $*"
}

# say FILE: verdicts of a file, also into the truth.
say() {
    must_cloud verdict import C "$1"
    cat "$1" >>truth
}

hash_of() {
    printf '%s' "$1" | sha256sum | cut -d ' ' -f 1
}
