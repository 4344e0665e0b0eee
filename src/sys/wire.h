/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/budget.h"
#include "sys/ipc.h"
#include "sys/sandbox.h"

/* The bodies of messages: one struct and a pair of functions each. put appends
 * to a message that ov_msg_begin started; read takes a whole body and is
 * OV_MALFORMED unless it ends exactly where it should. Spans are borrowed from
 * the body. What comes from a jailed process is as hostile as the file it
 * reads: texts are only to be printed escaped. */

/* ready, judge-ready: struct ov_jail. */
void ov_wire_put_jail(struct ov_buf *b, const struct ov_jail *jail);
OV_MUST_USE enum ov_status ov_wire_read_jail(struct ov_span body,
                                             struct ov_jail *ret);

/* An open may use several images: a tier message for each but the last. */
#define OV_WIRE_MAX_IMAGES 4

/* tier: the length of an image. */
void ov_wire_put_tier(struct ov_buf *b, uint64_t image_len);
OV_MUST_USE enum ov_status ov_wire_read_tier(struct ov_span body,
                                             uint64_t *ret);

/* open: the last image, and as struct ov_scan_options of engine/scan.h. */
#define OV_WIRE_MAX_UNWANTED 256

struct ov_wire_open {
    uint64_t image_len;
    uint32_t flags;
    uint32_t max_depth;
    uint64_t limits[OV_N_COST];
    uint64_t max_object;
    uint64_t skip_types[2];
    uint64_t bounds[OV_N_BOUNDS];
    uint32_t alerts;
    uint32_t unwanted_len; /* of unwanted; no more than there is room */
    uint8_t unwanted[OV_WIRE_MAX_UNWANTED];
    struct ov_span
        defines; /* for ov_scanner_define; at most OV_WIRE_MAX_DEFINES
                  */
};

#define OV_WIRE_MAX_DEFINES 32768

void ov_wire_put_open(struct ov_buf *b, const struct ov_wire_open *o);
OV_MUST_USE enum ov_status ov_wire_read_open(struct ov_span body,
                                             struct ov_wire_open *ret);

/* opened */
#define OV_WIRE_DIGEST 32
void ov_wire_put_digest(struct ov_buf *b, const uint8_t *digest);
OV_MUST_USE enum ov_status
ov_wire_read_digest(struct ov_span body, uint8_t ret[static OV_WIRE_DIGEST]);

/* task */
struct ov_wire_task {
    uint64_t len;
    uint32_t n_shards; /* as struct ov_scan_options has them */
    uint32_t shard;
    int64_t now;        /* the library and its jail have no clock */
    uint32_t n_regions; /* of a process: OV_WIRE_REGION bytes for each are in
                           the descriptor, behind the len bytes */
    uint32_t flags;     /* enum ov_scan_flag, beside those of open */
    /* As struct ov_scan_options has them; what is longer is cut. */
    struct ov_span path;
    struct ov_span owner;
};

#define OV_WIRE_MAX_FILE_PATH 32768

/* A region: its address and its length, 8 bytes each, little-endian. */
#define OV_WIRE_REGION 16
#define OV_WIRE_MAX_REGIONS 262144

void ov_wire_put_task(struct ov_buf *b, const struct ov_wire_task *t);
OV_MUST_USE enum ov_status ov_wire_read_task(struct ov_span body,
                                             struct ov_wire_task *ret);

/* aid: enum ov_aid and a length, as two numbers. */
enum ov_aid {
    OV_AID_REPORT,    /* of a sandbox: YARA's module "cuckoo" */
    OV_AID_MAGIC,     /* libmagic's compiled database: the module "magic" */
    OV_AID_WORDS,     /* of the owner's, a line each: for sample-facts */
    OV_AID_PASSWORDS, /* to try on encrypted content, a line each */
    OV_N_AID
};

