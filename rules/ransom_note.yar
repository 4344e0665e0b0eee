/* SPDX-License-Identifier: Apache-2.0
 *
 * Notes that ransomware leaves, as text or HTML.
 */

rule Ransomware_Any_NoteGeneric_A
{
    meta:
        author = "Overt project"
        description = "Text that says that files were encrypted, where to pay, and with what threat"
        family = "Generic"
        reference = "https://attack.mitre.org/techniques/T1486/"
        date = "2026-11-23"
    strings:
        $what1 = "your files have been \x65ncrypted" nocase
        $what2 = "all your files are \x65ncrypted" nocase
        $what3 = "your files are \x65ncrypted" nocase
        $what4 = "your network has been \x65ncrypted" nocase
        $pay1 = "bitcoin" nocase
        $pay2 = "monero" nocase
        $pay3 = "ransom" nocase
        $where1 = ".\x6Fnion" nocase
        $where2 = "tor browser" nocase
        $where3 = "@protonmail" nocase
        $where4 = "@tutanota" nocase
        $how1 = "decrypt" nocase
        $how2 = "private key" nocase
        $how3 = "do not rename" nocase
        $how4 = "third party software" nocase
        $how5 = "permanent data loss" nocase
        $how6 = "free decryption" nocase
    condition:
        filesize < 24KB and any of ($what*) and any of ($pay*) and
        any of ($where*) and
        3 of ($how*)
}

rule Ransomware_Any_NoteLockBit_A
{
    meta:
        author = "Overt project"
        description = "Note of LockBit 2.0 or 3.0"
        family = "LockBit"
        reference = "https://www.cisa.gov/news-events/cybersecurity-advisories/aa23-165a"
        date = "2026-11-23"
    strings:
        $name1 = "~~~ Lock\x42it" nocase
        $name2 = "Lock\x42it 2.0 Ransomware" nocase
        $name3 = "LockBit 3.0 the world's fastest \x72ansomware" nocase
        $say1 = "Your data are stolen and \x65ncrypted" nocase
        $say2 = "You need contact us and decrypt one file for free" nocase
        $say3 = "lockbitapt" nocase
        $say4 = "Tor Browser" nocase
        $say5 = "Decryption ID" nocase
    condition:
        filesize < 64KB and any of ($name*) and 2 of ($say*)
}

rule Ransomware_Any_NoteConti_A
{
    meta:
        author = "Overt project"
        description = "Note of Conti"
        family = "Conti"
        reference = "https://attack.mitre.org/software/S0575/"
        date = "2026-11-23"
    strings:
        $a1 = "All of your files are currently encrypted by \x43ONTI" nocase
        $a2 = "The network is LOCKED with \x43ONTI" nocase
        $b1 = "contirecovery" nocase
        $b2 = "TOR VERSION" nocase
        $b3 = "HTTPS VERSION" nocase
        $b4 = "DONT'T TRY TO RECOVER" nocase
        $b5 = "published on our news website" nocase
    condition:
        filesize < 64KB and any of ($a*) and any of ($b*)
}
