/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "rules/clamav_job.h"

/* Hash lists, which are most of ClamAV's databases:
 *
 *   .hdb .hsb .imp .fp .sfp   digest:size:name[:minlevel[:maxlevel]]
 *   .mdb .msb                 size:digest:name[:minlevel[:maxlevel]]
 *
 * The kind of digest is told by its length, whatever the extension says. The
 * size is from 1 to 2^32 - 2, or "*" if a minimum level of at least 73 is given
 * (only .imp needs none). Millions of lines: nothing is copied, names stay in
 * the text.
 *
 * Source: ClamAV manual, "File hash signatures"; clamscan 1.4.6 for what is
 * refused. */

#define N_FIELDS 5
#define SIZE_LIMIT 0xffffffff
#define ANY_SIZE_LEVEL 73

struct line {
    struct ov_span digest;
    struct ov_span size;
    struct ov_span name;
    struct ov_span levels[2];
    size_t n_levels;
};

static bool is_section_list(enum ov_clamav_format f)
{
    return f == OV_CLAMAV_MDB || f == OV_CLAMAV_MSB || f == OV_CLAMAV_MDU ||
           f == OV_CLAMAV_MSU;
}

/* As C's strtol: an optional blank and sign, and nothing behind the digits. */
static bool read_size(struct ov_span s, uint64_t *ret)
{
    while (ov_span_byte(s, 0) == ' ')
        s = ov_span_clip(s, 1, s.len);
    if (ov_span_byte(s, 0) == '+')
        s = ov_span_clip(s, 1, s.len);
    return ov_parse_uint(s, SIZE_LIMIT - 1, ret) && *ret > 0;
}

static bool kind_of(struct ov_span digest, enum ov_digest_kind *ret)
{
    switch (digest.len) {
    case 32:
        *ret = OV_MD5;
        return true;
    case 40:
        *ret = OV_SHA1;
        return true;
    case 64:
        *ret = OV_SHA256;
        return true;
    default:
        return false;
    }
}

static bool split(struct ov_clam_job *job, struct line *ret)
{
    struct ov_span fields[N_FIELDS + 1];
    size_t n = ov_clam_split(job->text, ':', fields, N_FIELDS + 1);
    bool is_swapped = is_section_list(job->format);

    if (n < 3 || n > N_FIELDS)
        return false;
    *ret = (struct line){.digest = fields[is_swapped ? 1 : 0],
                         .size = fields[is_swapped ? 0 : 1],
                         .name = fields[2],
                         .n_levels = n - 3};
    for (size_t i = 3; i < n; i++)
        ret->levels[i - 3] = fields[i];
    return true;
}

static enum ov_status add(struct ov_clam_job *job, const struct line *line,
                          uint64_t size)
{
    uint8_t digest[OV_DIGEST_MAX] = {0};
    enum ov_hash_of of = OV_HASH_OF_OBJECT;
    enum ov_digest_kind kind;
    struct ov_hash_rule *rule;

    if (line->name.len == 0)
        return ov_clam_refuse(job, "the name is missing", job->text);
    if (!kind_of(line->digest, &kind))
        return ov_clam_refuse(job,
                              "a hash has 32 (MD5), 40 (SHA1) or 64 (SHA256) "
                              "digits",
                              line->digest);
    if (!ov_hex_decode(line->digest, digest, line->digest.len / 2))
        return ov_clam_refuse(job, "not hexadecimal", line->digest);
    if (is_section_list(job->format))
        of = OV_HASH_OF_SECTION;
    else if (job->format == OV_CLAMAV_IMP)
        of = OV_HASH_OF_IMPORTS;
    rule = ov_part_add(&job->part->hashes[of][kind]);
    if (rule == NULL)
        return OV_NO_MEMORY;
    rule->name = line->name;
    rule->size = size;
    rule->line = job->line;
    rule->flags = (uint8_t)job->rule_flags;
    rule->is_allowed =
        job->format == OV_CLAMAV_FP || job->format == OV_CLAMAV_SFP;
    memcpy(rule->digest, digest, sizeof(digest));
    return OV_OK;
}

enum ov_status ov_clam_hash_line(struct ov_clam_job *job)
{
    struct line line;
    uint64_t size = OV_SIZE_ANY;

    if (!split(job, &line))
        return ov_clam_refuse(job, "expected 3 to 5 fields between colons",
                              job->text);
    if (!ov_clam_in_level(line.levels, line.n_levels))
        return ov_clam_skip(job, "for another functionality level", line.name);
    if (!ov_span_equal(line.size, OV_SPAN_LIT("*"))) {
        if (!read_size(line.size, &size))
            return ov_clam_refuse(job, "the size must be 1 to 4294967294, or *",
                                  line.size);
    } else if (job->format != OV_CLAMAV_IMP &&
               (line.n_levels == 0 ||
                ov_clam_number(line.levels[0]) < ANY_SIZE_LEVEL)) {
        return ov_clam_refuse(
            job, "size * needs a minimum level of 73 or more: add ':73'",
            job->text);
    }
    return add(job, &line, size);
}
