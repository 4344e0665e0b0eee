/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/clamav.h"

#include "base/assert.h"
#include "base/text.h"
#include "rules/clamav_job.h"

/* Reading a ClamAV database line by line.
 *
 * All of ClamAV's text databases are lines of fields between colons (or
 * semicolons). Each format has one function that reads one line; this file
 * finds the lines, numbers them, and keeps the two kinds of failure apart that
 * ClamAV knows: a line that is left out (for another version of the engine, or
 * something that we do not run), and a line for which the whole database is
 * refused. Which is which was found out by asking clamscan 1.4.6 line by line
 * (tests/oracle/clamav_lines.py). After a refused line we read on, so that a
 * user sees all that is wrong at once.
 *
 * Source: ClamAV manual, "Signatures". */

static const char *const extensions[] = {
#define OV_CLAMAV(id, extension, what) [id] = extension,
#include "rules/clamav_formats.def"
#undef OV_CLAMAV
};

bool ov_clamav_format_of(struct ov_span name, enum ov_clamav_format *ret)
{
    for (int i = 0; i < OV_N_CLAMAV_FORMATS; i++) {
        struct ov_span ext = ov_span_str(extensions[i]);
        struct ov_span end;

        if (name.len > ext.len + 1 &&
            ov_span_sub(name, name.len - ext.len, ext.len, &end) &&
            ov_span_byte(name, name.len - ext.len - 1) == '.' &&
            ov_span_equal_nocase(end, ext)) {
            *ret = (enum ov_clamav_format)i;
            return true;
        }
    }
    return false;
}

bool ov_clamav_is_container(enum ov_clamav_format f)
{
    return f == OV_CLAMAV_CVD || f == OV_CLAMAV_CLD || f == OV_CLAMAV_CUD;
}

/* How each format is read. */
struct format {
    enum ov_status (*line)(struct ov_clam_job *job);
    const char *not_run; /* if line is NULL: why */
    uint32_t rule_flags; /* enum ov_rule_flag */
    bool has_long_lines; /* up to OV_CLAM_LONG_LINE_MAX */
    bool needs_entry;    /* a database without one is refused */
    bool has_comments;   /* a line that begins with '#' is none */
};

static enum ov_status refuse_info(struct ov_clam_job *job)
{
    return ov_clam_refuse(
        job, "a .info file belongs into a container; remove it", job->text);
}

