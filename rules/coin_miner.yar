/* SPDX-License-Identifier: Apache-2.0
 *
 * Coin miners. The miner itself is software that some people want, so its program
 * and configuration are only unwanted; a script that plants it is malware.
 */

rule Miner_Any_XMRigConfig_A : unwanted
{
    meta:
        author = "Overt project"
        description = "XMRig configuration with a pool"
        family = "XMRig"
        reference = "https://attack.mitre.org/techniques/T1496/"
        reference = "https://xmrig.com/docs/miner/config"
        date = "2026-11-23"
    strings:
        $level = "\"donate-level\":"
        $pools = "\"pools\":"
        $keep = "\"keepalive\":"
        $rig = "\"rig-id\":"
        $nice = "\"nicehash\":"
        $rx = "\"randomx\":"
        $hp = "\"huge-pages\":"
    condition:
        filesize < 64KB and
        (uint8(0) == 0x7B or uint8(0) == 0x0A or uint8(0) == 0x20) and
        $level and $pools and 3 of ($keep, $rig, $nice, $rx, $hp)
}

rule Miner_Linux_XMRig_A : unwanted
{
    meta:
        author = "Overt project"
        description = "XMRig program for Linux"
        family = "XMRig"
        reference = "https://attack.mitre.org/techniques/T1496/"
        reference = "https://xmrig.com"
        date = "2026-11-23"
    strings:
        $donate = "donate.v2.\x78mrig.com"
        $ssl = "donate.ssl.\x78mrig.com"
        $usage = "Usage: \x78mrig [OPTIONS]"
        $strat1 = "stratum+\x74cp://"
        $strat2 = "stratum+\x73sl://"
        $algo = "rx/\x30"
        $api = "donate-over-\x70roxy"
    condition:
        uint32(0) == 0x464C457F and filesize < 20MB and
        (($donate or $ssl) and 2 of ($usage, $strat1, $strat2, $algo, $api))
}

rule Miner_Windows_XMRig_A : unwanted
{
    meta:
        author = "Overt project"
        description = "XMRig program for Windows"
        family = "XMRig"
        reference = "https://attack.mitre.org/techniques/T1496/"
        reference = "https://xmrig.com"
        date = "2026-11-23"
    strings:
        $donate = "donate.v2.\x78mrig.com"
        $ssl = "donate.ssl.\x78mrig.com"
        $usage = "Usage: \x78mrig [OPTIONS]"
        $strat1 = "stratum+\x74cp://"
        $strat2 = "stratum+\x73sl://"
        $ring = "WinRing0" wide ascii nocase
    condition:
        uint16(0) == 0x5A4D and filesize < 20MB and
        ($donate or $ssl) and 2 of ($usage, $strat1, $strat2, $ring)
}

rule Trojan_Script_MinerDropper_A
{
    meta:
        author = "Overt project"
        description = "Shell script that removes other miners and starts its own"
        family = "Kinsing-like"
        reference = "https://attack.mitre.org/techniques/T1496/"
        reference = "https://attack.mitre.org/software/S0599/"
        date = "2026-11-23"
    strings:
        $bang = "#!"
        $kill1 = "pkill -f \x78mrig"
        $kill2 = "pkill -f kdev\x74mpfsi"
        $kill3 = "pkill -f \x6Binsing"
        $kill4 = "pkill -f crypto\x6Eight"
        $kill5 = "pkill -f mine\x72d"
        $kill6 = "pkill -f sys\x72v-hub"
        $kill7 = "| grep -v grep | awk '{print $2}' | xargs -I % kill -9 %"
        $get1 = "curl "
        $get2 = "wget "
        $run = "chmod +x"
    condition:
        filesize < 256KB and $bang at 0 and 3 of ($kill*) and any of ($get*) and
        $run
}
