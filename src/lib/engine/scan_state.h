/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "engine/ahead.h"
#include "engine/evaluate.h"
#include "engine/profile.h"
#include "engine/scan.h"
#include "engine/share.h"
#include "engine/silenced.h"
#include "formats/normal.h"
#include "rules/externals.h"
#include "rules/notes.h"

/* What scan.c, examine.c and report.c share about one scan. */

#define OV_SCAN_MAX_DEPTH 64
#define OV_ALERTS_KEPT 8
#define OV_SCRATCH_KEEP ((size_t)4 << 20) /* memory held between objects */

/* One level of nesting: an object, and its unpacker while its members are
 * looked at. Buffers stay for the next file. */
struct ov_frame {
    struct ov_object object;
    struct ov_buf bytes; /* a member's content; unused for the file itself */
    struct ov_unpacker *unpacker;

    enum ov_allowed {
        OV_ALLOWED_UNKNOWN,
        OV_ALLOWED_NO,
        OV_ALLOWED_YES,
    } allowed;
};

struct ov_scanner {
    struct ov_image *images[OV_MAX_TIERS];
    struct ov_matcher *matchers[OV_MAX_TIERS];
    size_t n_tiers;
    struct ov_crew *crew;   /* NULL: nobody helps */
    struct ov_share *share; /* NULL: nothing was shared yet */
    struct ov_ahead ahead;
    struct ov_silenced silenced;
    struct ov_regex_cache *regexes;

    /* External variables of each image. */
    struct {
        struct ov_external *list;
        struct ov_datum *values; /* of the list, as conditions want them */
        size_t n;
    } externals[OV_MAX_TIERS];

    struct ov_arena *lasting; /* what was read from the images once */
    struct ov_arena *names;   /* of one scan */
    struct ov_arena *scratch; /* of one object's examination */
    const struct ov_member_rule *member_rules;
    size_t n_member_rules;
    struct ov_span *passwords;
    size_t n_passwords;
    const struct ov_magic_rule *magics; /* instead of the built-in ones */
    size_t n_magics;
    const struct ov_icon_rule *icons;
    size_t n_icons;
    struct ov_profile *profile; /* NULL until it is asked for */
    struct ov_buf text;         /* normalised forms of the object at hand */
    struct ov_buf console;      /* lines that its rules print */
    struct ov_html_views html;
    struct ov_frame frames[OV_SCAN_MAX_DEPTH + 1];
};

#define OV_REPORTED_LINES 1024u

struct ov_scan {
    struct ov_scanner *scanner;
    const struct ov_findings *findings;
    uint32_t flags; /* enum ov_scan_flag */
    uint64_t max_object;
    uint32_t max_depth;
    const struct ov_scan_options *options;
    struct ov_regions regions; /* of a process; n 0: a file is scanned */
    struct ov_budget budget;
    size_t top;      /* the frame being looked at */
    uint64_t order;  /* of the outermost member being looked at */
    uint64_t n_told; /* bytes that the members before it say they have */
    bool is_split;   /* only this shard's members are looked at */

    struct ov_reported {
        size_t tier;
        uint32_t rule;
        struct ov_reported *next;
    } * *reported; /* rules that held for the top object, in some view of it:
                      OV_REPORTED_LINES of them, by number; NULL: none yet */

    bool is_apart;       /* of one member, by a helper (share.c) */
    bool is_alone;       /* nothing is shared */
    bool is_void;        /* is to be done again, alone */
    uint64_t n_findings; /* told */
    uint64_t n_to_skip;  /* findings that were told before */
    struct ov_detection alerts[OV_ALERTS_KEPT]; /* told at the end */
    size_t n_alerts;

    uint64_t bounds[OV_N_BOUNDS]; /* with defaults */

    bool is_stopped; /* a detection ended it, or a limit of the whole scan */
    bool has_detected;
    bool has_unwanted;
    bool has_suspicious;
    bool has_inconclusive;
    bool has_trusted;
    struct ov_outcome outcome;
};

/* examine.c: looks at the object of the top frame itself, not at its members.
 */
void ov_examine(struct ov_scan *scan);

/* Matches one view of the top frame's object and evaluates the rules of which
 * a pattern occurred. */
void ov_examine_view(struct ov_scan *scan, const struct ov_view *view);

/* tiers.c: opens matchers over the images, and gathers what they have few of.
 */
OV_MUST_USE enum ov_status ov_tiers_open(struct ov_scanner *s,
                                         struct ov_image *const *images,
                                         size_t n, struct ov_diag *diag);
