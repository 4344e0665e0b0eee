/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "formats/type.h"
#include "rules/clamav_hex.h"
#include "rules/clamav_place.h"
#include "rules/clamav_tdb.h"
#include "rules/clamav_type.h"
#include "rules/condition.h"

/* The small databases:
 *
 *   .ign2 .ign   name, name:md5 of the rule's line, database:line:name
 *   .pwdb        name;target description;0|1;password, plain or hexadecimal
 *   .ftm         kind:offset:magic:name:required type:type[:minlevel[:max]]
 *
 * Of the third form of an ignored rule clamscan 1.4.6 uses the name only.
 * Passwords are for any container, ZIP or RAR. Kinds of magic are 0 (bytes at
 * an offset), 1 (a body pattern) and 4 (as 0, of partitions).
 *
 * Source: ClamAV manual, "Allow list databases", "Passwords for archive
 * files", "File type magic"; clamscan 1.4.6. */

#define IGN_FIELDS 4
#define MIN_NAME_BEFORE_MD5 3
#define PWDB_FIELDS 4
#define FTM_FIELDS 8
#define FTM_FIELDS_MIN 6

enum ov_status ov_clam_ign_line(struct ov_clam_job *job)
{
    struct ov_span f[IGN_FIELDS];
    size_t n = ov_clam_split(job->text, ':', f, IGN_FIELDS);
    struct ov_ignore ignore = {.line = job->line};
    struct ov_ignore *slot;

    if (n == IGN_FIELDS)
        return ov_clam_refuse(job, "expected at most 3 fields", job->text);
    ignore.name = n == 3 ? f[2] : f[0];
    if (ignore.name.len == 0)
        return ov_clam_refuse(job, "the name is missing", job->text);
    if (n == 2) {
        if (ignore.name.len < MIN_NAME_BEFORE_MD5 ||
            !ov_hex_decode(f[1], ignore.md5, sizeof(ignore.md5)))
            return ov_clam_refuse(job, "expected name:md5", job->text);
        ignore.has_md5 = true;
    }
    slot = ov_part_add(&job->part->ignores);
    if (slot == NULL)
        return OV_NO_MEMORY;
    *slot = ignore;
    return OV_OK;
}

/* A password as it is used. */
static enum ov_status read_word(struct ov_clam_job *job, struct ov_span kind,
                                struct ov_span text, struct ov_span *ret,
                                struct ov_clam_fault *fault)
{
    uint8_t *bytes;

    if (!ov_clam_is_number(kind))
        return ov_clam_fault(fault, "the third field is 0 or 1", kind);
    if (ov_clam_number(kind) > 1) {
        *fault = (struct ov_clam_fault){"unknown kind of password", kind};
        return OV_UNSUPPORTED;
    }
    job->has_entry = true;
    *ret = text;
    if (ov_clam_number(kind) == 0)
        return OV_OK;
    bytes = ov_arena_alloc(job->part->arena, text.len / 2 + 1);
    if (bytes == NULL)
        return OV_NO_MEMORY;
    if (!ov_hex_decode(text, bytes, text.len / 2))
        return ov_clam_fault(fault, "not hexadecimal", text);
    *ret = ov_span_of(bytes, text.len / 2);
    return OV_OK;
}

static enum ov_status read_password(struct ov_clam_job *job,
                                    const struct ov_span *f,
                                    struct ov_password *ret,
                                    struct ov_clam_fault *fault)
{
    OV_AUTO_DONE(buf) code = ov_buf_with_max(1 << 16);
    struct ov_clam_tdb tdb;
    enum ov_status s = ov_clam_tdb(f[1], &code, &tdb, fault);

    /* Here ClamAV refuses what it leaves out elsewhere. */
    if (s == OV_UNSUPPORTED)
        return OV_MALFORMED;
    OV_TRY(s);
    if (tdb.container != OV_TYPE_ANY && tdb.container != OV_TYPE_ZIP &&
        tdb.container != OV_TYPE_RAR)
        return ov_clam_fault(fault, "passwords are for ZIP and RAR", f[1]);
    *ret = (struct ov_password){
        .name = f[0], .line = job->line, .container = tdb.container};
    return read_word(job, f[2], f[3], &ret->word, fault);
}

