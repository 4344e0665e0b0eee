/* SPDX-License-Identifier: Apache-2.0
 *
 * Office documents that fetch or start programs: VBA source (as the macro storage
 * is unpacked), DDE fields, and the equation editor.
 */

rule Dropper_Office_VbaDownload_A
{
    meta:
        author = "Overt project"
        description = "VBA that runs by itself, downloads and starts"
        family = "Generic"
        reference = "https://attack.mitre.org/techniques/T1204/002/"
        reference = "https://attack.mitre.org/techniques/T1059/005/"
        date = "2026-11-23"
    strings:
        $vba = "Attribute VB_" nocase
        $auto1 = "Sub AutoOpen(" nocase
        $auto2 = "Sub Auto_Open(" nocase
        $auto3 = "Sub Document_Open(" nocase
        $auto4 = "Sub Workbook_Open(" nocase
        $get1 = "URLDownload\x54oFile" nocase
        $get2 = "MSXML2.\x58MLHTTP" nocase
        $get3 = "WinHttp.WinHttp\x52equest" nocase
        $get4 = "Microsoft.\x58MLHTTP" nocase
        $save1 = "ADODB.\x53tream" nocase
        $save2 = "SaveToFile" nocase
        $run1 = "WScript.\x53hell" nocase
        $run2 = "Shell(" nocase
        $run3 = "ShellExecute" nocase
        $run4 = "Win32_\x50rocess" nocase
    condition:
        filesize < 1MB and $vba in (0..512) and any of ($auto*) and
        any of ($get*) and
        any of ($save*, $run*)
}

rule Dropper_Office_VbaPowershell_A
{
    meta:
        author = "Overt project"
        description = "VBA that runs by itself and starts a hidden PowerShell"
        family = "Generic"
        reference = "https://attack.mitre.org/techniques/T1059/001/"
        reference = "https://attack.mitre.org/techniques/T1204/002/"
        date = "2026-11-23"
    strings:
        $vba = "Attribute VB_" nocase
        $auto1 = "Sub AutoOpen(" nocase
        $auto2 = "Sub Auto_Open(" nocase
        $auto3 = "Sub Document_Open(" nocase
        $auto4 = "Sub Workbook_Open(" nocase
        $ps1 = "powershell" nocase
        $ps2 = "power\" & \"shell" nocase
        $opt1 = "-w hidden" nocase
        $opt2 = "-windowstyle hidden" nocase
        $opt3 = " -e\x6Ec " nocase
        $opt4 = "-encoded\x63ommand" nocase
        $opt5 = "\x44ownloadString(" nocase
        $opt6 = "\x46romBase64String(" nocase
    condition:
        filesize < 1MB and $vba in (0..512) and any of ($auto*) and
        any of ($ps*) and any of ($opt*)
}

rule Exploit_Office_EquationEditor_A
{
    meta:
        author = "Overt project"
        description = "RTF with an embedded equation whose font record is made to overflow"
        family = "CVE-2017-11882"
        reference = "https://nvd.nist.gov/vuln/detail/CVE-2017-11882"
        date = "2026-11-23"
    strings:
        $rtf = "{\\rt"
        $object = "\\objdata" nocase
        $update = "\\objupdate" nocase
        // "Equation.3" in hexadecimal digits
        $class = "4571756174696f6e2e33" nocase
        // 0002CE02-0000-0000-C000-000000000046
        $clsid = "02ce0200000000\x30\x30c000000000000046" nocase
        $mtef = "1c00000002009" nocase
    condition:
        $rtf at 0 and filesize < 4MB and $object and
        ($update and ($class or $clsid) or ($clsid and $mtef))
}

rule Dropper_Office_Dde_A
{
    meta:
        author = "Overt project"
        description = "Word field that starts a program by DDE"
        family = "Generic"
        reference = "https://attack.mitre.org/techniques/T1559/002/"
        date = "2026-11-23"
    strings:
        $xml = "<?xml"
        $field = "w:instrText"
        $dde1 = "DDE\x41UTO" nocase
        $dde2 = "\x44DE " nocase
        $run1 = "cmd.exe" nocase
        $run2 = "powershell" nocase
        $run3 = "mshta" nocase
        $run4 = "System32" nocase
    condition:
        $xml at 0 and filesize < 4MB and $field and any of ($dde*) and
        2 of ($run*)
}
