/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "formats/codec.h"
#include "rules/clamav.h"
#include "rules/clamav_job.h"
#include "rules/clamav_sign.h"
#include "rules/clamav_tar.h"

/* ClamAV's containers: 512 bytes of header, then a tar archive, mostly gzipped.
 *
 *   ClamAV-VDB:time:version:rules:level:md5:signature:builder:stamp
 *
 * The MD5 is of what follows the header. One member, NAME.info, lists size and
 * SHA-256 of the others, and may end with a digital signature of its own. Who
 * vouches for what:
 *
 *   .cvd   the header's signature, over the MD5
 *   .cld   that, or (after an update on this machine) the .info's signature,
 *          over the digests of all members
 *   .cud   nobody: what someone packed for himself
 *
 * In each case all databases must be as the .info says.
 *
 * Limits: the archive unpacks to at most MAX_UNPACKED bytes.
 * Source: ClamAV manual, "CVD format"; clamscan 1.4.6 for what is refused. */

#define HEADER_LEN 512
#define N_FIELDS 9
#define MAX_UNPACKED ((size_t)3 << 30)
#define INFO_FIELDS 3
#define MAX_INFO_LINES 4096

struct header {
    struct ov_span build_time;
    uint64_t version;
    uint64_t n_rules;
    uint64_t level;
    struct ov_span md5;
    struct ov_span signature;
    struct ov_span builder;
};

struct unpacking {
    struct ov_span file;
    enum ov_clamav_format format;
    const struct ov_clamav_trust *trust;
    struct ov_arena *arena;
    struct ov_diag *diag;
    struct header header;
    const struct ov_clamav_member *members;
    size_t n_members;
    const struct ov_clamav_member *info;
    bool is_signed;
};

static enum ov_status malformed(const struct unpacking *u, const char *why)
{
    return ov_diag_set(u->diag, OV_MALFORMED, 0, "%s", why);
}

static enum ov_status read_header(struct unpacking *u)
{
    struct ov_span text = ov_span_clip(u->file, 0, HEADER_LEN);
    struct ov_span f[N_FIELDS];
    struct header *h = &u->header;

    if (u->file.len < HEADER_LEN ||
        !ov_span_starts(text, OV_SPAN_LIT("ClamAV-VDB:")))
        return malformed(u, "not a ClamAV container: its header is missing");
    if (ov_clam_split(text, ':', f, N_FIELDS) < N_FIELDS - 1 ||
        !ov_parse_uint(f[2], UINT32_MAX, &h->version) ||
        !ov_parse_uint(f[3], UINT32_MAX, &h->n_rules) ||
        !ov_parse_uint(f[4], UINT32_MAX, &h->level))
        return malformed(u, "the container's header is damaged");
    if (h->level > OV_CLAM_LEVEL)
        return ov_diag_set(u->diag, OV_UNSUPPORTED, 0,
                           "the container needs functionality level %u, which "
                           "is above ours, %u",
                           (unsigned)h->level, OV_CLAM_LEVEL);
    h->build_time = f[1];
    h->md5 = f[5];
    h->signature = f[6];
    h->builder = f[7];
    return OV_OK;
}

/* Whether the header's MD5 is that of what follows. */
static enum ov_status check_md5(const struct unpacking *u)
{
    struct ov_span body =
        ov_span_clip(u->file, HEADER_LEN, u->file.len - HEADER_LEN);
    uint8_t wanted[OV_DIGEST_MAX];
    uint8_t found[OV_DIGEST_MAX];
    size_t len = ov_digest_len(OV_MD5);

    if (!ov_hex_decode(u->header.md5, wanted, len))
        return OV_BAD_SIGNATURE; /* "X": there is none */
    OV_TRY(ov_digest(OV_MD5, body, found));
    return memcmp(wanted, found, len) == 0 ? OV_OK : OV_BAD_DIGEST;
}

static enum ov_status verify_header(const struct unpacking *u)
{
    OV_TRY(check_md5(u));
    return ov_clam_verify_md5(u->trust->key, u->header.md5,
                              u->header.signature);
}

/* The size at the end of a gzip file, to unpack in one go; if it is wrong, that
 * costs time only. */
static uint64_t size_hint(struct ov_span gzip)
{
    uint32_t size = 0;

    if (gzip.len < 4 || !ov_span_u32le(gzip, gzip.len - 4, &size))
        return OV_DECODE_NO_HINT;
    return size;
}

static enum ov_status unpack_body(struct unpacking *u)
{
    OV_AUTO_DONE(buf) tar = ov_buf_with_max(MAX_UNPACKED);
    struct ov_budget budget = {0};
    struct ov_span body =
        ov_span_clip(u->file, HEADER_LEN, u->file.len - HEADER_LEN);