/* Hands a fault on; OV_OK if the line has been dealt with by that. */
static enum ov_status settle(struct ov_clam_job *job, enum ov_status s,
                             const struct ov_clam_fault *fault, bool *ret_go_on)
{
    *ret_go_on = s == OV_OK;
    if (s == OV_UNSUPPORTED)
        return ov_clam_skip(job, fault->why, fault->what);
    if (s == OV_MALFORMED)
        return ov_clam_refuse(job, fault->why, fault->what);
    return s;
}

enum ov_status ov_clam_pwdb_line(struct ov_clam_job *job)
{
    struct ov_span f[PWDB_FIELDS + 1];
    size_t n = ov_clam_split(job->text, ';', f, PWDB_FIELDS + 1);
    struct ov_clam_fault fault = {0};
    struct ov_password password = {0};
    struct ov_password *slot;
    bool go_on;

    if (n < PWDB_FIELDS)
        return ov_clam_refuse(
            job, "expected name;target description;0 or 1;password", job->text);
    OV_TRY(
        settle(job, read_password(job, f, &password, &fault), &fault, &go_on));
    if (!go_on)
        return OV_OK;
    slot = ov_part_add(&job->part->passwords);
    if (slot == NULL)
        return OV_NO_MEMORY;
    *slot = password;
    return OV_OK;
}

static enum ov_status magic_type(struct ov_span name, uint32_t *ret,
                                 struct ov_clam_fault *fault)
{
    switch (ov_clam_type_of(name, ret)) {
    case OV_CLAM_TYPE_KNOWN:
        return OV_OK;
    case OV_CLAM_TYPE_NOT_TOLD:
        *fault =
            (struct ov_clam_fault){"file type that is not told apart", name};
        return OV_UNSUPPORTED;
    case OV_CLAM_TYPE_UNKNOWN:
        break;
    }
    return ov_clam_fault(fault, "unknown file type", name);
}

/* Plain bytes at a plain offset. */
static enum ov_status read_direct(struct ov_clam_job *job,
                                  const struct ov_span *f,
                                  struct ov_magic_rule *ret,
                                  struct ov_clam_fault *fault)
{
    size_t n = f[2].len / 2;
    uint8_t *bytes = ov_arena_alloc(job->part->arena, n + 1);

    if (bytes == NULL)
        return OV_NO_MEMORY;
    if (!ov_clam_is_number(f[1]))
        return ov_clam_fault(fault, "the offset is a number", f[1]);
    if (f[2].len % 2 != 0)
        return ov_clam_fault(fault, "an odd number of digits", f[2]);
    if (!ov_hex_decode(f[2], bytes, n))
        return ov_clam_fault(fault, "not hexadecimal", f[2]);
    ret->offset = (uint64_t)ov_clam_number(f[1]);
    ret->bytes = ov_span_of(bytes, n);
    return OV_OK;
}

/* A body pattern of a type that is not told: only looked at, so that a wrong
 * one is refused. */
static enum ov_status check_pattern(struct ov_clam_job *job,
                                    const struct ov_span *f,
                                    struct ov_clam_fault *fault)
{
    struct ov_clam_fault unused = *fault;
    struct ov_pattern pattern = {0};
    enum ov_status status;

    OV_TRY(ov_clam_place(f[1], 0, &pattern.place, fault));
    status = ov_clam_hex(f[2], false, job->part->arena, &pattern, fault);
    if (status == OV_OK)
        *fault = unused; /* which says what is not told */
    return status;
}

/* A condition that holds where the pattern matches, in objects of type `from`,
 * and says that they are of type `to`. */
static enum ov_status put_condition(struct ov_arena *arena, uint32_t from,
                                    uint32_t to, struct ov_span *ret)
{
    OV_AUTO_DONE(buf) code = ov_buf_with_max(64);

    ov_cond_put1(&code, OV_COND_TERM, 0);
    ov_cond_put(&code, OV_COND_TRUTH);
    if (from != OV_TYPE_ANY) {
        ov_cond_put1(&code, OV_COND_TYPE, from);
        ov_cond_put(&code, OV_COND_AND);
    }
    ov_cond_put1(&code, OV_COND_HANDLER, to);
    ov_cond_put(&code, OV_COND_AND);
    OV_TRY(ov_buf_status(&code));
    return ov_arena_copy(arena, ov_buf_span(&code), ret) ? OV_OK : OV_NO_MEMORY;
}

