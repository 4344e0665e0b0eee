/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <overt/findings.h>

#include "base/arena.h"
#include "base/buf.h"
#include "crypto/digest.h"
#include "match/guard.h"
#include "match/pattern.h"
#include "rules/icon_rule.h"

/* The common form: what every rule language is parsed into, and what the image
 * is compiled from. A part holds what one front end read from one piece of one
 * source; parts are made independently (also in parallel) and compiled in the
 * order of sources, so that the image does not depend on who was faster.
 *
 * All spans and arrays live in the part's arena, or in the source text, which
 * must outlive the part. */

struct ov_source {
    struct ov_span name; /* as the user gave it; members of a container as
                            "daily.cvd/daily.ndb" */
    struct ov_span text;
};

enum ov_term_kind {
    OV_TERM_PATTERN,
    OV_TERM_REGEX,   /* PCRE (ClamAV) */
    OV_TERM_BYTECMP, /* number near another term's match */
    OV_TERM_FUZZY,   /* fuzzy image hash */
    OV_TERM_MACRO,   /* a macro group's member near another term's match */
};

enum ov_regex_flag {
    OV_REGEX_GLOBAL = 1,           /* g: every match counts */
    OV_REGEX_ROLLING = 2,          /* r */
    OV_REGEX_ENCOMPASS = 4,        /* e */
    OV_REGEX_CASELESS = 8,         /* i */
    OV_REGEX_DOTALL = 16,          /* s */
    OV_REGEX_MULTILINE = 32,       /* m */
    OV_REGEX_EXTENDED = 64,        /* x */
    OV_REGEX_ANCHORED = 128,       /* A */
    OV_REGEX_DOLLAR_ENDONLY = 256, /* E */
    OV_REGEX_UNGREEDY = 512,       /* U */
};

struct ov_regex {
    struct ov_span source; /* between the slashes, unescaped as PCRE wants it */
    uint32_t flags;
    struct ov_place place;
    struct ov_span trigger; /* condition bytecode over the rule's other terms */
};

/* ClamAV manual, "Byte Compare Subsignatures". */
struct ov_bytecmp {
    uint32_t trigger; /* term */
    int64_t offset;   /* from the trigger's match */
    uint8_t base;     /* 'h' 'd' 'a' 'i' */
    bool is_little;
    bool is_exact;
    uint8_t n_bytes;
    uint8_t n_compare; /* 1 or 2, both must hold */

    struct {
        char op; /* '<' '=' '>' */
        int64_t value;
    } compare[2];
};

struct ov_fuzzy {
    uint8_t hash[8];
    uint8_t distance;
};

struct ov_macro {
    uint32_t group;
    uint32_t lead; /* term; the member must begin min to max behind its match */
    uint32_t min;
    uint32_t max;
};

struct ov_term {
    enum ov_term_kind kind;

    union {
        struct ov_pattern pattern;
        struct ov_regex regex;
        struct ov_bytecmp bytecmp;
        struct ov_fuzzy fuzzy;
        struct ov_macro macro;
    };
};

/* How a rule's author wrote a term, for those who print its matches. */
enum ov_term_form {
    OV_TERM_FORM_HEX = 1,
    OV_TERM_FORM_PRIVATE = 2, /* its matches are not shown */
};

struct ov_rule {
    struct ov_span name;
    uint32_t line;    /* in its source, from 1 */
    uint32_t source;  /* 0: the part's; else 1 + the one that it is in */
    uint32_t flags;   /* enum ov_rule_flag */
    uint32_t targets; /* bit t: objects of ClamAV target t; all: any */
    const struct ov_term *terms;
    uint32_t n_terms;
    struct ov_span condition; /* bytecode (condition.def); empty: all terms */
    bool has_guard;
    struct ov_guard guard;
    const struct ov_span *term_names; /* of the first terms: "$a" */
    const uint8_t *term_forms; /* for each name: enum ov_term_form, or-ed */
    uint32_t n_term_names;
    const struct ov_rule_note *notes;
    uint32_t n_notes;
};

#define OV_SIZE_ANY UINT64_MAX

enum ov_hash_of {
    OV_HASH_OF_OBJECT,  /* .hdb .hsb .fp .sfp */
    OV_HASH_OF_SECTION, /* .mdb .msb: a PE section's raw bytes */
    OV_HASH_OF_IMPORTS, /* .imp */
    OV_N_HASH_OF
};

struct ov_hash_rule {
    struct ov_span name;
    uint64_t size; /* OV_SIZE_ANY: of any size */
    uint32_t line;
    uint8_t flags;   /* enum ov_rule_flag */
    bool is_allowed; /* allow list: the object, and what contains it, is
                        trusted, not detected */
    uint8_t digest[OV_DIGEST_MAX];
};