static const struct format formats[OV_N_CLAMAV_FORMATS] = {
    [OV_CLAMAV_HDB] = {.line = ov_clam_hash_line, .has_comments = true},
    [OV_CLAMAV_HSB] = {.line = ov_clam_hash_line, .has_comments = true},
    [OV_CLAMAV_HDU] = {.line = ov_clam_hash_line,
                       .rule_flags = OV_RULE_UNWANTED,
                       .has_comments = true},
    [OV_CLAMAV_HSU] = {.line = ov_clam_hash_line,
                       .rule_flags = OV_RULE_UNWANTED,
                       .has_comments = true},
    [OV_CLAMAV_MDB] = {.line = ov_clam_hash_line, .has_comments = true},
    [OV_CLAMAV_MSB] = {.line = ov_clam_hash_line, .has_comments = true},
    [OV_CLAMAV_MDU] = {.line = ov_clam_hash_line,
                       .rule_flags = OV_RULE_UNWANTED,
                       .has_comments = true},
    [OV_CLAMAV_MSU] = {.line = ov_clam_hash_line,
                       .rule_flags = OV_RULE_UNWANTED,
                       .has_comments = true},
    [OV_CLAMAV_IMP] = {.line = ov_clam_hash_line, .has_comments = true},
    [OV_CLAMAV_FP] = {.line = ov_clam_hash_line, .has_comments = true},
    [OV_CLAMAV_SFP] = {.line = ov_clam_hash_line, .has_comments = true},
    [OV_CLAMAV_NDB] = {.line = ov_clam_ndb_line, .has_comments = true},
    [OV_CLAMAV_LDB] = {.line = ov_clam_ldb_line,
                       .has_long_lines = true,
                       .has_comments = true},
    [OV_CLAMAV_LDU] = {.line = ov_clam_ldb_line,
                       .rule_flags = OV_RULE_UNWANTED,
                       .has_long_lines = true,
                       .has_comments = true},
    [OV_CLAMAV_DB] = {.line = ov_clam_db_line, .has_comments = true},
    [OV_CLAMAV_SDB] = {.line = ov_clam_ndb_line, .has_comments = true},
    [OV_CLAMAV_ZMD] = {.line = ov_clam_md_line, .has_comments = true},
    [OV_CLAMAV_RMD] = {.line = ov_clam_md_line, .has_comments = true},
    [OV_CLAMAV_CDB] = {.line = ov_clam_cdb_line, .has_comments = true},
    [OV_CLAMAV_IGN] = {.line = ov_clam_ign_line, .has_comments = true},
    [OV_CLAMAV_IGN2] = {.line = ov_clam_ign_line, .has_comments = true},
    [OV_CLAMAV_FTM] = {.line = ov_clam_ftm_line,
                       .needs_entry = true,
                       .has_comments = true},
    [OV_CLAMAV_PWDB] = {.line = ov_clam_pwdb_line,
                        .needs_entry = true,
                        .has_comments = true},
    [OV_CLAMAV_INFO] = {.line = refuse_info},
    [OV_CLAMAV_IDB] = {.line = ov_clam_idb_line, .has_comments = true},
    [OV_CLAMAV_CFG] = {.not_run = "engine settings are not used"},
    [OV_CLAMAV_CBC] = {.not_run = "bytecode is not run"},
    [OV_CLAMAV_PDB] = {.not_run = "phishing lists are not used"},
    [OV_CLAMAV_GDB] = {.not_run = "phishing lists are not used"},
    [OV_CLAMAV_WDB] = {.not_run = "phishing lists are not used"},
    [OV_CLAMAV_CRB] = {.not_run = "trusted certificates are not used"},
    [OV_CLAMAV_CAT] = {.not_run = "Microsoft catalogs are not used"},
    [OV_CLAMAV_NDU] = {.line = ov_clam_ndb_line,
                       .rule_flags = OV_RULE_UNWANTED,
                       .has_comments = true},
};

/* The offending text for a person: escaped, cut to what a diagnosis holds. */
static void put_diag(struct ov_clam_job *job, const char *why,
                     struct ov_span what)
{
    OV_AUTO_DONE(buf) shown = ov_buf_with_max(1024);

    ov_put_escaped(&shown, ov_span_clip(what, 0, 60));
    if (what.len > 60)
        ov_put_str(&shown, "...");
    (void)ov_diag_set(job->diag, OV_MALFORMED, job->line, "%s: '%.*s'", why,
                      (int)shown.len, shown.len ? (const char *)shown.ptr : "");
}

static enum ov_status add_skip(struct ov_clam_job *job, bool is_error,
                               const char *why, struct ov_span what)
{
    struct ov_skip *skip = ov_part_add(&job->part->skips);

    if (skip == NULL)
        return OV_NO_MEMORY;
    *skip = (struct ov_skip){.line = job->line,
                             .n = 1,
                             .is_error = is_error,
                             .why = ov_span_str(why),
                             .what = what};
    return OV_OK;
}

enum ov_status ov_clam_refuse(struct ov_clam_job *job, const char *why,
                              struct ov_span what)
{
    if (!job->is_refused)
        put_diag(job, why, what);
    job->is_refused = true;
    return add_skip(job, true, why, what);
}

enum ov_status ov_clam_skip(struct ov_clam_job *job, const char *why,
                            struct ov_span what)
{
    return add_skip(job, false, why, what);
}

enum ov_status ov_clam_fault(struct ov_clam_fault *fault, const char *why,
                             struct ov_span what)
{
    *fault = (struct ov_clam_fault){why, what};
    return OV_MALFORMED;
}

size_t ov_clam_split(struct ov_span s, uint8_t at, struct ov_span *ret,
                     size_t max)
{
    size_t n = 0;

    while (n + 1 < max && ov_span_cut(&s, at, &ret[n]))
        n++;
    if (n + 1 == max)
        ret[n] = s;
    return n + 1;
}

