/* SPDX-License-Identifier: Apache-2.0
 *
 * Programs that no compiler makes. Most are packed or damaged, and some by their
 * own makers: so they are only suspicious.
 */

import "elf"
import "math"
import "pe"

rule Heuristic_Windows_PeHeaders_A
{
    meta:
        author = "Overt project"
        description = "PE whose headers do not go with each other or with the file"
        family = "BrokenHeaders"
        verdict = "suspicious"
        reason = "its headers say what cannot be: an entry point in no section, or sections outside of file or image"
        reference = "https://learn.microsoft.com/windows/win32/debug/pe-format"
        date = "2026-11-23"
    condition:
        uint16(0) == 0x5A4D and pe.is_pe and
        (pe.subsystem == pe.SUBSYSTEM_WINDOWS_GUI or
            pe.subsystem == pe.SUBSYSTEM_WINDOWS_CUI) and
        ((pe.entry_point_raw != 0 and pe.number_of_sections > 0 and
                pe.entry_point_raw >= pe.size_of_headers and
                for all s in pe.sections : (
                    pe.entry_point_raw < s.virtual_address or
                    (pe.entry_point_raw >= s.virtual_address + s.virtual_size and
                        pe.entry_point_raw >=
                        s.virtual_address + s.raw_data_size))) or
            for any s in pe.sections : (s.raw_data_size > 0 and
                s.raw_data_offset > filesize) or
            for any s in pe.sections : (
                s.virtual_address >= pe.size_of_image) or
            pe.number_of_sections == 0)
}

rule Heuristic_Windows_PePacked_A
{
    meta:
        author = "Overt project"
        description = "PE without signature whose code is packed and that imports next to nothing"
        family = "Packed"
        verdict = "suspicious"
        reason = "what runs first lies beside packed bytes (entropy above 7.2 of 8), and it imports hardly any functions: it unpacks itself"
        reference = "https://attack.mitre.org/techniques/T1027/002/"
        date = "2026-11-23"
    condition:
        uint16(0) == 0x5A4D and pe.is_pe and filesize > 4KB and
        pe.number_of_signatures == 0 and
        (pe.subsystem == pe.SUBSYSTEM_WINDOWS_GUI or
            pe.subsystem == pe.SUBSYSTEM_WINDOWS_CUI) and
        pe.number_of_imported_functions < 13 and
        not (pe.data_directories[pe.IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR].size
            > 0) and
        for any s in pe.sections : (s.raw_data_size > 2KB and
            (s.characteristics & pe.SECTION_MEM_EXECUTE) != 0 and
            math.entropy(s.raw_data_offset, s.raw_data_size) > 7.2)
}

rule Heuristic_Linux_ElfHeaders_A
{
    meta:
        author = "Overt project"
        description = "ELF program whose headers do not go with each other or with the file"
        family = "BrokenHeaders"
        verdict = "suspicious"
        reason = "its headers say what cannot be: a section table outside of the file, or an entry point in no segment"
        reference = "https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html"
        date = "2026-11-23"
    condition:
        uint32(0) == 0x464C457F and uint8(5) == 1 and
        (elf.type == elf.ET_EXEC or elf.type == elf.ET_DYN) and
        // the section table, of 64 and of 32 bits
        ((uint8(4) == 2 and uint16(0x3C) > 0 and
                (uint32(0x2C) > 0 or
                    uint32(0x28) + uint16(0x3C) * 64 > filesize)) or
            (uint8(4) == 1 and uint16(0x30) > 0 and
                uint32(0x20) + uint16(0x30) * 40 > filesize) or
            (elf.type == elf.ET_EXEC and elf.number_of_segments > 0 and
                ((uint8(4) == 2 and uint32(0x1C) == 0 and
                        for all s in elf.segments : (
                            s.type != elf.PT_LOAD or
                            uint32(0x18) < s.virtual_address or
                            uint32(0x18) >=
                            s.virtual_address + s.memory_size)) or
                    (uint8(4) == 1 and
                        for all s in elf.segments : (
                            s.type != elf.PT_LOAD or
                            uint32(0x18) < s.virtual_address or
                            uint32(0x18) >=
                            s.virtual_address + s.memory_size)))))
}

rule Heuristic_Linux_ElfUpxDamaged_A
{
    meta:
        author = "Overt project"
        description = "Packed ELF program without sections, of whose UPX marks some or all are gone"
        family = "Packed"
        verdict = "suspicious"
        reason = "it is packed as UPX does it, but its marks were damaged so that upx -d and scanners cannot unpack it"
        reference = "https://attack.mitre.org/techniques/T1027/002/"
        date = "2026-11-23"
    strings:
        $upx = "UPX!"
    condition:
        uint32(0) == 0x464C457F and filesize > 2KB and
        elf.number_of_sections == 0 and elf.number_of_segments < 6 and
        (elf.type == elf.ET_EXEC or elf.type == elf.ET_DYN) and
        math.entropy(0, filesize) > 7.2 and
        // the pack header's mark lies at the end, l_info's behind the headers
        not ($upx in (0..512) and $upx in (filesize - 64..filesize))
}