/* One line of a .cdb: OV_ANY_* where the field is "*". */
struct ov_range {
    uint64_t min;
    uint64_t max; /* inclusive; {0, UINT64_MAX}: any */
};

struct ov_member_rule {
    struct ov_span name;
    struct ov_span source; /* its source's name; set by ov_lookup_members */
    uint32_t line;
    uint32_t flags;
    uint32_t container; /* enum ov_type; OV_TYPE_ANY */
    struct ov_range container_size;
    struct ov_span file_name; /* regex; empty: any */
    struct ov_range packed_size;
    struct ov_range real_size;
    int8_t is_encrypted; /* -1: any */
    struct ov_range position;
    struct ov_range checksum; /* CRC-32; any, or min == max */
    struct ov_span extra;     /* the last field, as given */
};

/* Which kind of line of a .ftm (ClamAV's numbers). */
enum ov_magic_kind {
    OV_MAGIC_BYTES = 0,     /* objects with these bytes at this offset */
    OV_MAGIC_PATTERN = 1,   /* a rule with OV_RULE_MAGIC has the pattern */
    OV_MAGIC_PARTITION = 4, /* as bytes, of partitions of a disk */
};

/* One line of a .ftm. */
struct ov_magic_rule {
    struct ov_span source; /* its source's name; set by ov_lookup_magics */
    enum ov_magic_kind kind;
    struct ov_span name;
    uint32_t line;
    uint64_t offset;
    struct ov_span bytes;
    uint32_t type; /* enum ov_type */
};

struct ov_password {
    struct ov_span name;
    struct ov_span source; /* its source's name; set by ov_lookup_passwords */
    uint32_t line;
    struct ov_span word;
    uint32_t container; /* enum ov_type: zip, rar, 7z...; OV_TYPE_ANY */
};

/* A line of an .ign or .ign2: rules of that name (and, if given, only from
 * that database and line, or with that digest of their text) do not count. */
struct ov_ignore {
    struct ov_span name;
    struct ov_span database; /* .ign: file name; empty: any */
    uint32_t database_line;  /* .ign; 0: any */
    bool has_md5;            /* .ign2: of the rule's whole line */
    uint8_t md5[16];
    uint32_t line;
};

/* Why a line of a source is not in the image. */
struct ov_skip {
    uint32_t line;
    uint32_t source;     /* as in struct ov_rule */
    uint32_t n;          /* how many rules: a whole file can be one skip */
    bool is_error;       /* the source is refused (as ClamAV would) */
    struct ov_span why;  /* "bytecode is not run", "needs engine 300" ... */
    struct ov_span what; /* the offending text, or a rule's name */
};

/* What yara says of a rule that it takes all the same. */
struct ov_warning {
    uint32_t line;
    uint32_t source; /* as in struct ov_rule */
    struct ov_span rule;
    struct ov_span text; /* string "$a" may slow down scanning */
};

#define OV_LIST(type, name)                                                    \
    struct {                                                                   \
        type *items;                                                           \
        size_t n;                                                              \
        size_t cap;                                                            \
    } name

struct ov_part {
    struct ov_arena *arena;
    uint32_t source; /* index into the compiler's array of sources */
    OV_LIST(struct ov_rule, rules);
    OV_LIST(struct ov_hash_rule, hashes[OV_N_HASH_OF][OV_N_DIGEST]);
    OV_LIST(struct ov_member_rule, members);
    OV_LIST(struct ov_magic_rule, magics);
    OV_LIST(struct ov_password, passwords);
    OV_LIST(struct ov_icon_rule, icons);
    OV_LIST(struct ov_ignore, ignores);
    OV_LIST(struct ov_skip, skips);
    OV_LIST(struct ov_warning, warnings);
    OV_LIST(uint8_t, imports); /* modules' numbers, none twice */
    uint32_t file_values;      /* bit enum ov_file_value: rules ask for it */
};

/* An empty part for one source. NULL if memory is out. Returns owned. */
struct ov_part *ov_part_new(uint32_t source) OV_ALLOC;
void ov_part_free(struct ov_part *p);
OV_DEFINE_AUTO(part)

/* The source that a rule or skip of the part is in: `source` is its own. */
static inline uint32_t ov_part_source(const struct ov_part *p, uint32_t source)
{
    return source > 0 ? source - 1 : p->source;
}

/* Where the first fault of the part is. */
uint32_t ov_part_fault_source(const struct ov_part *p);

/* Room for one more, zeroed, at the end of a list: NULL if memory is out.
 *   struct ov_rule *r = ov_part_add(&part->rules); */
#define ov_part_add(list)                                                      \
    ((__typeof__((list)->items))ov_list_grow((void **)&(list)->items,          \
                                             &(list)->n, &(list)->cap,         \
                                             sizeof(*(list)->items)))
void *ov_list_grow(void **items, size_t *n, size_t *cap,
                   size_t size) OV_MUST_USE;
