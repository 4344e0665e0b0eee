/* SPDX-License-Identifier: Apache-2.0
 *
 * Scripts that hide what they do. That alone does not make malware, so these are
 * only suspicious.
 */

rule Heuristic_PHP_EncodedEval_A
{
    meta:
        author = "Overt project"
        description = "PHP that unpacks and evaluates a long text of its own"
        family = "Obfuscated"
        verdict = "suspicious"
        reason = "it unpacks a long text of its own and runs it"
        reference = "https://attack.mitre.org/techniques/T1027/"
        reference = "https://attack.mitre.org/techniques/T1140/"
        date = "2026-11-23"
    strings:
        $open = "<?"
        $e1 = "eval(gzinflate(base64_\x64ecode('" nocase
        $e2 = "eval(gzinflate(base64_\x64ecode(\"" nocase
        $e3 = "eval(base64_\x64ecode('" nocase
        $e4 = "eval(gzuncompress(base64_\x64ecode('" nocase
        $e5 = "eval(str_rot13(gzinflate(base64_\x64ecode('" nocase
        $e6 = "eval(gzinflate(str_rot13(base64_\x64ecode('" nocase
        $e7 = "eval(\"?>\".base64_\x64ecode('" nocase
    condition:
        filesize > 300 and filesize < 4MB and $open in (0..256) and any of ($e*)
}

rule Heuristic_JS_HexNames_A
{
    meta:
        author = "Overt project"
        description = "JavaScript with names of digits and a table of strings that is turned until it fits"
        family = "Obfuscated"
        verdict = "suspicious"
        reason = "its names and strings were made unreadable by an obfuscator"
        reference = "https://attack.mitre.org/techniques/T1027/"
        reference = "https://github.com/javascript-obfuscator/javascript-obfuscator"
        date = "2026-11-23"
    strings:
        $name = "_0x"
        $turn = "['push'](_0x"
        $shift = "['shift']())"
        $num = "parseInt(_0x"
        $loop = "while(!![]){try{"
        $hex = "'\\x"
    condition:
        filesize < 2MB and #name > 60 and ($turn and $shift) and
        (#num > 3 or #hex > 100 or $loop)
}

rule Heuristic_Script_PipedBase64_A
{
    meta:
        author = "Overt project"
        description = "Shell script that decodes a long text of its own and runs it"
        family = "Obfuscated"
        verdict = "suspicious"
        reason = "it decodes a long text of its own and runs it"
        reference = "https://attack.mitre.org/techniques/T1027/"
        reference = "https://attack.mitre.org/techniques/T1059/004/"
        date = "2026-11-23"
    strings:
        $p1 = "base64 -d|\x62ash"
        $p2 = "base64 -d | \x62ash"
        $p3 = "base64 -d|\x73h"
        $p4 = "base64 -d | \x73h"
        $p5 = "base64 --decode | \x62ash"
        $p6 = "base64 --decode|\x62ash"
        $p7 = "base64 --decode | \x73h"
        $e1 = "echo "
        $e2 = "printf "
        $e3 = "<<<"
    condition:
        filesize < 1MB and (uint16(0) == 0x2123 or filesize < 8KB) and
        any of ($p*) and any of ($e*)
}

rule Heuristic_VBS_CharCodes_A
{
    meta:
        author = "Overt project"
        description = "VBScript built of single characters and executed"
        family = "Obfuscated"
        verdict = "suspicious"
        reason = "it is put together of single characters and then run"
        reference = "https://attack.mitre.org/techniques/T1027/"
        reference = "https://attack.mitre.org/techniques/T1059/005/"
        date = "2026-11-23"
    strings:
        $run1 = "Execute(" nocase
        $run2 = "ExecuteGlobal" nocase
        $run3 = "Execute " nocase
        $chr = "Chr(" nocase
        $chr2 = "ChrW(" nocase
        $dim = "Dim " nocase
    condition:
        filesize < 1MB and any of ($run*) and (#chr > 60 or #chr2 > 60) and
        $dim and
        (#chr + #chr2) * 24 > filesize \ 4
}

rule Heuristic_Batch_Substrings_A
{
    meta:
        author = "Overt project"
        description = "Batch file that spells its commands with pieces of variables"
        family = "Obfuscated"
        verdict = "suspicious"
        reason = "it spells its commands with pieces of variables"
        reference = "https://attack.mitre.org/techniques/T1027/010/"
        reference = "https://attack.mitre.org/techniques/T1059/003/"
        date = "2026-11-23"
    strings:
        $piece = {
            3A 7E ( 30 | 31 | 32 | 33 | 34 | 35 | 36 | 37 | 38 | 39 )
            [0-1] 2C 31 25
        } // :~N,1%
        $set1 = "set " nocase
        $set2 = "@echo off" nocase
    condition:
        filesize < 1MB and #piece > 40 and any of ($set*)
}