void ov_tiers_close(struct ov_scanner *s);

/* ov_lookup_wanted over all tiers. */
uint32_t ov_tiers_wanted(struct ov_scanner *s, enum ov_hash_of of,
                         uint64_t size);

/* Some page of some image is damaged: no rule can be believed any more. */
bool ov_tiers_are_damaged(const struct ov_scanner *s);

/* The evaluation of rules of one tier, of which these matched in the view. */
struct ov_evaluation ov_evaluation_of(struct ov_scan *scan,
                                      const struct ov_view *view, size_t tier,
                                      const struct ov_hits *hits,
                                      struct ov_machines *machines);

/* One pass over the view for all tiers; ret_hits has room for OV_MAX_TIERS. */
void ov_match_view(struct ov_scan *scan, const struct ov_view *view,
                   struct ov_hits *ret_hits);

/* magic.c: the top object's type, by the images' magics if there are some. */
void ov_identify(struct ov_scan *scan);

/* As far as it can be told without patterns. */
enum ov_type ov_magic_identify(const struct ov_scanner *s,
                               struct ov_span bytes);

/* What a partition of a disk holds; OV_TYPE_PARTITION if no magic says. */
enum ov_type ov_magic_partition(const struct ov_scanner *s,
                                struct ov_span bytes);

/* Whether type t is still told as without any magics of images. */
bool ov_magic_is_built_in(const struct ov_scanner *s, enum ov_type t);

/* A pattern of this type was found somewhere in the object. */
void ov_magic_found(struct ov_object *o, enum ov_type type);

/* views.c: the normalised views of the top frame's object, if it is text. */
void ov_examine_normalised(struct ov_scan *scan);

/* passwords.c: what is to be tried on what o holds; lives as long as the scan
 * of the file. */
void ov_scan_passwords(struct ov_scan *scan, const struct ov_object *o,
                       struct ov_unpack_job *job);

/* member.c: tries the rules about a container's members on the top frame's
 * object, whose headers are in member (its name is not read). */
void ov_examine_member(struct ov_scan *scan, const struct ov_member *member);

/* explain.c: what a report tells of a rule beside its name. Where its first
 * terms matched, and what it says of itself. */
void ov_explain(const struct ov_evaluation *e, const struct ov_rule_view *rule,
                const struct ov_notes *notes, struct ov_detection *d);

/* Tells each match of its strings. */
void ov_explain_matches(struct ov_scan *scan, const struct ov_evaluation *e,
                        const struct ov_rule_view *rule,
                        const struct ov_notes *notes);

/* report.c: says that rule d (path, type and object_len are filled in) holds
 * for the top frame's object. False if an allow list or an option speaks
 * against it. */
bool ov_report_detection(struct ov_scan *scan, struct ov_detection *d);

/* Says what is whole already (a helper's scan has said it). */
void ov_report_tell_detection(struct ov_scan *scan,
                              const struct ov_detection *d);
void ov_report_tell_inconclusive(struct ov_scan *scan,
                                 const struct ov_inconclusive *i);
/* module_data.c: tells the console what modules say, for each of n images. */
void ov_examine_modules(struct ov_scan *scan, const struct ov_evaluation *e,
                        size_t n);

void ov_report_tell_console(struct ov_scan *scan, struct ov_span lines);

/* The engine's own check of that name struck on the top frame's object: kept
 * for ov_report_alerts, or told at once, as options want it. */
void ov_report_alert(struct ov_scan *scan, const char *name);

/* Hands on what a helper kept, and keeps what a helper handed on: false if d
 * is no alert of that kind. */
void ov_report_alerts_apart(struct ov_scan *scan);
bool ov_report_keep_alert(struct ov_scan *scan, const struct ov_detection *d);

/* Whether it is to be told, if it is one that is only suspicious; others are.
 */
bool ov_report_is_new_suspicion(const struct ov_scan *scan,
                                const struct ov_detection *d);

/* At the end: what was kept, if it is still worth telling. */
void ov_report_alerts(struct ov_scan *scan);

/* alerts.c: the engine's own checks of the top frame's object. */
void ov_examine_alerts(struct ov_scan *scan);

/* Something about the top frame's object was not looked at. */
void ov_report_inconclusive(struct ov_scan *scan, enum ov_reason_kind kind,
                            const char *detail, uint64_t at);

/* The reason that goes with a status that ended some part of the work. detail
 * is used for damage; limits name themselves. */
void ov_report_status(struct ov_scan *scan, enum ov_status status,
                      const char *detail, uint64_t at);
