/* SPDX-License-Identifier: Apache-2.0
 *
 * Web shells in JSP.
 */

rule Webshell_JSP_CommandRequest_A
{
    meta:
        author = "Overt project"
        description = "JSP page that runs a command from the request"
        family = "Generic"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        date = "2026-11-23"
    strings:
        $tag = "<%"
        $run1 = "getRuntime().\x65xec(request.getParameter("
        $run2 = "getRuntime().\x65xec(cmd"
        $run3 = "new ProcessBuilder(\x72equest.getParameter("
        $arg = "request.getParameter(\"cmd\")"
        $io = "getInputStream()"
    condition:
        filesize < 32KB and $tag in (0..256) and
        ($run1 or $run3 or ($run2 and $arg and $io))
}

rule Webshell_JSP_Behinder_A
{
    meta:
        author = "Overt project"
        description = "Behinder server part for Java"
        family = "Behinder"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        reference = "https://github.com/rebeyond/Behinder"
        date = "2026-11-23"
    strings:
        $tag = "<%"
        $class = "class U extends Class\x4Coader"
        $define = "super.defineClass(b,0,b.length)"
        $key = "session.putValue(\"u\",k)"
        $aes = "Cipher.getInstance(\"AES\")"
        $run = "newInstance().equals(\x70ageContext)"
    condition:
        filesize < 32KB and $tag in (0..256) and $class and
        2 of ($define, $key, $aes, $run)
}

rule Webshell_JSP_Godzilla_A
{
    meta:
        author = "Overt project"
        description = "Godzilla server part for Java"
        family = "Godzilla"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        reference = "https://github.com/BeichenDream/Godzilla"
        date = "2026-11-23"
    strings:
        $tag = "<%"
        $key = "String xc=\"3c6e0b8a\x39c15224a\""
        $class = "class X extends Class\x4Coader"
        $q = "public Class Q(byte[] cb)"
        $x = "public byte[] x(byte[] s,boolean m)"
        $md5 = "String md5=md5(pass+xc)"
    condition:
        filesize < 32KB and $tag in (0..256) and
        3 of ($key, $class, $q, $x, $md5)
}
