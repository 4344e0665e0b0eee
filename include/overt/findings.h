/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <overt/base.h>

/* What a scan takes and what it tells. */

enum ov_verdict {
#define OV_VERDICT(id, word) id,
#include <overt/verdict.def>
#undef OV_VERDICT
    OV_N_VERDICTS
};

enum ov_reason_kind {
#define OV_REASON(id, word) id,
#include <overt/reason.def>
#undef OV_REASON
    OV_N_REASONS
};

/* What a scan of one file may cost; all are counted, none is a clock. */
enum ov_cost {
#define OV_COST(name, word, default, status) name,
#include <overt/limits.def>
#undef OV_COST
    OV_N_COST
};

/* The engine's own checks. */
enum ov_alert {
#define OV_ALERT(id, word) id,
#include <overt/alert.def>
#undef OV_ALERT
    OV_N_ALERTS
};

/* Smaller limits. */
enum ov_bound {
#define OV_BOUND(id, word, default) id,
#include <overt/bound.def>
#undef OV_BOUND
    OV_N_BOUNDS
};

OV_API const char *ov_verdict_name(enum ov_verdict v);
OV_API const char *ov_reason_name(enum ov_reason_kind r);
/* The limit's name as users write it: "max-scansize". */
OV_API const char *ov_cost_name(enum ov_cost what);

enum ov_scan_flag {
    OV_SCAN_ALL_MATCHES = 1, /* every rule, not only the first that holds */
    OV_SCAN_UNWANTED = 2,    /* rules for unwanted software count */
    OV_SCAN_EXPLAIN = 8,     /* matches of each detection with their bytes */
    OV_SCAN_MATCHES = 16,    /* all of them, by findings->match */
    OV_SCAN_NEGATE = 32,     /* the rules that do not hold, instead of those
                                that do */
    OV_SCAN_PROFILE = 128,   /* what each rule has cost, by findings->cost */
    OV_SCAN_FLAT = 64,       /* only the file's own bytes: containers are not
                                unpacked, and text is not normalised (YARA) */
    OV_SCAN_ALERTS_FIRST = 1 << 12, /* an alert ends the scan as a rule does;
                                       else rules come first */
    OV_SCAN_UNWANTED_BUT = 1 << 13, /* see ov_scan_options.unwanted */
    OV_SCAN_NO_TEXT = 1 << 14,      /* text is not normalised */
    OV_SCAN_NO_PE = 1 << 15,        /* executables: no sections, no icons ... */
    OV_SCAN_NO_ELF = 1 << 16,
    OV_SCAN_NO_IMAGE_HASH = 1 << 17,
    OV_SCAN_MODULES = 1 << 18,    /* all that the modules say which YARA rules
                                     import, by findings->console */
    OV_SCAN_SAMPLES = 1 << 19,    /* what rules hold for, by findings->sample;
                                     nobody helps (ov_scanner_set_crew) */
    OV_SCAN_HEURISTICS = 1 << 20, /* rules for what is only suspicious count;
                                     they end no scan, and without
                                     OV_SCAN_ALL_MATCHES the first is told */
};

enum ov_rule_flag {
    OV_RULE_UNWANTED = 1,     /* PUA: verdict "unwanted", not "detected" */
    OV_RULE_OFFICIAL = 2,     /* from a container with a verified signature; in
                                 `overt clamscan` its name has no
                                 ".UNOFFICIAL" */
    OV_RULE_ALWAYS = 4,       /* may hold though no pattern of it matched */
    OV_RULE_MACRO_MEMBER = 8, /* only serves macro terms: never detected */
    OV_RULE_RAW_VIEW = 16,    /* holds for an object's bytes as they are; not
                                 looked for in normalized forms of them (YARA) */
    OV_RULE_MAGIC = 32,       /* says of which type an object is: never
                                 detected (a pattern of a .ftm) */
    OV_RULE_SUSPICIOUS = 64,  /* says that something is odd: verdict
                                 "suspicious" */
};

/* All-zero means the defaults. */
struct ov_scan_options {
    uint32_t flags;             /* enum ov_scan_flag */
    uint64_t limits[OV_N_COST]; /* 0: default; UINT64_MAX: none */
    uint64_t max_object; /* largest file or member looked at; 0: 100 MiB */
    uint32_t max_depth;  /* of nesting; 0: 17 */
    uint64_t bounds[OV_N_BOUNDS]; /* 0: default; UINT64_MAX: none */
    uint32_t alerts;         /* bit 1 << enum ov_alert: checks that are made */
    struct ov_span unwanted; /* with OV_SCAN_UNWANTED: categories of rules for
                                unwanted software that count, or with
                                OV_SCAN_UNWANTED_BUT those that do not:
                                ".Tool." or several, ".Tool.Game."; empty:
                                all count */
    uint64_t skip_types[2];  /* bit t: containers of that enum ov_type are
                                not unpacked (--scan-archive=no ...) */
    /* One large archive for several workers: with n_shards > 1 and shard 0 the
     * scan may decide that the file is worth it (findings->split) and then
     * looks at its share of the members only; the caller scans the same file
     * again with shard 1, 2 ... and takes the worst verdict, and of detections
     * the one with the lowest order. If what all shards spent together exceeds
     * a limit, the file is to be scanned again without shards, so that the
     * verdict is the same however many there were. */
    uint32_t n_shards; /* 0 or 1: do not split */
    uint32_t shard;
    int64_t now; /* seconds since 1970, for rules that ask; the library has no
                    clock */
    /* What the file is called and whose it is, for YARA rules that ask
     * ("filename", "owner"); empty: not known. */
    struct ov_span path;
    struct ov_span owner;
    struct ov_span report; /* a sandbox's, for YARA's module "cuckoo"; or
                              empty */
    /* What libmagic says of bytes (YARA's module "magic"): a description, or
     * the MIME type; borrowed until the next call. False: nothing. NULL: there
     * is no libmagic. */
    bool (*identify)(void *data, struct ov_span bytes, bool is_mime,
                     struct ov_span *ret);
    void *identify_data;
    /* The bytes are a process's memory: its regions, rising, none empty, one
     * behind the other. Each is looked through by itself, places are
     * addresses, there is no size, and nothing is unpacked. A list that is not
     * so makes the scan inconclusive. */
    const struct ov_region *regions; /* borrowed */
    size_t n_regions;                /* 0: a file */
    /* Passwords to try on encrypted content, one a line. */
    struct ov_span passwords;
};