    if (ov_span_byte(body, 0) == 0x1f && ov_span_byte(body, 1) == 0x8b) {
        struct ov_decode_job job = {.codec = OV_CODEC_GZIP,
                                    .in = body,
                                    .size_hint = size_hint(body),
                                    .budget = &budget};
        enum ov_status s = ov_decode(&job, &tar, NULL);

        if (s != OV_OK)
            return ov_diag_set(u->diag, s, 0,
                               "the container cannot be unpacked: %s",
                               ov_status_name(s));
        if (!ov_arena_copy(u->arena, ov_buf_span(&tar), &body))
            return OV_NO_MEMORY;
    }
    return ov_clam_tar(body, u->arena, &u->members, &u->n_members, u->diag);
}

static bool is_database(struct ov_span name)
{
    enum ov_clamav_format f;

    return ov_clamav_format_of(name, &f) && !ov_clamav_is_container(f) &&
           f != OV_CLAMAV_INFO;
}

static const struct ov_clamav_member *find(const struct unpacking *u,
                                           struct ov_span name)
{
    for (size_t i = 0; i < u->n_members; i++)
        if (ov_span_equal(u->members[i].name, name))
            return &u->members[i];
    return NULL;
}

static enum ov_status find_info(struct unpacking *u)
{
    for (size_t i = 0; i < u->n_members; i++) {
        enum ov_clamav_format f;

        if (ov_clamav_format_of(u->members[i].name, &f) &&
            f == OV_CLAMAV_INFO) {
            u->info = &u->members[i];
            return OV_OK;
        }
    }
    return malformed(u, "the container has no .info");
}

/* One line of the .info: "name:size:sha256". Each member may be listed once,
 * so that its digest is computed once. */
static enum ov_status check_line(const struct unpacking *u, struct ov_span line,
                                 bool *is_listed)
{
    const struct ov_clamav_member *member;
    struct ov_span f[INFO_FIELDS + 1];
    uint8_t wanted[OV_DIGEST_MAX];
    uint8_t found[OV_DIGEST_MAX];
    uint64_t size;

    if (ov_clam_split(line, ':', f, INFO_FIELDS + 1) != INFO_FIELDS ||
        !ov_parse_uint(f[1], UINT64_MAX, &size) ||
        !ov_hex_decode(f[2], wanted, ov_digest_len(OV_SHA256)))
        return malformed(u, "a line of the container's .info is damaged");
    member = find(u, f[0]);
    if (member == NULL)
        return OV_OK;
    if (is_listed[member - u->members])
        return malformed(u, "the container's .info lists a file twice");
    is_listed[member - u->members] = true;
    OV_TRY(ov_digest(OV_SHA256, member->text, found));
    if (size != member->text.len ||
        memcmp(wanted, found, ov_digest_len(OV_SHA256)) != 0)
        return ov_diag_set(u->diag, OV_BAD_DIGEST, 0,
                           "%.*s in the container is not what its .info says",
                           (int)(f[0].len < 60 ? f[0].len : 60),
                           (const char *)f[0].ptr);
    return OV_OK;
}

static bool are_all_listed(const struct unpacking *u, const bool *is_listed)
{
    for (size_t i = 0; i < u->n_members; i++)
        if (is_database(u->members[i].name) && !is_listed[i])
            return false;
    return true;
}

/* Compares all members with the .info, and finds its signature, which is over
 * all before its line. */
static enum ov_status check_info(const struct unpacking *u,
                                 struct ov_span *ret_signed,
                                 struct ov_span *ret_signature)
{
    struct ov_span rest = u->info->text;
    struct ov_span line;
    size_t n_lines = 0;
    bool *is_listed =
        ov_arena_array(u->arena, u->n_members, sizeof(*is_listed));

    if (is_listed == NULL)
        return OV_NO_MEMORY;
    (void)ov_span_cut(&rest, '\n', &line);
    if (!ov_span_starts(line, OV_SPAN_LIT("ClamAV-VDB:")))
        return malformed(u, "the container's .info is damaged");
    *ret_signature = (struct ov_span){0};
    while (rest.len > 0) {
        size_t at = u->info->text.len - rest.len;

        (void)ov_span_cut(&rest, '\n', &line);
        if (ov_span_starts(line, OV_SPAN_LIT("DSIG:"))) {
            *ret_signed = ov_span_clip(u->info->text, 0, at);
            *ret_signature = ov_span_clip(line, 5, line.len);
            break;
        }
        if (++n_lines > MAX_INFO_LINES)
            return malformed(u, "the container's .info is too long");
        OV_TRY(check_line(u, line, is_listed));
    }
    if (!are_all_listed(u, is_listed))
        return malformed(u, "the container holds a file that its .info does "
                            "not list");
    return OV_OK;
}

