# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # names of lib.sh, and for scenarios
# For scenarios with analysis and triage: after lib.sh, publisher.sh, cloud.sh,
# cloud_regions.sh. The region is the folder eu, the cloud C.

# triage WORD ARGUMENT...: as cloud of cloud.sh.
triage() {
    # shellcheck disable=SC2086 # options
    cloud triage "$@" ${store_option-}
}

# decide PERSON ARGUMENT...: what somebody says, with his key.
decide() {
    person=$1
    shift
    triage "$@" --as "$person" --keys DIR/keys --why "Seen by $person."
}

must_decide() {
    decide "$@"
    [ "$exit_code" -eq 0 ] || fail "$* ended with $exit_code"
}

# analyse ARGUMENT...: what waits, with rules/.
analyse() {
    # shellcheck disable=SC2086 # options
    must_cloud analyse eu --rules "$folder/rules" --once --workers 1 "$@" \
        ${store_option-}
}

# triage_begin: people, a region, a cloud, and rules.
triage_begin() {
    make_instance small
    make_rules
    must_cloud init C --instance DIR
    # shellcheck disable=SC2086 # options
    region_start eu ${store_option-}
    "$CLOUD" manifest eu >keys
    trust_publisher
    log_keys keys
    mkdir eu/trust
    cp DIR/people eu/trust/people
}

# submit_bad NAME TEXT: a program that rules find; its digest is in $sample.
submit_bad() {
    make_bad_program "$1" "$2"
    sample=$(sha256sum <"$1" | cut -d ' ' -f 1)
    submit eu --mode auto --auto program "$1"
    expect_exit 0
}
