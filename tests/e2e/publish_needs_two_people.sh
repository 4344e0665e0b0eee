#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Nothing becomes a rule without two people, whatever one of them tries.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/publisher.sh"

make_instance small
make_rule evil
make_rule worse
propose evil p-01
expect_exit 0
expect_text out 'signed by 1 of 2 people'

# The author, again; the author's key under a reviewer's name; machines.
publish review DIR R-evil-r1 --as p-01
expect_exit 1
expect_text err 'has signed R-evil-r1 already'
publish review DIR R-evil-r1 --as p-02 --key DIR/keys/p-01.key
expect_exit 1
publish review DIR R-evil-r1 --as build-1
expect_exit 0
expect_text out 'signed by 1 of 2 people'
publish review DIR R-evil-r1 --as root-1
expect_exit 1
expect_text err 'not a key that the people file knows'

# Staged, but not logged: no release has it.
must_publish release DIR
expect_line "$(head_file)" 'records 0'

# Somebody changes what is staged: source, samples, the note.
cp -r DIR/staging/R-evil-r1 staged
sed -i 's/bytes of evil/bytes/' DIR/staging/R-evil-r1/rule.yar
publish review DIR R-evil-r1 --as p-02
expect_exit 1
expect_text err 'is not what the author signed'
rm -r DIR/staging/R-evil-r1 && cp -r staged DIR/staging/R-evil-r1
rm DIR/staging/R-evil-r1/tests/bad/*
publish review DIR R-evil-r1 --as p-02
expect_exit 1
expect_text err 'the result of the tests is not what the author signed'
rm -r DIR/staging/R-evil-r1 && cp -r staged DIR/staging/R-evil-r1
sed -i 's/^op add/op add/; s/^rev 1/rev 2/' DIR/staging/R-evil-r1/note
publish review DIR R-evil-r1 --as p-02
expect_exit 1
expect_text err 'a signature does not hold'
rm -r DIR/staging/R-evil-r1 && cp -r staged DIR/staging/R-evil-r1

# A corpus of clean files in which the rule finds something.
mkdir corpus && cp evil.bad corpus/fine
publish review DIR R-evil-r1 --as p-02 --corpus corpus
expect_exit 1
expect_text err 'not as they should be'

# The second person; and only now is it a rule.
publish review DIR R-evil-r1 --as p-02
expect_exit 0
expect_text out '+ rule evil'
must_publish release DIR
expect_line "$(head_file)" 'records 1'
expect_line "$(head_file)" 'seq 2'

# A note that reaches the log with one signature is named, and left out.
propose worse p-02
cp DIR/staging/R-worse-r1/note DIR/log-queue/sneaked.note
must_publish release DIR
expect_text out 'is left out: signed by 1 of 2 people'
expect_line "$(head_file)" 'records 1'

# A change is shown, and taking detection away wants a reason and two people.
sed 's/bytes of evil/bytes of evil inside/' evil.yar >evil.new &&
    mv evil.new evil.yar
propose evil p-02
publish review DIR R-evil-r2 --as p-03
expect_exit 0
# shellcheck disable=SC2016 # of YARA
expect_text out '-         $a = "bytes of evil"'
# shellcheck disable=SC2016 # of YARA
expect_text out '+         $a = "bytes of evil inside"'
must_publish release DIR
publish retire DIR --id R-evil --as p-01
expect_exit 1
expect_text err 'say --why'
publish retire DIR --id R-evil --as p-01 --why 'It finds a printer driver.'
expect_exit 0
publish review DIR R-evil-r3 --as p-03
expect_exit 0
must_publish release DIR
expect_line "$(head_file)" 'records 0'
