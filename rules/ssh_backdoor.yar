/* SPDX-License-Identifier: Apache-2.0
 *
 * Ways back in over SSH.
 */

rule Backdoor_Linux_AuthorizedKeys_A
{
    meta:
        author = "Overt project"
        description = "Shell script that plants a key and makes the file immutable"
        family = "SshKey"
        reference = "https://attack.mitre.org/techniques/T1098/004/"
        date = "2026-11-23"
    strings:
        $bang = "#!"
        $key1 = "ssh-rsa AAAA"
        $key2 = "ssh-ed25519 AAAA"
        $file = ".ssh/authorized_\x6Beys"
        $lock1 = "chattr +\x69"
        $lock2 = "chattr +\x61i"
        $unlock1 = "chattr -\x69"
        $unlock2 = "chattr -\x61i"
        $unlock3 = "chattr -i\x61"
        $append = ">>"
    condition:
        filesize < 256KB and $bang at 0 and any of ($key*) and $file and
        any of ($lock*, $unlock*) and $append
}

rule Backdoor_Linux_SshdConfig_A
{
    meta:
        author = "Overt project"
        description = "Shell script that opens sshd to root and passwords and adds a user with id 0"
        family = "SshConfig"
        reference = "https://attack.mitre.org/techniques/T1098/"
        reference = "https://attack.mitre.org/techniques/T1136/001/"
        date = "2026-11-23"
    strings:
        $bang = "#!"
        $root1 = "PermitRootLogin \x79es"
        $root2 = "PermitRootLogin no/PermitRootLogin \x79es"
        $conf = "/etc/ssh/sshd_config"
        $user1 = "useradd -o -u \x30"
        $user2 = "useradd -u 0 -\x6F"
        $user3 = ":0:0::/root:/bin/bash' >> /etc/\x70asswd"
        $user4 = ":x:0:0:root:/root:/bin/bash\" >> /etc/\x70asswd"
    condition:
        filesize < 256KB and $bang at 0 and any of ($root*) and $conf and
        any of ($user*)
}

rule Backdoor_Linux_Ebury_A
{
    meta:
        author = "Overt project"
        description = "Ebury in a shared library, by the names of its commands"
        family = "Ebury"
        reference = "https://attack.mitre.org/software/S0377/"
        reference = "https://www.welivesecurity.com/2014/02/21/an-in-depth-analysis-of-linuxebury/"
        date = "2026-11-23"
    strings:
        $x1 = "Xver" fullword
        $x2 = "Xcat" fullword
        $x3 = "Xbnd" fullword
        $x4 = "Xpsw" fullword
        $lib1 = "libkeyutils.so"
        $lib2 = "keyctl_"
        $hook = "pam_authenticate"
    condition:
        uint32(0) == 0x464C457F and filesize < 2MB and 3 of ($x*) and
        any of ($lib*, $hook)
}
