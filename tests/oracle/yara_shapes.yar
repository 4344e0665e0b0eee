/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules of our own in the manner of public rule sets, for yara_shapes.py: what
 * they look for is made up, how they are written is not. */
import "pe"
import "elf"
import "math"
import "hash"
import "dotnet"
import "console"
import "time"

private rule is_mz { condition: uint16(0) == 0x5A4D }
private rule is_pe { condition: uint16(0) == 0x5A4D and uint32(uint32(0x3C)) == 0x00004550 }
private rule is_elf { condition: uint32(0) == 0x464c457f }
private rule is_script { condition: uint16be(0) == 0x2321 or uint32be(0) == 0x3c3f7068 }
private rule capa_input
{
    strings:
        $inp1 = "php://input" wide ascii
        $inp2 = /_GET\s?\[/ wide ascii
        $inp3 = /\(\s?\$_GET\s?\)/ wide ascii
        $inp4 = /_POST\s?\[/ wide ascii
        $inp15 = "_SERVER['HTTP_" wide ascii
        $inp17 = /getenv[\t ]{0,20}\([\t ]{0,20}['"]HTTP_/ wide ascii
    condition:
        any of them
}

// ---- web shells ----
rule webshell_generic : webshell php
{
    meta:
        description = "some input and some payload; \"small\" files"
        score = 75
        date = "2021/01/14"
        hash = "00813155bf7f5eb441e1619616a5f6b21ae31afc99caa000c4aafd54b46c3597"
        hash = "e31788042d9cdeffcb279533b5a7359b3beb1144f39bacdd3acdef6e9b4aff25"
    strings:
        $gfp1 = "include \"./common.php\";" // a comment
        $gfp2 = "assert('FALSE');"
        $gfp3 = "return isset( $_POST[ $key ] ) ? $_POST[ $key ] : "
        $php_short = "<?" wide ascii
        $no_xml1 = "<?xml version" nocase wide ascii
        $no_asp2 = /<script language="(vb|jscript|c#)/ nocase wide ascii
        $php_new1 = /<\?=[^?]/ wide ascii
        $php_new2 = "<?php" nocase wide ascii
        $cpayload1 = /\beval[\n\t ]{0,500}(\([^)]|\/\*)/ nocase wide ascii
        $cpayload2 = /\bexec[\n\t ]{0,500}(\([^)]|\/\*)/ nocase wide ascii
        $cpayload5 = /\bsystem[\n\t ]{0,500}(\([^)]|\/\*)/ nocase wide ascii
        $cpayload9 = /\bassert[\n\t ]{0,500}\([^)0]/ nocase wide ascii
        $cpayload10 = /\bpreg_replace[\n\t ]{0,500}\([^\)]{1,100}\/[ismxADSUXju]{0,11}(e|\\x65)/ nocase wide ascii
        $gen_bit1 = /:\s{0,20}eval}/ nocase wide ascii
        $gen_bit2 = /\.replace\(\/\w\/g/ nocase wide ascii
        $gen_bit33 = /\$_(GET|POST|REQUEST)\["\w"\]/ fullword wide ascii
        $gen_bit55 = /\w'\.'\w/ wide ascii
        $gen_bit56 = /\w\"\.\"\w/ wide ascii
        $gen_bit70 = "\"?>\"." fullword wide ascii
        $gen_bit74 = /\btouch\(\$[^,]{1,30},/ wide ascii
        $gen_much39 = "u\"+\"n\"+\"s" wide ascii
        $gen_much38 = "/*-/*-*/" wide ascii
    condition:
        not (any of ($gfp*))
        and (((($php_short in (0..100) or $php_short in (filesize-1000..filesize))
            and not any of ($no_*)) or any of ($php_new*)))
        and capa_input
        and any of ($cpayload*)
        and ((filesize < 1000 and not any of ($gen_bit3*)) or
            (filesize < 500KB and (4 of ($gen_bit*) or #gen_bit55 > 2 or any of ($gen_much*))))
}
rule webshell_dynamic_big
{
    strings:
        $dynamic1 = /\$[a-zA-Z0-9_]{1,10}\(\$/ wide ascii
        $dynamic2 = /\$[a-zA-Z0-9_]{1,10}\("/ wide ascii
        $dynamic7 = /\$[a-zA-Z0-9_]{1,10}\[[^\]]{1,20}\]\(/ wide ascii
        $fp = "whoops" fullword
    condition:
        filesize > 20 and filesize < 5MB and not $fp and
        ((#dynamic1 + #dynamic2 + #dynamic7) > 3 or
        (math.entropy(0, filesize) >= 5.7 and any of ($dynamic*)))
}
rule webshell_encoded
{
    strings:
        $a1 = "eval(" base64
        $a2 = "$_POST" base64 base64wide
        $a3 = "shell_exec" base64wide
        $a4 = "passthru(" xor(1-255) ascii
        $a5 = "cmd.exe /c" base64("!@#$%^&*(){}[].,|ABCDEFGHIJ\x09LMNOPQRSTUVWXYZabcdefghijklmnopqrstu")
    condition:
        any of them
}
rule webshell_densities
{
    strings:
        $a = "chr(" nocase
        $b = /"\\x[0-9a-f]{2}/ nocase
        $c = "\\x" ascii
    condition:
        #a > 3 or #b >= 2 or (#c * 4 > filesize \ 20) or (#a + #c) % 7 == 3
}
rule webshell_jsp
{
    strings:
        $s1 = "Runtime.getRuntime().exec(" fullword
        $s2 = "request.getParameter(" ascii wide
        $s3 = "<%@" ascii
        $r1 = /request\.getParameter\("[a-z]{1,8}"\)/
        $r2 = /new\s+ProcessBuilder\s*\(/
    condition:
        $s3 and 1 of ($s1, $s2) or any of ($r*) and filesize < 200KB
}

// ---- advanced ones ----
rule apt_implant_strings
{
    meta:
        author = "us"
        reference = "https://example.invalid/a?b=c&d"
        hash1 = "d4e97a18be820a1a3af639c9bca21c5f85a3f49a37275b37fd012faeffcb7c4a"
    strings:
        $x1 = "\\\\.\\pipe\\%s_%d" fullword wide
        $x2 = "C:\\Windows\\System32\\drivers\\etc\\hosts" nocase ascii wide
        $s1 = "%s\\%08x.tmp" fullword ascii
        $s2 = "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)" ascii
        $s3 = "cmd.exe /c del \"%s\"" ascii
        $op1 = { e8 ?? ?? ff ff 83 c4 0? 85 c0 74 }
        $op2 = { 8b 45 ?? 0f b6 0? 33 ?? 88 }
        $op3 = { 55 8B EC 83 EC ( 10 | 1? | 2? ) 5? }
    condition:
        uint16(0) == 0x5a4d and filesize < 3000KB and (1 of ($x*) or 3 of them) or
        (all of ($s*) and not 1 of ($op*))
}
rule apt_offsets
{
    strings:
        $h1 = { 89 50 4E 47 }
        $h2 = { 25 50 44 46 2D 31 2E }
        $h3 = { D0 CF 11 E0 A1 B1 1A E1 }
        $h4 = { 50 4B 03 04 }
        $h5 = { 7F 45 4C 46 }
        $mz = { 4D 5A }
        $dos1 = "This program cannot be run in DOS mode"
        $dos2 = "This program must be run under Win32"
    condition:
        (($h1 at 0) or ($h2 at 0) or ($h3 at 0) or ($h4 at 0) or ($h5 at 0)) and
        for any i in (1..#mz): (@dos1 < (@mz[i] + 200) or @dos2 < (@mz[i] + 200))
}
rule apt_jumps
{
    strings:
        $a = { 4D 5A [0-200] 50 45 00 00 }
        $b = { 7F 45 4C 46 [4-8] 00 [1-40] ( 02 | 03 ) 00 3E 00 }
        $c = { 48 8? [2] 48 8? [2-6] ( E8 | FF 15 ) ?? ?? ?? ?? }
        $d = { 68 5c 40 07 00 [0-5] FF 15 } // push; call
        $e = { C6 4? ?? 6B [0-3] C6 4? ?? 65 [-] C3 }
        $f = { 31 C0 C3 }
        $g = { 64 A1 30 00 00 00 /* the PEB */ [0-20] 8B 40 0C }
    condition:
        any of ($a, $b, $d, $e, $f, $g) or #c > 5
}
rule apt_stack_strings
{
    strings:
        $ss_small = { C6 45 ?? ?? C6 45 ?? ?? C6 45 ?? ?? }
        $ss_wide = { 66 C7 45 ?? ?? 00 66 C7 45 ?? ?? 00 }
        $mov = { C7 (44 24 ?? | 45 ??) ?? ?? ?? ?? C7 (44 24 ?? | 45 ??) }
    condition:
        #ss_small > 2 or $ss_wide or #mov > 4
}
rule apt_reference_sets
{
    condition:
        1 of (apt_implant_strings, apt_offsets) or all of (apt_stack*) or
        2 of (webshell_*)
}
rule apt_mutex_regex
{
    strings:
        $m1 = /Global\\[A-Za-z0-9]{8}(-[A-Za-z0-9]{4}){3}-[A-Za-z0-9]{12}/ ascii wide
        $m2 = /(HK(LM|CU)|HKEY_(LOCAL_MACHINE|CURRENT_USER))\\Software\\[a-z ]+\\Run(Once)?/ nocase ascii wide
        $m3 = /https?:\/\/[a-z0-9\-\.]{4,40}\/[a-z]{2,8}\.(php|asp|jsp)\?[a-z]=/ nocase
        $m4 = /\b(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}\b/
        $m5 = /[0-9a-f]{32}/ fullword
        $m6 = /user-agent:[^\r\n]{5,80}\r\n/i
        $m7 = /^.{0,4}PK\x03\x04/s
        $m8 = /(powershell|pwsh)(\.exe)?\s+-(e|en|enc|w)[a-z]*\s/i
    condition:
        any of them
}
rule apt_xor_names
{
    strings:
        $a = "This program cannot" xor
        $b = "http://" xor(0x01-0x20) ascii wide
        $c = "kernel32" xor(0x41) wide
        $d = "LoadLibraryA" xor fullword
        $e = "VirtualAlloc" xor(10-12)
    condition:
        any of them
}

// ---- constants of cryptography ----
rule crypt_md5
{
    strings:
        $c0 = { 67452301 }
        $c1 = { 01234567 }
        $c2 = { 98BADCFE }
        $c3 = { FEDCBA98 }
        $c4 = { 10325476 }
    condition:
        3 of them
}
rule crypt_sha256 { strings: $c0 = { 98 2F 8A 42 } $c1 = { 42 8A 2F 98 } $c2 = { 91 44 37 71 } $c3 = { 71 37 44 91 } condition: ($c0 and $c2) or ($c1 and $c3) }
rule crypt_aes_sbox { strings: $c0 = { 63 7C 77 7B F2 6B 6F C5 30 01 67 2B FE D7 AB 76 } $c1 = { 52 09 6A D5 30 36 A5 38 } condition: $c0 or $c1 }
rule crypt_crc32 { strings: $c0 = { 77 07 30 96 EE 0E 61 2C } $c1 = { 96 30 07 77 2C 61 0E EE } condition: any of them }
rule crypt_base64_table { strings: $c0 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" wide ascii condition: $c0 }
rule crypt_big_number { strings: $c0 = /[0-9a-fA-F]{64}/ fullword wide ascii condition: #c0 > 1 and !c0[1] == 64 or @c0[2] > 100 }
rule crypt_rc4 { strings: $a = { 88 04 ?? 40 3D 00 01 00 00 7? } $b = { 3D 00 01 00 00 } condition: $a or #b > 2 }

// ---- packers ----
rule packer_upx
{
    strings:
        $a = { 60 BE ?? ?? ?? 00 8D BE ?? ?? ?? FF [0-12] 57 83 CD FF }
        $b = "UPX!" ascii
    condition:
        $a at pe.entry_point or ($b in (0..2048) and (is_pe or is_elf))
}
rule packer_entry { strings: $ep = { 55 8B EC 6A FF } $x = { F3 0F 1E FA } condition: $ep at entrypoint or $x at entrypoint or for any of them : ($ at entrypoint) }
rule packer_entry_range { strings: $a = { E8 ?? ?? ?? ?? } condition: defined entrypoint and $a in (entrypoint..entrypoint + 64) }
rule packer_sections
{
    condition:
        for any i in (0..pe.number_of_sections - 1):
            (pe.sections[i].name == "UPX0" or pe.sections[i].name contains ".aspack" or
            (pe.sections[i].characteristics & pe.SECTION_MEM_WRITE != 0 and
            pe.sections[i].characteristics & pe.SECTION_MEM_EXECUTE != 0))
}
rule packer_entropy { condition: is_pe and for any s in pe.sections: (math.entropy(s.raw_data_offset, s.raw_data_size) > 7.2 and s.virtual_size > s.raw_data_size) }
rule packer_section_names { condition: for 1 s in pe.sections: (s.name matches /^\.?(t|r|d)[a-z]+$/i) }
rule packer_few_imports { condition: is_pe and pe.number_of_imports < 3 and pe.imports("kernel32.dll", "LoadLibraryA") }

// ---- portable executables ----
rule pe_imphash { condition: pe.imphash() == "f34d5f2d4577ed6d9ceec516c1f5a744" or pe.imphash() == "" }
rule pe_hash_of_section { condition: for any i in (0..pe.number_of_sections - 1): (hash.md5(pe.sections[i].raw_data_offset, pe.sections[i].raw_data_size) == "d41d8cd98f00b204e9800998ecf8427e") }
rule pe_rich { condition: defined pe.rich_signature.key and pe.rich_signature.length > 16 and (pe.rich_signature.toolid(1) > 0 or pe.rich_signature.clear_data contains "DanS") }
rule pe_timestamp { condition: is_pe and pe.timestamp > 1262304000 and pe.timestamp < time.now() }
rule pe_pdb { condition: pe.pdb_path contains "\\Release\\" or pe.pdb_path matches /\.pdb$/i }
rule pe_debug_path { strings: $p = /[c-z]:\\[^\x00]{1,200}\.pdb/ nocase ascii condition: is_mz and $p }
rule pe_exports { condition: pe.exports("DllRegisterServer") or pe.exports(/^Serv/) or pe.number_of_exports > 5 }
rule pe_imports_many { condition: pe.imports(/kernel32/i, /virtual(alloc|protect)/i) > 0 or pe.imports("KERNEL32.dll") > 20 }
rule pe_resources { condition: pe.number_of_resources > 0 and for any i in (0..pe.number_of_resources - 1): (pe.resources[i].type == pe.RESOURCE_TYPE_VERSION or pe.resources[i].length > 64KB) }
rule pe_language { condition: pe.language(0x09) or pe.locale(0x0419) }
rule pe_version { condition: pe.version_info["CompanyName"] contains "Microsoft" or pe.version_info["OriginalFilename"] iequals "x.exe" or for any k, v in pe.version_info: (k == "FileVersion" and v startswith "1") }
rule pe_shape { condition: pe.is_pe and (pe.characteristics & pe.DLL) and pe.subsystem == pe.SUBSYSTEM_WINDOWS_CUI or pe.is_dll() or pe.is_64bit() and pe.machine == pe.MACHINE_AMD64 }
rule pe_overlay { condition: pe.overlay.size > 1024 and uint16be(pe.overlay.offset) != 0 }
rule pe_signed { condition: pe.number_of_signatures > 0 and for any i in (0..pe.number_of_signatures - 1): (pe.signatures[i].issuer contains "CA" or pe.signatures[i].valid_on(pe.timestamp)) }
rule pe_checksum { condition: is_pe and pe.checksum != pe.calculate_checksum() }
rule pe_entry_outside { condition: is_pe and for all i in (0..pe.number_of_sections - 1): (pe.entry_point < pe.sections[i].raw_data_offset or pe.entry_point > pe.sections[i].raw_data_offset + pe.sections[i].raw_data_size) }
rule pe_section_index { condition: pe.section_index(".text") == 0 or pe.section_index(pe.entry_point) == 1 }
rule pe_directories { condition: pe.data_directories[pe.IMAGE_DIRECTORY_ENTRY_SECURITY].size > 0 or pe.data_directories[pe.IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR].virtual_address != 0 }
rule pe_header_reads { condition: uint16(0) == 0x5a4d and uint16(uint32(0x3c) + 4) == 0x14c or uint16(uint32(0x3c) + 24) == 0x20b and int32(uint32(0x3c) + 8) > -1 }
rule pe_in_section { strings: $t = ".dll" nocase condition: is_pe and for any of ($t): (for any s in pe.sections: (@ >= s.raw_data_offset and @ < s.raw_data_offset + s.raw_data_size)) }
rule pe_at_section { strings: $e = { 00 00 ?? 55 } condition: is_pe and $e at pe.sections[pe.number_of_sections - 1].raw_data_offset }
rule net_assembly { condition: dotnet.version startswith "v" or dotnet.number_of_streams > 3 and for any i in (0..dotnet.number_of_streams - 1): (dotnet.streams[i].name == "#~") }
rule net_guid { condition: for any i in (0..dotnet.number_of_guids - 1): (dotnet.guids[i] matches /^[0-9a-f-]{36}$/) or dotnet.typelib != "" }

// ---- ELF ----
rule elf_type { condition: elf.type == elf.ET_DYN or elf.type == elf.ET_EXEC and elf.machine == elf.EM_X86_64 }
rule elf_sections { condition: for any i in (0..elf.number_of_sections - 1): (elf.sections[i].name == ".init_array" and elf.sections[i].type == 14) }
rule elf_segments { condition: for any s in elf.segments: (s.type == elf.PT_LOAD and s.flags & elf.PF_X != 0 and s.memory_size > 4KB) }
rule elf_symbols { condition: for any i in (0..elf.dynsym_entries - 1): (elf.dynsym[i].name == "ptrace" or elf.dynsym[i].name startswith "dlop") }
rule elf_stripped { condition: is_elf and elf.symtab_entries == 0 or elf.number_of_sections == 0 }
rule elf_dynamic { condition: elf.dynamic_section_entries > 5 and for any d in elf.dynamic: (d.type == elf.DT_NEEDED) }
rule elf_entry { strings: $a = { 31 ED 49 89 D1 5E } condition: is_elf and $a in (elf.entry_point..elf.entry_point + 0x20) }
rule elf_bot
{
    strings:
        $a = { 63 00 62 00 }
        $b = "/proc/self/exe" fullword
        $c = "/dev/null"
        $d = /\/(bin|usr\/bin)\/[a-z]{2,6}/
        $e = { BA 01 00 00 00 ?? ?? ( 48 89 | 4C 89 ) }
        $f = { 48 8D 3D ?? ?? ?? ?? E8 }
    condition:
        uint32(0) == 0x464c457f and (3 of them or (#d > 4 and #f > 10)) and filesize < 1MB
}

// ---- numbers, hashes, entropy ----
rule math_functions { condition: math.mean(0, filesize) > 60.0 and math.deviation(0, filesize, math.MEAN_BYTES) < 64.0 and math.serial_correlation(0, 512) < 0.9 }
rule math_ranges { condition: math.in_range(math.entropy(0, 1KB), 3.0, 6.5) or math.monte_carlo_pi(0, filesize) < 0.3 }
rule math_minmax { condition: math.max(filesize, 100) == filesize and math.min(uint8(0), uint8(1)) < 0x50 and math.abs(-5) == 5 }
rule math_counts { condition: math.count(0x00) > filesize \ 4 or math.percentage(0x20) > 0.1 or math.mode() == 0x65 }
rule hash_head { condition: hash.crc32(0, 4) == 0xad626727 or hash.md5(0, 2) == "ac6ad5d9b99757c3a878f2d275ace198" or hash.sha1(0, 2) == "" }
rule hash_range { condition: filesize > 64 and hash.sha256(filesize - 32, 32) != hash.sha256(0, 32) and hash.checksum32(0, 64) > 1000 }
rule size_units { condition: filesize > 1KB and filesize < 2MB or filesize == 0 or filesize == 0x2000 }
rule size_arithmetic { condition: (filesize * 3 - 7) % 5 == 2 and (filesize >> 4 | 1) & 0xff != 0x11 ^ (filesize << 2) }
rule float_compare { condition: filesize * 1.5 > 3000.0 and 7 \ 2 == 3 and -7 \ 2 == -3 and -7 % 3 == -1 }
rule bits { condition: uint8(0) & 0x0f == 0x0f or uint8(1) | 0x20 == 0x65 or ~uint8(2) == -77 or uint16(2) ^ 0xffff > 40000 }
rule reads { condition: uint32be(0) == 0x7f454c46 and int16(16) == 3 or int8(filesize - 1) < 0 or uint16be(filesize) == 0 or int32be(4) > 0 }
rule undefined_ones { condition: uint32(filesize + 10) == 0 or not (uint8(filesize) > 0) or not defined uint32(filesize - 2) }

// ---- counting, sets, loops ----
rule any_of_them { strings: $a = "lib" $b = "GNU" $c = "usage" nocase condition: any of them }
rule none_of_them { strings: $a = "zebra" $b = "aardvark" condition: none of them }
rule percent { strings: $a = "the" $b = "and" $c = "not" $d = "xylophone" condition: 50% of them and not 100% of them }
rule all_of_in { strings: $a = "ELF" $b = "GNU" condition: all of them in (0..4096) or any of ($a*) in (filesize-500..filesize) }
rule of_at { strings: $a = "#!" $b = "%PDF" $c = "GIF8" condition: for any of them : ($ at 0) }
rule count_in { strings: $a = { 00 00 01 } $b = "e" fullword condition: #a in (0..512) > 3 or #b in (0..filesize) == 2 }
rule for_of { strings: $a1 = "error" nocase $a2 = "warning" nocase $b = "file" condition: for any of ($a*): (# > 2 and @[1] > 100) or for 2 of them: ($ in (0..8KB)) }
rule for_offsets { strings: $a = "lib" $b = ".so" condition: for any i in (1..#a): (for any j in (1..#b): (@b[j] - @a[i] < 16 and @b[j] > @a[i])) }
rule for_numbers { strings: $a = "a" condition: for all i in (1, 2, 3): (@a[i + 1] > @a[i]) and for any n in (0, 4, 8): (uint8(n) == 0) }
rule for_nested { condition: for any i in (0..7): (for all j in (0..3): (uint8(i * 4 + j) == 0)) }
rule lengths { strings: $a = /lib[a-z]{1,12}\.so/ $b = /[A-Z]{5,20}/ condition: !a[1] > 8 or (#b > 3 and !b[2] > 6) or !b > 9 }
rule distances { strings: $a = "GCC" $b = "Debian" condition: @b - @a < 40 and @b > @a }
rule last_match { strings: $a = { 0A } condition: @a[#a] == filesize - 1 and #a > 2 }
rule anonymous { strings: $ = "IsDebugged" $ = "____except__handler3" nocase $ = "libc" condition: any of them }
rule anonymous_all { strings: $ = "a" fullword $ = "b" fullword condition: for all of them: (# > 1) }
rule ordered { strings: $a = "main" $b = "exit" condition: $a and $b and @a < @b and not (@a[1] == @b[1]) }
rule private_strings { strings: $a = "open" private $b = "close" condition: $a and $b }
rule wide_strings { strings: $a = "Microsoft" wide $b = "Version" wide fullword $c = "lib" wide ascii nocase condition: any of them }
rule fullwords { strings: $a = "root" fullword $b = "etc" fullword nocase $c = "bin" fullword wide ascii condition: 2 of them }
rule case_words { strings: $a = "ThE" nocase $b = "GNU" nocase fullword condition: #a > 5 and $b }
rule escapes { strings: $a = "\x00\x01\x02" $b = "\t\r\n" $c = "a\"b\\c" $d = "\x7fELF" condition: any of them }
rule nibbles { strings: $a = { 4? 8B ?5 } $b = { ?? 45 4C ?6 } $c = { 0F B? ?? 8? } condition: #a > 3 or $b at 0 or #c > 100 }
rule alternatives { strings: $a = { ( 48 | 4C ) 8B ( 05 | 0D | 15 ) } $b = { ( 90 90 | CC | 0F 1F ( 40 | 44 00 ) 00 ) 55 } $c = { E8 [4] ( 85 C0 | 84 C0 | 48 85 C0 ) ( 74 | 75 | 0F ( 84 | 85 ) ) } condition: #a > 2 or #b > 2 or #c > 3 }
rule long_hex { strings: $a = { 48 83 EC ?? 48 8B 05 ?? ?? ?? 00 48 85 C0 74 02 FF D0 48 83 C4 ?? C3 } condition: $a and #a == 1 }
rule greedy { strings: $a = /a.{0,40}b/ $b = /x.+?y/ $c = /"[^"]*"/ condition: #a > 2 or #b > 2 or !c[1] > 3 }
rule classes { strings: $a = /[^\x00-\x7f]{4}/ $b = /[\w.-]+@[\w-]+\.[a-z]{2,4}/ $c = /\d{4}-\d\d-\d\d/ $d = /[\[\]()]{3}/ condition: any of them }
rule anchors { strings: $a = /^#!\/[a-z\/]+/ $b = /\n$/ $c = /\bmain\b/ $d = /\Bing\b/ condition: $a or $b or #c > 1 or #d > 3 }
rule alternation { strings: $a = /(GET|POST|HEAD|PUT) \/[^ ]* HTTP\/1\.[01]/ $b = /(https?|ftp):\/\/(www\.)?[a-z0-9.-]+/ $c = /(foo|bar|ba[xz])+q?/ condition: any of them }
rule repeated { strings: $a = /(\x00\xff){2,}/ $b = /(ab|cd){2,3}/ $c = /\x90{8,}/ $d = /A{10}/ condition: any of them }
rule insensitive { strings: $a = /microsoft (windows|office)/i $b = /<\/?(script|iframe)[^>]{0,60}>/ nocase $c = /copyright \(c\) [0-9]{4}/i wide ascii condition: any of them }
rule dot_all { strings: $a = /begin.{1,30}end/s $b = /begin.{1,30}end/ $c = /.{3}ELF/ condition: #a >= #b and ($a or $c) }

// ---- other kinds of files ----
rule doc_macro { strings: $a = "Auto_Open" nocase $b = "AutoOpen" fullword nocase $c = { 41 74 74 72 69 62 75 74 } $d = "Shell" wide condition: uint32(0) == 0xe011cfd0 and 1 of ($a, $b) and $c or $d and filesize < 1MB }
rule doc_rtf { strings: $a = "{\\rt" $b = /\\objdata\s*[0-9a-f\s]{20,}/i condition: $a at 0 and $b or uint32(0) == 0x74725c7b and not uint8(4) == 0x66 }
rule doc_pdf { strings: $v = /%PDF-1\.[0-9]/ $j = "/JavaScript" nocase $o = "/OpenAction" $e = /\/Launch\b/ condition: $v in (0..1024) and ($j or $o or $e) }
rule doc_lnk { condition: uint32(0) == 0x0000004c and uint32(4) == 0x00021401 and filesize < 500KB }
rule doc_zip { strings: $a = "word/vbaProject.bin" $b = /[a-z0-9_]+\.(exe|scr|js|vbs|hta)PK/ condition: uint32(0) == 0x04034b50 and ($a or $b) }
rule script_powershell { strings: $a = "-ExecutionPolicy Bypass" nocase $b = "FromBase64String" nocase ascii wide $c = "IEX" fullword $d = /\[char\]\d{2,3}(\+\[char\]\d{2,3}){2,}/i condition: 2 of them or #d > 0 }
rule script_shell { strings: $a = /(wget|curl)\s+(-[a-zA-Z]+\s+)*https?:\/\/[^\s;|]+\s*(\||;|&&)\s*(ba)?sh/ $b = "/dev/tcp/" $c = "chmod 777" $d = /\becho\s+[A-Za-z0-9+\/=]{20,}\s*\|\s*base64\s+-d/ condition: is_script and 1 of them or $b }
rule script_note { strings: $a = "YOUR FILES" nocase ascii wide $b = "bitcoin" nocase ascii wide $c = /[13][a-km-zA-HJ-NP-Z1-9]{25,34}/ fullword $d = ".onion" condition: filesize < 20KB and 2 of them }
rule java_class { condition: uint32be(0) == 0xcafebabe and uint16be(6) > 44 }
rule tool_strings { strings: $s1 = "sekurlsa::" ascii wide nocase $s2 = "mimikatz" nocase $s3 = "gentilkiwi" ascii wide $s4 = /lsadump::(sam|dcsync|secrets)/ condition: 1 of ($s*) and not is_elf or all of ($s1, $s2) }
rule silent { condition: console.log("") and false }
global rule not_huge { condition: filesize < 64MB }