/* progress, aid: two numbers. */
void ov_wire_put_two(struct ov_buf *b, uint64_t first, uint64_t second);
OV_MUST_USE enum ov_status ov_wire_read_two(struct ov_span body,
                                            uint64_t ret[static 2]);

#define OV_WIRE_MAX_PATH 32
#define OV_WIRE_MAX_EVIDENCE 24
#define OV_WIRE_MAX_NOTES 64

/* Names from the outermost member to the innermost. Too long a path is cut in
 * its middle. */
struct ov_wire_path {
    struct ov_span names[OV_WIRE_MAX_PATH];
    size_t n;
};

struct ov_wire_evidence {
    uint32_t term;
    uint64_t at;
    uint64_t len;
    struct ov_span bytes;
    struct ov_span view;
    struct ov_span name; /* "$a"; or empty */
};

struct ov_wire_detection {
    struct ov_span rule;
    struct ov_span source;
    uint32_t line;
    uint32_t flags; /* enum ov_rule_flag */
    struct ov_span kind;
    struct ov_span type;
    uint64_t object_len;
    uint64_t order; /* of the outermost member; 0: the file itself */
    struct ov_wire_path path;
    struct ov_wire_evidence evidence[OV_WIRE_MAX_EVIDENCE];
    size_t n_evidence;
    struct ov_rule_note notes[OV_WIRE_MAX_NOTES];
    size_t n_notes;
};

void ov_wire_put_detection(struct ov_buf *b, const struct ov_wire_detection *d);
OV_MUST_USE enum ov_status
ov_wire_read_detection(struct ov_span body, struct ov_wire_detection *ret);

/* matches: one after the other, to the end of the body; OV_WIRE_MATCH_MAX is
 * the room that one takes at most. Reading is false at the end, and then the
 * reader's status tells whether that was a good one. */
#define OV_WIRE_MATCH_MAX 700
void ov_wire_put_match(struct ov_buf *b, const struct ov_string_match *m);
bool ov_wire_read_match(struct ov_reader *r, struct ov_string_match *ret);

/* costs: in the same way. */
#define OV_WIRE_COST_MAX 8100
void ov_wire_put_cost(struct ov_buf *b, const struct ov_rule_cost *c);
bool ov_wire_read_cost(struct ov_reader *r, struct ov_rule_cost *ret);

struct ov_wire_inconclusive {
    struct ov_span reason;
    struct ov_span detail;
    uint64_t at;
    struct ov_wire_path path;
};

void ov_wire_put_inconclusive(struct ov_buf *b,
                              const struct ov_wire_inconclusive *i);
OV_MUST_USE enum ov_status
ov_wire_read_inconclusive(struct ov_span body,
                          struct ov_wire_inconclusive *ret);

struct ov_wire_outcome {
    uint32_t verdict; /* enum ov_verdict, unchecked */
    struct ov_span type;
    uint64_t n_objects;
    uint64_t n_bytes;
    uint64_t spent[OV_N_COST];
};

void ov_wire_put_outcome(struct ov_buf *b, const struct ov_wire_outcome *o);
OV_MUST_USE enum ov_status ov_wire_read_outcome(struct ov_span body,
                                                struct ov_wire_outcome *ret);

/* failed, refused. source is empty if no one source is at fault. */
struct ov_wire_failure {
    uint32_t status; /* enum ov_status, unchecked */
    uint32_t line;
    struct ov_span source;
    struct ov_span text;
};

void ov_wire_put_failure(struct ov_buf *b, const struct ov_wire_failure *f);
OV_MUST_USE enum ov_status ov_wire_read_failure(struct ov_span body,
                                                struct ov_wire_failure *ret);

/* compile */
struct ov_wire_compile {
    uint32_t n_threads;
    bool allow_unsigned;
    bool skip_errors;     /* leave out lines at fault instead of refusing all */
    bool wants_warnings;  /* tell what yara warns about */
    bool has_file_values; /* rules may ask for the file's name and so on */
    bool is_tier;         /* sources: records, and IDs that are withdrawn */
    struct ov_span key;   /* as ov_clamav_unpack takes it */
    struct ov_span defines; /* for ov_externals_parse; at most
                               OV_WIRE_MAX_DEFINES */
};

