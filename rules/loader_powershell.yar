/* SPDX-License-Identifier: Apache-2.0
 *
 * Loaders of memory-only programs in PowerShell.
 */

rule Loader_Script_CobaltStrike_A
{
    meta:
        author = "Overt project"
        description = "Cobalt Strike's PowerShell loader: code XOR-ed with 35"
        family = "CobaltStrike"
        reference = "https://attack.mitre.org/software/S0154/"
        date = "2026-11-23"
    strings:
        $xor = "-bxor \x335" nocase
        $code1 = "38uqIyMj\x516rGEvFH"
        $code2 = "32ugx9PL\x36yMjI2Jy"
        $func1 = "func_get_proc_\x61ddress"
        $func2 = "func_get_delegate_\x74ype"
        $var = "$var_\x63ode"
    condition:
        filesize < 4MB and (any of ($code*) and
            $xor or all of ($func*) or ($var and $xor and any of ($func*)))
}

rule Loader_Script_ReflectivePE_A
{
    meta:
        author = "Overt project"
        description = "PowerSploit's loader of programs into memory"
        family = "PowerSploit"
        reference = "https://attack.mitre.org/software/S0194/"
        date = "2026-11-23"
    strings:
        $a1 = "Invoke-Reflective\x50EInjection" nocase
        $a2 = "Invoke-Memory\x4CoadLibrary" nocase
        $a3 = "Get-PEDetailed\x49nfo" nocase
        $a4 = "Update-Memory\x41ddresses" nocase
        $a5 = "Invoke-Mimi\x6Batz" nocase
        $b1 = "VirtualAlloc" nocase
        $b2 = "FromBase64String" nocase
        $b3 = "PEBytes" nocase
    condition:
        filesize < 8MB and 2 of ($a*) and any of ($b*)
}