/* Which object inside the scanned file: names from the outermost member to the
 * innermost, as the containers tell them (not trusted, escape to print). */
struct ov_object_path {
    const struct ov_span *names;
    size_t n;
};

/* What a rule says of itself: a YARA rule's meta data, and with an empty key
 * its tags; before them its namespace, if it was given one. */
struct ov_rule_note {
    struct ov_span key;
    struct ov_span value; /* a number as it is written in the source */

    enum ov_note_kind {
        OV_NOTE_TEXT,
        OV_NOTE_NUMBER,
        OV_NOTE_TRUTH, /* "true" or "false" */
        OV_NOTE_SPACE, /* its namespace; the key is "namespace" */
        OV_N_NOTE_KINDS
    } kind;
};

/* Where one term of a detection's rule matched. Only with OV_SCAN_EXPLAIN. */
struct ov_evidence {
    uint32_t term;
    uint64_t at;
    uint64_t len;
    struct ov_span bytes; /* the first few of them */
    const char *view;     /* "raw", "html", "text" ...: in which form */
    struct ov_span name;  /* what the rule calls the term, "$a"; or empty */
};

/* One place where a string of the rule that was told last matched. Only with
 * OV_SCAN_MATCHES: string by string, places rising. */
struct ov_string_match {
    struct ov_span name; /* "$a" */
    bool is_hex;         /* written in hexadecimal, so print its bytes so */
    uint64_t at;
    uint64_t len;
    struct ov_span bytes; /* the first OV_MATCH_BYTES_MAX of them */
};

#define OV_MATCH_BYTES_MAX 512

/* What one rule has cost in a scan; a rule that cost nothing is not told. Only
 * with OV_SCAN_PROFILE. Steps are those of the budget (OV_COST_STEPS). */
struct ov_rule_cost {
    struct ov_span rule;
    struct ov_span source;
    uint32_t line;
    uint64_t n_tried;     /* places where one of its patterns was tried */
    uint64_t n_evaluated; /* how often its condition was evaluated */
    uint64_t steps;       /* for both */
};

struct ov_detection {
    struct ov_span rule;
    struct ov_span source; /* the rule's file, as given to the compiler */
    uint32_t line;         /* in it */
    uint32_t flags;        /* enum ov_rule_flag */
    const char *kind;      /* "body", "hash", "section-hash", "member" ... */
    uint32_t type;         /* of the object: ov_type_name */
    struct ov_object_path path;
    uint64_t object_len;
    uint64_t order; /* of the outermost member it is in; 0: the file itself */
    const struct ov_evidence *evidence;
    size_t n_evidence;
    const struct ov_rule_note *notes; /* only with OV_SCAN_EXPLAIN */
    size_t n_notes;
};

/* Something that was not looked at. */
struct ov_inconclusive {
    enum ov_reason_kind kind;
    const char *detail;
    struct ov_object_path path;
    uint64_t at; /* offset in the object where it stopped */
};

/* What a scan tells while it runs. Everything is borrowed for the call. */
struct ov_findings {
    void (*detection)(void *data, const struct ov_detection *d);
    void (*inconclusive)(void *data, const struct ov_inconclusive *i);
    void (*match)(void *data, const struct ov_string_match *m);
    void (*cost)(void *data, const struct ov_rule_cost *c);
    /* This scan is now shard 0 of options->n_shards; see there. */
    void (*split)(void *data);
    /* Lines that rules print (YARA's module "console"), each with its newline,
     * safe to show. NULL: nobody reads them. */
    void (*console)(void *data, struct ov_span lines);
    /* All bytes of the object that the detection told last is about; only with
     * OV_SCAN_SAMPLES. NULL: nobody wants them. */
    void (*sample)(void *data, struct ov_span bytes);
    void *data;
};

/* What one scan came to. */
struct ov_outcome {
    enum ov_verdict verdict;
    uint32_t type;      /* of the outermost object */
    uint64_t n_objects; /* looked at */
    uint64_t n_bytes;   /* looked at, all objects and views together */
    uint64_t spent[OV_N_COST];
};