int64_t ov_clam_number(struct ov_span s)
{
    int64_t value = 0;
    bool is_negative;
    size_t i = 0;

    while (ov_span_byte(s, i) == ' ' || ov_span_byte(s, i) == '\t')
        i++;
    is_negative = ov_span_byte(s, i) == '-';
    if (is_negative || ov_span_byte(s, i) == '+')
        i++;
    for (int c; (c = ov_span_byte(s, i)) >= '0' && c <= '9'; i++) {
        if (value > INT32_MAX)
            break;
        value = value * 10 + (c - '0');
    }
    return is_negative ? -value : value;
}

bool ov_clam_is_number(struct ov_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        int c = ov_span_byte(s, i);

        if (c < '0' || c > '9')
            return false;
    }
    return true;
}

bool ov_clam_in_level(const struct ov_span *fields, size_t n)
{
    /* A negative one is, as in ClamAV, a very high one. */
    return (n < 1 || (uint32_t)ov_clam_number(fields[0]) <= OV_CLAM_LEVEL) &&
           (n < 2 || (uint32_t)ov_clam_number(fields[1]) >= OV_CLAM_LEVEL);
}

/* Without line ends: ClamAV cuts any run of CR and LF. */
static struct ov_span chomp(struct ov_span line)
{
    while (line.len > 0 && (ov_span_byte(line, line.len - 1) == '\n' ||
                            ov_span_byte(line, line.len - 1) == '\r'))
        line.len--;
    return line;
}

static enum ov_status read_line(const struct format *format,
                                struct ov_clam_job *job)
{
    size_t max =
        format->has_long_lines ? OV_CLAM_LONG_LINE_MAX : OV_CLAM_LINE_MAX;

    if (format->has_comments && ov_span_byte(job->text, 0) == '#')
        return OV_OK;
    if (job->text.len > max)
        return ov_clam_refuse(job, "the line is longer than ClamAV reads",
                              ov_span_clip(job->text, 0, 60));
    if (job->text.len == 0)
        return ov_clam_refuse(job, "empty line; remove it", job->text);
    return format->line(job);
}

static enum ov_status read_lines(const struct format *format,
                                 struct ov_span text, struct ov_clam_job *job)
{
    while (text.len > 0) {
        size_t end = ov_span_find_byte(text, '\n', 0);
        size_t len = end == SIZE_MAX ? text.len : end + 1;

        job->text = chomp(ov_span_clip(text, 0, len));
        OV_TRY(read_line(format, job));
        text = ov_span_clip(text, len, text.len);
        job->line++;
    }
    return OV_OK;
}

/* A database that is not run is one skip: how many lines, and why. */
static enum ov_status skip_all(const struct format *format, struct ov_span text,
                               struct ov_clam_job *job)
{
    size_t n = 0;
    size_t at = 0;
    while (at < text.len) {
        size_t end = ov_span_find_byte(text, '\n', at);

        n++;
        at = end == SIZE_MAX ? text.len : end + 1;
    }
    OV_TRY(ov_clam_skip(job, format->not_run,
                        ov_span_str(extensions[job->format])));
    job->part->skips.items[job->part->skips.n - 1].n = (uint32_t)n;
    return OV_OK;
}

enum ov_status ov_clamav_parse(enum ov_clamav_format f, struct ov_span text,
                               const struct ov_clamav_options *options,
                               struct ov_part *part, struct ov_diag *diag)
{
    const struct format *format;
    struct ov_clam_job job = {
        .format = f, .part = part, .diag = diag, .line = options->first_line};

    OV_ASSERT(f < OV_N_CLAMAV_FORMATS && !ov_clamav_is_container(f));
    format = &formats[f];
    job.rule_flags = options->rule_flags | format->rule_flags;
    if (format->line == NULL)
        return skip_all(format, text, &job);
    if (text.len == 0)
        OV_TRY(ov_clam_refuse(&job, "empty database file", text));
    OV_TRY(read_lines(format, text, &job));
    if (format->needs_entry && options->first_line == 1 && !job.has_entry &&
        !job.is_refused)
        OV_TRY(ov_clam_refuse(&job, "no entry is for this engine; remove it",
                              (struct ov_span){0}));
    return job.is_refused ? OV_MALFORMED : OV_OK;
}