void ov_wire_put_compile(struct ov_buf *b, const struct ov_wire_compile *c);
OV_MUST_USE enum ov_status ov_wire_read_compile(struct ov_span body,
                                                struct ov_wire_compile *ret);

/* export */
void ov_wire_put_export(struct ov_buf *b, uint32_t as);
OV_MUST_USE enum ov_status ov_wire_read_export(struct ov_span body,
                                               uint32_t *ret);

/* file: a name, and what comes next in it. */
struct ov_wire_file {
    struct ov_span name;
    struct ov_span piece; /* at most OV_WIRE_MAX_PIECE */
};

#define OV_WIRE_MAX_PIECE 65000

void ov_wire_put_file(struct ov_buf *b, const struct ov_wire_file *f);
OV_MUST_USE enum ov_status ov_wire_read_file(struct ov_span body,
                                             struct ov_wire_file *ret);

/* show */
struct ov_wire_show {
    uint32_t what; /* enum ov_judge_show, unchecked */
    uint64_t image_len;
    struct ov_span name;
};

void ov_wire_put_show(struct ov_buf *b, const struct ov_wire_show *s);
OV_MUST_USE enum ov_status ov_wire_read_show(struct ov_span body,
                                             struct ov_wire_show *ret);

/* What OV_JUDGE_PROOF reads from its descriptor. */
#define OV_WIRE_PROOF_MAX ((size_t)1 << 20)

struct ov_wire_proof {
    uint64_t now;     /* POSIX seconds */
    uint64_t max_age; /* of cosignatures, in seconds; 0: any */
    struct ov_span policy;
    struct ov_span entry;
    struct ov_span proof;
};

void ov_wire_put_proof(struct ov_buf *b, const struct ov_wire_proof *p);
OV_MUST_USE enum ov_status ov_wire_read_proof(struct ov_span bytes,
                                              struct ov_wire_proof *ret);

/* source */
struct ov_wire_source {
    uint64_t len;
    struct ov_span name;
    struct ov_span space; /* YARA rules of this namespace, whatever the name */
};

void ov_wire_put_source(struct ov_buf *b, const struct ov_wire_source *s);
OV_MUST_USE enum ov_status ov_wire_read_source(struct ov_span body,
                                               struct ov_wire_source *ret);

/* include: which of the files given so far, and the path as it is written. */
struct ov_wire_include {
    uint32_t file;
    struct ov_span path;
};

void ov_wire_put_include(struct ov_buf *b, const struct ov_wire_include *i);
OV_MUST_USE enum ov_status ov_wire_read_include(struct ov_span body,
                                                struct ov_wire_include *ret);

/* skip */
struct ov_wire_skip {
    struct ov_span source;
    uint32_t line;
    uint32_t n;
    bool is_error;
    struct ov_span why;
    struct ov_span what;
};

void ov_wire_put_skip(struct ov_buf *b, const struct ov_wire_skip *s);
OV_MUST_USE enum ov_status ov_wire_read_skip(struct ov_span body,
                                             struct ov_wire_skip *ret);

/* compiled: as struct ov_compile_report of rules/compile.h. */
struct ov_wire_compiled {
    uint64_t image_len;
    uint8_t digest[OV_WIRE_DIGEST];
    uint64_t n_rules;
    uint64_t n_hashes;
    uint64_t n_patterns;
    uint64_t n_skipped;
    uint64_t n_ignored;
    uint64_t n_weak;
    uint64_t n_included; /* not told: how many files were asked for */
};

void ov_wire_put_compiled(struct ov_buf *b, const struct ov_wire_compiled *c);
OV_MUST_USE enum ov_status ov_wire_read_compiled(struct ov_span body,
                                                 struct ov_wire_compiled *ret);
