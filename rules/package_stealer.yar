/* SPDX-License-Identifier: Apache-2.0
 *
 * Packages whose installation runs code that steals.
 */

rule Stealer_NPM_InstallScript_A
{
    meta:
        author = "Overt project"
        description = "package.json whose install script fetches or evaluates code"
        family = "NpmInstall"
        reference = "https://attack.mitre.org/techniques/T1195/001/"
        reference = "https://github.com/ossf/malicious-packages"
        date = "2026-11-23"
    strings:
        $name = "\"name\""
        $scripts = "\"scripts\""
        $hook1 = "\"preinstall\""
        $hook2 = "\"postinstall\""
        $hook3 = "\"install\""
        // an install script that pipes a download to a shell or to node,
        $do1 = {
            22 ( 70 72 65 | 70 6F 73 74 ) 69 6E 73 74 61 6C 6C 22 [1-4]
            22 [0-60] ( 63 75 72 6C | 77 67 65 74 ) 20 [4-120] 7C [0-1]
            ( 73 68 | 62 61 73 68 | 6E 6F 64 65 )
        }
        // ... that evaluates code ("base64", "eval(", "child_process"),
        $do2 = {
            22 ( 70 72 65 | 70 6F 73 74 ) 69 6E 73 74 61 6C 6C 22 [1-4]
            22 6E 6F 64 65 20 2D 65 20 [0-160] ( 62 61 73 65 36 34 | 65
            76 61 6C 28 | 63 68 69 6C 64 5F 70 72 6F 63 65 73 73 )
        }
        // ... that sends "$(env", "/etc/passwd" or the host's name with curl
        $do3 = {
            22 ( 70 72 65 | 70 6F 73 74 ) 69 6E 73 74 61 6C 6C 22 [1-4]
            22 [0-40] 63 75 72 6C 20 [0-80] ( 24 28 65 6E 76 | 2F 65 74
            63 2F 70 61 73 73 77 64 | 60 68 6F 73 74 6E 61 6D 65 60 | 24
            28 68 6F 73 74 6E 61 6D 65 29 )
        }
    condition:
        filesize < 64KB and uint8(0) == 0x7B and $name and $scripts and
        any of ($hook*) and any of ($do*)
}

rule Stealer_NPM_ShaiHulud_A
{
    meta:
        author = "Overt project"
        description = "Worm that searches for tokens with TruffleHog and publishes itself"
        family = "ShaiHulud"
        reference = "https://www.cisa.gov/news-events/alerts/2025/09/23/widespread-supply-chain-compromise-impacting-npm-ecosystem"
        date = "2026-11-23"
    strings:
        $s1 = "trufflehog \x66ilesystem" nocase
        $s2 = "shai-\x68ulud" nocase
        $s3 = "webhook.site/bb8ca5f6-4175-45d2-b042-\x66c9ebb8170b7"
        $s4 = "/user/repos"
        $s5 = "NPM_\x54OKEN"
        $s6 = "toJSON(\x73ecrets)"
        $s7 = "npm publish"
    condition:
        filesize < 16MB and $s2 and 2 of ($s1, $s3, $s4, $s5, $s6, $s7)
}

rule Stealer_PyPI_SetupExec_A
{
    meta:
        author = "Overt project"
        description = "setup.py whose install command fetches or decodes and runs code"
        family = "PypiInstall"
        reference = "https://attack.mitre.org/techniques/T1195/001/"
        reference = "https://github.com/ossf/malicious-packages"
        date = "2026-11-23"
    strings:
        $setup1 = "from setuptools"
        $setup2 = "import setuptools"
        $class1 = "(install):"
        $class2 = "(egg_info):"
        $class3 = "(develop):"
        $hook = "cmdclass"
        $run1 = "exec(base64.\x6264decode("
        $run2 = "exec(requests.\x67et("
        $run3 = "exec(\x75rlopen("
        $run4 = "exec(__import__('base64').\x6264decode("
        $run5 = "exec(\x46ernet("
        $run6 = "os.system('\x63url "
        $run7 = "os.system(\"\x70owershell"
        $run8 = "urllib.request.urlopen('\x68ttp"
        $send1 = "os.environ"
        $send2 = "socket.gethostname()"
        $send3 = "getpass.getuser()"
    condition:
        filesize < 256KB and any of ($setup*) and any of ($class*) and $hook and
        (any of ($run1, $run2, $run3, $run4, $run5, $run7) or
            (any of ($run6, $run8) and 2 of ($send*)))
}
