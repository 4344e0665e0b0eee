/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests and payloads that go for Log4j (CVE-2021-44228), as they lie in logs
 * and exploit scripts.
 */

rule Exploit_Any_Log4Shell_A
{
    meta:
        author = "Overt project"
        description = "Look-up that names a server with a ready-made payload path"
        family = "CVE-2021-44228"
        reference = "https://nvd.nist.gov/vuln/detail/CVE-2021-44228"
        reference = "https://www.cisa.gov/news-events/cybersecurity-advisories/aa21-356a"
        date = "2026-11-23"
    strings:
        $jndi1 = "${jndi:\x6Cdap://" nocase
        $jndi2 = "${jndi:\x72mi://" nocase
        $path1 = "/Basic/Command/\x42ase64/" nocase
        $path2 = "/TomcatBypass/Command/\x42ase64/" nocase
        $path3 = "/GroovyBypass/Command/\x42ase64/" nocase
        $path4 = "/Basic/ReverseShell/" nocase
        $path5 = "/TomcatBypass/TomcatEcho" nocase
    condition:
        any of ($jndi*) and any of ($path*)
}

rule Exploit_Any_Log4Shell_B
{
    meta:
        author = "Overt project"
        description = "Look-up that hides its name from filters"
        family = "CVE-2021-44228"
        reference = "https://nvd.nist.gov/vuln/detail/CVE-2021-44228"
        date = "2026-11-23"
    strings:
        $a1 = "${${::-j}${::-n}${::-d}${::-\x69}" nocase
        $a2 = "${${lower:j}\x6Edi:" nocase
        $a3 = "${${lower:j}${lower:n}${lower:\x64}" nocase
        $a4 = "${${upper:j}\x6Edi:" nocase
        $a5 = "${${env:ENV_NAME:-j}\x6Edi${env:ENV_NAME:-:}" nocase
        $a6 = "${j${::-\x6E}di:" nocase
        $a7 = "${jn${lower:\x64}i:" nocase
        $s1 = "ldap" nocase
        $s2 = "rmi:" nocase
        $s3 = "${::-l}${::-d}${::-a}${::-p}" nocase
    condition:
        filesize < 16MB and any of ($a*) and any of ($s*)
}