/* A body pattern is a rule of its own, which is never detected. The name is
 * words for people and may be empty; the type's own name stands for it then. */
static enum ov_status add_pattern(struct ov_clam_job *job,
                                  const struct ov_span *f, uint32_t from,
                                  uint32_t to, struct ov_clam_fault *fault)
{
    struct ov_arena *arena = job->part->arena;
    struct ov_term *term = ov_arena_alloc(arena, sizeof(*term));
    struct ov_rule *rule;
    struct ov_span condition;

    if (term == NULL)
        return OV_NO_MEMORY;
    term->kind = OV_TERM_PATTERN;
    OV_TRY(ov_clam_place(f[1], 0, &term->pattern.place, fault));
    OV_TRY(ov_clam_hex(f[2], false, arena, &term->pattern, fault));
    OV_TRY(put_condition(arena, from, to, &condition));
    rule = ov_part_add(&job->part->rules);
    if (rule == NULL)
        return OV_NO_MEMORY;
    *rule = (struct ov_rule){.name = f[3].len > 0 ? f[3] : f[5],
                             .line = job->line,
                             .flags = OV_RULE_MAGIC,
                             .targets = UINT32_MAX,
                             .terms = term,
                             .n_terms = 1,
                             .condition = condition};
    return OV_OK;
}

static enum ov_status read_types(const struct ov_span *f, uint32_t *ret_from,
                                 uint32_t *ret_to, struct ov_clam_fault *fault)
{
    enum ov_status from = magic_type(f[4], ret_from, fault);
    enum ov_status to;

    if (from == OV_MALFORMED)
        return from;
    to = magic_type(f[5], ret_to, fault);
    return to == OV_OK ? from : to;
}

static enum ov_status read_magic(struct ov_clam_job *job,
                                 const struct ov_span *f,
                                 struct ov_magic_rule *ret,
                                 struct ov_clam_fault *fault)
{
    uint32_t from;
    enum ov_status types = read_types(f, &from, &ret->type, fault);
    int64_t kind = ov_clam_number(f[0]);

    if (types == OV_MALFORMED)
        return types;
    if (!ov_clam_is_number(f[0]))
        return ov_clam_fault(fault, "the kind is a number", f[0]);
    if (kind != OV_MAGIC_BYTES && kind != OV_MAGIC_PATTERN &&
        kind != OV_MAGIC_PARTITION) {
        *fault = (struct ov_clam_fault){"unknown kind of magic", f[0]};
        return OV_UNSUPPORTED;
    }
    job->has_entry = true;
    ret->line = job->line;
    ret->name = f[3];
    ret->kind = (enum ov_magic_kind)kind;
    if (kind != OV_MAGIC_PATTERN)
        OV_TRY(read_direct(job, f, ret, fault));
    else if (types == OV_OK && ret->type != OV_TYPE_ANY)
        OV_TRY(add_pattern(job, f, from, ret->type, fault));
    else
        OV_TRY(check_pattern(job, f, fault));
    return types;
}

enum ov_status ov_clam_ftm_line(struct ov_clam_job *job)
{
    struct ov_span f[FTM_FIELDS + 1];
    size_t n = ov_clam_split(job->text, ':', f, FTM_FIELDS + 1);
    struct ov_clam_fault fault = {0};
    struct ov_magic_rule magic = {0};
    struct ov_magic_rule *slot;
    bool go_on;

    if (n < FTM_FIELDS_MIN || n > FTM_FIELDS)
        return ov_clam_refuse(job, "expected 6 to 8 fields between colons",
                              job->text);
    for (size_t i = FTM_FIELDS_MIN; i < n; i++)
        if (!ov_clam_is_number(f[i]))
            return ov_clam_refuse(job, "a functionality level is a number",
                                  f[i]);
    if (!ov_clam_in_level(f + FTM_FIELDS_MIN, n - FTM_FIELDS_MIN))
        return ov_clam_skip(job, "for another functionality level", f[3]);
    OV_TRY(settle(job, read_magic(job, f, &magic, &fault), &fault, &go_on));
    if (!go_on)
        return OV_OK;
    slot = ov_part_add(&job->part->magics);
    if (slot == NULL)
        return OV_NO_MEMORY;
    *slot = magic;
    return OV_OK;
}