static enum ov_status unsigned_status(const struct unpacking *u,
                                      enum ov_status s)
{
    if (s == OV_BAD_DIGEST)
        return ov_diag_set(u->diag, s, 0,
                           "the container is damaged: its MD5 is another");
    if (s == OV_BAD_SIGNATURE)
        return ov_diag_set(u->diag, s, 0,
                           "the container's digital signature does not "
                           "verify; give its key with --cvd-key, or rename "
                           "it to .cud if you trust it");
    if (s == OV_USAGE)
        return ov_diag_set(u->diag, s, 0,
                           "the key for containers must be n:e in decimal "
                           "digits");
    return s;
}

static enum ov_status check_names(const struct unpacking *u)
{
    for (size_t i = 0; i < u->n_members; i++)
        if (find(u, u->members[i].name) != &u->members[i])
            return malformed(u, "the container holds two files of one name");
    return OV_OK;
}

static enum ov_status verify(struct unpacking *u)
{
    struct ov_span text = {0};
    struct ov_span signature = {0};
    enum ov_status s = OV_BAD_SIGNATURE;

    if (u->format != OV_CLAMAV_CUD)
        s = verify_header(u);
    if (s != OV_OK && s != OV_BAD_SIGNATURE && s != OV_BAD_DIGEST)
        return unsigned_status(u, s);
    /* Nothing is unpacked that nobody can vouch for. */
    if (s != OV_OK && u->format == OV_CLAMAV_CVD && !u->trust->allow_unsigned)
        return unsigned_status(u, s);
    OV_TRY(unpack_body(u));
    OV_TRY(find_info(u));
    OV_TRY(check_names(u));
    OV_TRY(check_info(u, &text, &signature));
    if (s != OV_OK && u->format == OV_CLAMAV_CLD && signature.len > 0)
        s = ov_clam_verify_info(u->trust->key, text, signature);
    u->is_signed = s == OV_OK;
    if (s == OV_OK || u->format == OV_CLAMAV_CUD || u->trust->allow_unsigned)
        return OV_OK;
    return unsigned_status(u, s);
}

/* All but the .info, which has done its work. */
static enum ov_status keep_members(const struct unpacking *u,
                                   struct ov_clamav_container *ret)
{
    struct ov_clamav_member *kept =
        ov_arena_array(u->arena, u->n_members, sizeof(*kept));
    size_t n = 0;

    if (kept == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < u->n_members; i++)
        if (&u->members[i] != u->info)
            kept[n++] = u->members[i];
    ret->members = kept;
    ret->n_members = n;
    return OV_OK;
}

enum ov_status ov_clamav_unpack(struct ov_span file, enum ov_clamav_format f,
                                const struct ov_clamav_trust *trust,
                                struct ov_arena *arena,
                                struct ov_clamav_container *ret,
                                struct ov_diag *diag)
{
    struct unpacking u = {.file = file,
                          .format = f,
                          .trust = trust,
                          .arena = arena,
                          .diag = diag};
    struct ov_clamav_container container = {0};

    OV_TRY(read_header(&u));
    OV_TRY(verify(&u));
    container.build_time = u.header.build_time;
    container.version = (uint32_t)u.header.version;
    container.n_signatures = (uint32_t)u.header.n_rules;
    container.functionality_level = (uint32_t)u.header.level;
    container.builder = u.header.builder;
    container.is_signed = u.is_signed;
    OV_TRY(keep_members(&u, &container));
    *ret = container;
    return OV_OK;
}

enum ov_status ov_clamav_made(struct ov_span header, uint64_t *ret_seconds)
{
    struct ov_span text = ov_span_clip(header, 0, HEADER_LEN);
    struct ov_span f[N_FIELDS];

    while (text.len > 0 && ov_span_byte(text, text.len - 1) == ' ')
        text = ov_span_clip(text, 0, text.len - 1);
    if (header.len < HEADER_LEN ||
        !ov_span_starts(text, OV_SPAN_LIT("ClamAV-VDB:")) ||
        ov_clam_split(text, ':', f, N_FIELDS) < N_FIELDS ||
        !ov_parse_uint(f[N_FIELDS - 1], UINT32_MAX, ret_seconds))
        return OV_MALFORMED;
    return OV_OK;
}
