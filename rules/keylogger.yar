/* SPDX-License-Identifier: Apache-2.0
 *
 * Scripts that record keys.
 */

rule Keylogger_Python_Pynput_A
{
    meta:
        author = "Overt project"
        description = "Python that records keys and mails or posts them"
        family = "Keylogger"
        reference = "https://attack.mitre.org/techniques/T1056/001/"
        date = "2026-11-23"
    strings:
        $lib1 = "from pynput.keyboard import"
        $lib2 = "from pynput import keyboard"
        $lib3 = "import pynput"
        $on = "on_\x70ress="
        $send1 = "smtplib.SMTP("
        $send2 = "smtplib.SMTP_SSL("
        $send3 = "requests.\x70ost("
        $send4 = "api.telegram.org/\x62ot"
        $send5 = "ftplib.FTP("
        $log1 = "keylog" nocase
        $log2 = "keystroke" nocase
    condition:
        filesize < 256KB and any of ($lib*) and $on and any of ($send*) and
        any of ($log*)
}

rule Keylogger_Script_Powershell_A
{
    meta:
        author = "Overt project"
        description = "PowerShell that polls the keyboard and writes or sends what was typed"
        family = "Keylogger"
        reference = "https://attack.mitre.org/techniques/T1056/001/"
        date = "2026-11-23"
    strings:
        $api1 = "GetAsync\x4BeyState" nocase
        $api2 = "GetKeyboard\x53tate" nocase
        $api3 = "MapVirtual\x4Bey" nocase
        $add = "Add-Type" nocase
        $loop1 = "-le 254" nocase
        $loop2 = "-le 255" nocase
        $hit = "-eq -32767"
        $out1 = "AppendAllText" nocase
        $out2 = "Out-File" nocase
        $out3 = "UploadString" nocase
        $out4 = "Send-MailMessage" nocase
    condition:
        filesize < 256KB and $add and 2 of ($api*) and
        ($hit or any of ($loop*)) and any of ($out*)
}
