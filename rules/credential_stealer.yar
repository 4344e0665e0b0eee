/* SPDX-License-Identifier: Apache-2.0
 *
 * Programs and scripts that collect passwords and send them away.
 */

rule Stealer_Windows_Mimikatz_A
{
    meta:
        author = "Overt project"
        description = "Mimikatz, by its command and module names"
        family = "Mimikatz"
        reference = "https://attack.mitre.org/software/S0002/"
        date = "2026-11-23"
    strings:
        $m1 = "sekurlsa::\x6Cogonpasswords" wide ascii nocase
        $m2 = "gentil\x6Biwi" wide ascii nocase
        $m3 = "mimi\x6Batz" wide ascii nocase fullword
        $m4 = "kuhl_m_\x73ekurlsa" wide ascii
        $m5 = "lsadump::\x64csync" wide ascii nocase
        $m6 = "kerberos::\x67olden" wide ascii nocase
        $m7 = "ERROR kuhl_m_" wide
    condition:
        uint16(0) == 0x5A4D and filesize < 8MB and 3 of them
}

rule Stealer_Any_BrowserWebhook_A
{
    meta:
        author = "Overt project"
        description = "Reads browser passwords and sends them to a chat service"
        family = "Generic"
        reference = "https://attack.mitre.org/techniques/T1555/003/"
        reference = "https://attack.mitre.org/techniques/T1567/"
        date = "2026-11-23"
    strings:
        $path1 = "\\Google\\Chrome\\User \x44ata" nocase wide ascii
        $path2 = "\\\\Google\\\\Chrome\\\\User \x44ata" nocase
        $path3 = "/Google/Chrome/User \x44ata" nocase
        $data1 = "Login \x44ata" nocase wide ascii
        $data2 = "Local State" nocase wide ascii
        $key1 = "CryptUnprotect\x44ata" wide ascii
        $key2 = "encrypted_\x6Bey" wide ascii
        $key3 = "password_\x76alue" wide ascii
        $send1 = "discord.com/api/\x77ebhooks" nocase wide ascii
        $send2 = "discordapp.com/api/\x77ebhooks" nocase wide ascii
        $send3 = "api.telegram.org/\x62ot" nocase wide ascii
    condition:
        filesize < 8MB and any of ($path*) and any of ($data*) and
        any of ($key*) and any of ($send*)
}

rule Stealer_Script_ShadowUpload_A
{
    meta:
        author = "Overt project"
        description = "Shell script that sends password hashes or private keys away"
        family = "Generic"
        reference = "https://attack.mitre.org/techniques/T1003/008/"
        reference = "https://attack.mitre.org/techniques/T1048/"
        date = "2026-11-23"
    strings:
        $bang = "#!"
        $a1 = "cat /etc/\x73hadow |"
        $a2 = "cat /etc/\x73hadow|"
        $a3 = "@/etc/\x73hadow"
        $a4 = "cat /etc/\x73hadow /etc/passwd"
        $a5 = "@/root/.ssh/id_\x72sa"
        $a6 = "cat ~/.ssh/id_\x72sa |"
        $send1 = "curl -F"
        $send2 = "curl -X POST"
        $send3 = "curl --data"
        $send4 = "| nc "
        $send5 = "|nc "
        $send6 = "curl -d"
        $send7 = "wget --post-file"
    condition:
        filesize < 64KB and $bang at 0 and any of ($a*) and any of ($send*)
}

rule Stealer_Script_CloudKeys_A
{
    meta:
        author = "Overt project"
        description = "Shell script that collects cloud keys and sends them away (as TeamTNT does)"
        family = "TeamTNT-like"
        reference = "https://attack.mitre.org/techniques/T1552/001/"
        reference = "https://attack.mitre.org/groups/G0139/"
        date = "2026-11-23"
    strings:
        $bang = "#!"
        $k1 = ".aws/\x63redentials"
        $k2 = "169.254.169.254/latest/meta-data/iam/security-\x63redentials"
        $k3 = ".docker/\x63onfig.json"
        $k4 = "gcloud/\x63redentials.db"
        $k5 = ".s3\x63fg"
        $k6 = ".git-\x63redentials"
        $send1 = "curl -F"
        $send2 = "--upload-file"
        $send3 = "curl -T"
        $send4 = "curl -s -F"
        $send5 = "--data-binary"
    condition:
        filesize < 256KB and $bang at 0 and 3 of ($k*) and any of ($send*)
}
