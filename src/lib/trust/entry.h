/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* Entries of the log: the text of a signed note, one fact per line. Strict: a
 * text that parses is the only one that says what it says, so that
 * ov_put_entry gives back its bytes. Grammar: entry.def,
 * docs/protocol-entries.md. Signatures are people.h's business. */

enum ov_entry_type {
#define OV_ENTRY(id, name, people, builders, ci, rebuilders, legal, trustees)  \
    OV_ENTRY_##id,
#define OV_FIELD(id, name, shape, count)
#include "trust/entry.def"
#undef OV_ENTRY
#undef OV_FIELD
    OV_N_ENTRY
};

/* A whole note fits in an entry bundle's uint16 (c2sp.org/tlog-tiles). */
#define OV_ENTRY_MAX 65535
#define OV_ENTRY_MAX_LINES 64

struct ov_entry_line {
    struct ov_span name;
    struct ov_span value; /* of its field's shape, without the newline */
};

struct ov_entry {
    enum ov_entry_type type;
    struct ov_span instance; /* "overt.example" */
    struct ov_entry_line lines[OV_ENTRY_MAX_LINES];
    size_t n_lines;
};

/* "rule-change". */
const char *ov_entry_type_name(enum ov_entry_type type);

/* Whose signatures the type needs: as many as the people file wants of each
 * group that is true here. */
struct ov_entry_needs {
    bool people;
    bool builders;
    bool ci;
    bool rebuilders;
    bool legal;
    bool trustees;
};
struct ov_entry_needs ov_entry_needs(enum ov_entry_type type);

/* text: of a note whose signatures hold; borrowed by *ret. OV_MALFORMED with
 * line and words in diag, OV_UNSUPPORTED for an unknown type or version,
 * OV_LIMIT_SIZE, OV_LIMIT_COUNT. */
OV_MUST_USE enum ov_status
ov_entry_parse(struct ov_span text, struct ov_entry *ret, struct ov_diag *diag);

/* Appends the text. */
void ov_put_entry(struct ov_buf *b, const struct ov_entry *e);

/* Puts text together: the first line, then lines; ov_entry_parse afterwards
 * tells whether they are the type's. */
void ov_put_entry_head(struct ov_buf *b, const char *instance,
                       enum ov_entry_type type);
void ov_put_entry_line(struct ov_buf *b, const char *name, const char *format,
                       ...) __attribute__((format(printf, 3, 4)));

/* The nth value (from 0) of a field; false if there is none. */
bool ov_entry_value(const struct ov_entry *e, const char *name, size_t nth,
                    struct ov_span *ret);
bool ov_entry_is(const struct ov_entry *e, const char *name, const char *value);
/* Of a NUMBER; false if the line is not there. */
bool ov_entry_number(const struct ov_entry *e, const char *name, uint64_t *ret);
/* Of a DIGEST or DIGEST_SIZE (ret_size may be NULL). */
bool ov_entry_digest(const struct ov_entry *e, const char *name,
                     uint8_t ret[static 32], uint64_t *ret_size);
/* Of a RANGE: [from, to). */
bool ov_entry_range(const struct ov_entry *e, const char *name,
                    uint64_t *ret_from, uint64_t *ret_to);

/* A digest value as it stands in entries, "sha256:" and 64 digits. */
bool ov_entry_parse_digest(struct ov_span value, uint8_t ret[static 32]);
void ov_put_entry_digest(struct ov_buf *b, const uint8_t digest[static 32]);

/* "2026-11-22T10:00:00Z" as seconds since 1970 and back; "2026-11-22" as the
 * first second of that day. false: not a time in years 1970 to 9999. */
bool ov_time_parse(struct ov_span text, uint64_t *ret);
bool ov_date_parse(struct ov_span text, uint64_t *ret);
void ov_put_time(struct ov_buf *b, uint64_t time);
void ov_put_date(struct ov_buf *b, uint64_t time);

/* "2026H2", the second half of that year: its first second, and that of the
 * next half. */
bool ov_period_parse(struct ov_span text, uint64_t *ret_from, uint64_t *ret_to);
/* The half-year that a time is in. */
void ov_put_period(struct ov_buf *b, uint64_t time);
