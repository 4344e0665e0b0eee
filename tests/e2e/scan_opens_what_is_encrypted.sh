#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Encrypted content is opened with a password that is given, and with one that
# is in the mail it came with; else it is told as encrypted, with its name.
# shellcheck disable=SC2154 # names shared with lib.sh
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

command -v 7z >/dev/null || skip "no 7z"

make_rules
mkdir files
make_eicar e.com
7z a -tzip -mem=AES256 -p'so S3cret' files/aes256.zip e.com >7z.out
7z a -tzip -mem=AES128 -p'so S3cret' files/aes128.zip e.com >7z.out
7z a -tzip -mem=ZipCrypto -p'so S3cret' files/old.zip e.com >7z.out

overt scan --rules rules files
expect_exit 3
for f in aes256 aes128 old; do
    expect_text out "files/$f.zip"
done
expect_text out "e.com"
expect_text out "encrypted"

overt scan --rules rules --password wrong --password 'so S3cret' files
expect_exit 1
expect_text out "3 detected"

printf 'wrong\nso S3cret\n' >words
overt scan --rules rules --password-file words files
expect_exit 1
expect_text out "3 detected"

overt scan --rules rules --password-file none files
expect_exit 2

# What libarchive cannot decrypt is told, whatever the passwords.
7z a -t7z -p'so S3cret' -mhe=off e.7z e.com >7z.out
overt scan --rules rules --password 'so S3cret' e.7z
expect_exit 3
expect_text out "e.com"
expect_text out "encrypted"

# mail PASSWORD TEXT: a mail with that text and an archive.
mail() {
    rm -f m.zip
    7z a -tzip -mem=AES256 -p"$1" m.zip e.com >7z.out
    printf 'From: a@example.org\nSubject: %s\nMIME-Version: 1.0\n' "$3"
    printf 'Content-Type: multipart/mixed; boundary=b\n\n--b\n'
    printf 'Content-Type: %s\n' "$4"
    printf 'Content-Transfer-Encoding: base64\n\n'
    printf '%s' "$2" | base64
    printf '%s\n' '--b' 'Content-Type: application/zip; name=m.zip' \
        'Content-Transfer-Encoding: base64' ''
    base64 m.zip
    printf '%s\n' '--b--'
}
mkdir mails
mail 'Xk2-99!' 'Dear all, the password is Xk2-99!, as always.' hello \
    text/plain >mails/1.eml
mail '77421' '<html><p>Passwort:<b>77421</b></p></html>' hello \
    text/html >mails/2.eml
mail 'Subj3ct' 'see above' 'invoice, pwd Subj3ct' text/plain >mails/3.eml
mail 'infected' 'nothing' hello text/plain >mails/4.eml
overt scan --rules rules mails
expect_exit 1
expect_text out "4 detected"
mail 'nobody knows' 'nothing' hello text/plain >5.eml
overt scan --rules rules 5.eml
expect_exit 3
expect_text out "encrypted"
