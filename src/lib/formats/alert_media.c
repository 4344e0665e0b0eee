/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reader.h"
#include "formats/alert.h"

/* Alerts about pictures that were made to break old viewers.
 *
 * JPEG (MS04-028): a comment segment whose length, which counts itself, is 0 or
 * 1: less two it was a huge number. The picture is followed from segment to
 * segment up to the image's data. Thumbnails inside of Photoshop's resources
 * (APP13) are pictures, too; they are followed one level deep.
 *
 * RIFF (MS05-002): in an animated cursor a header ("anih") of another size than
 * it always has, which was copied to where there was room for just that.
 *
 * Sources: ITU-T T.81 annex B; Adobe "Photoshop File Formats", "Image Resource
 * Blocks"; Microsoft "RIFF"; what clamscan 1.4.6 tells
 * (tests/oracle/alerts.py).
 */

#define MARKER_SOI 0xffd8
#define MARKER_COMMENT 0xfe
#define MARKER_APP13 0xed
#define MARKER_SCAN 0xda
#define STEPS_PER_SEGMENT 20
#define PHOTOSHOP OV_SPAN_LIT("Photoshop 3.0\0")
#define BLOCK_MAGIC OV_SPAN_LIT("8BIM")
#define THUMBNAIL_OLD 0x0409
#define THUMBNAIL 0x040c
#define THUMBNAIL_HEADER 28

enum look {
    LOOK_DONE,  /* nothing more to see */
    LOOK_ALERT, /* this is it */
    LOOK_APP13, /* at is in resources of Photoshop, behind its length */
};

/* Follows segments from at on. Of LOOK_APP13 *at is behind the segment's length
 * and *next at the next segment. */
static enum look follow(struct ov_span bytes, uint64_t *at, uint64_t *next,
                        uint64_t *n_steps)
{
    for (;; *n_steps += STEPS_PER_SEGMENT) {
        struct ov_span head;
        uint16_t len;
        int marker;

        if (!ov_span_sub(bytes, *at, 4, &head))
            return LOOK_DONE;
        marker = ov_span_byte(head, 1);
        if (ov_span_byte(head, 0) != 0xff || marker == MARKER_SCAN)
            return LOOK_DONE;
        if (marker == 0xff) {
            *at += 1;
            continue;
        }
        if (!ov_span_u16be(head, 2, &len) || len < 2)
            return marker == MARKER_COMMENT ? LOOK_ALERT : LOOK_DONE;
        *next = *at + 2 + len;
        *at += 4;
        if (marker == MARKER_APP13)
            return LOOK_APP13;
        *at = *next;
    }
}

/* The thumbnail in the resource block at *at, which goes past it; false if
 * there is no such block. *ret_picture 0: it holds no thumbnail. */
static bool next_block(struct ov_span bytes, uint64_t *at,
                       uint64_t *ret_picture)
{
    struct ov_reader r = ov_reader_over(bytes);
    uint16_t id;
    uint8_t name_len;
    uint32_t size;

    ov_reader_seek(&r, *at);
    if (!ov_span_equal(ov_read_span(&r, BLOCK_MAGIC.len), BLOCK_MAGIC))
        return false;
    id = ov_read_u16be(&r);
    name_len = ov_read_u8(&r);
    ov_reader_skip(&r, name_len | 1);
    size = ov_read_u32be(&r);
    if (ov_reader_status(&r) != OV_OK || size == 0)
        return false;
    *ret_picture = id == THUMBNAIL || id == THUMBNAIL_OLD
                       ? (uint64_t)r.at + THUMBNAIL_HEADER
                       : 0;
    *at = (uint64_t)r.at + size + (size & 1);
    return true;
}

static bool has_marker(struct ov_span bytes, uint64_t at)
{
    uint16_t marker;

    return ov_span_u16be(bytes, at, &marker) && marker == MARKER_SOI;
}

/* Whether a thumbnail among the resources at `at` gives an alert. */
static bool look_at_resources(struct ov_span bytes, uint64_t at,
                              uint64_t *n_steps)
{
    uint64_t picture, next;

    if (!ov_span_has_at(bytes, at, PHOTOSHOP))
        return false;
    at += PHOTOSHOP.len;
    while (next_block(bytes, &at, &picture)) {
        *n_steps += STEPS_PER_SEGMENT;
        if (picture == 0 || !has_marker(bytes, picture))
            continue;
        picture += 2;
        if (follow(bytes, &picture, &next, n_steps) == LOOK_ALERT)
            return true;
    }
    return false;
}

enum ov_status ov_alert_jpeg(const struct ov_alert_job *job, const char **ret)
{
    uint64_t n_steps = 0;
    uint64_t at = 2;
    uint64_t next = 0;
    enum look look = LOOK_DONE;

    *ret = NULL;
    if (!has_marker(job->bytes, 0))
        return OV_OK;
    while ((look = follow(job->bytes, &at, &next, &n_steps)) == LOOK_APP13) {
        OV_TRY(ov_budget_spend(job->budget, OV_COST_STEPS, n_steps));
        n_steps = 0;
        if (look_at_resources(job->bytes, at, &n_steps)) {
            look = LOOK_ALERT;
            break;
        }
        at = next;
    }
    if (look == LOOK_ALERT)
        *ret = "Heuristics.Exploit.W32.MS04-028";
    return ov_budget_spend(job->budget, OV_COST_STEPS, n_steps);
}

/* ---- RIFF ---- */

#define FIRST_CHUNK_AT 12
#define HEADER_LEN 36

static uint32_t read_size(struct ov_reader *r, bool is_big)
{
    return is_big ? ov_read_u32be(r) : ov_read_u32le(r);
}

static bool is_one_of(struct ov_span id, const char *ids)
{
    for (; *ids != '\0'; ids += 4)
        if (ov_span_equal(id, ov_span_of((const uint8_t *)ids, 4)))
            return true;
    return false;
}

/* Looks at the chunks up to one that is a file of its own. */
static bool has_wrong_header(struct ov_reader *r, bool is_big, uint64_t *n)
{
    uint64_t at = FIRST_CHUNK_AT;

    for (;; *n += 1) {
        struct ov_span id;
        uint32_t size;

        ov_reader_seek(r, at);
        id = ov_read_span(r, 4);
        size = read_size(r, is_big);
        if (ov_reader_status(r) != OV_OK || is_one_of(id, "RIFFRIFX"))
            return false;
        if (is_one_of(id, "anih") && size != HEADER_LEN)
            return true;
        at += 8;
        if (is_one_of(id, "LISTPROPFORMCAT "))
            at += 4; /* into it */
        else
            at += (uint64_t)size + (size & 1);
    }
}

enum ov_status ov_alert_riff(const struct ov_alert_job *job, const char **ret)
{
    struct ov_reader r = ov_reader_over(job->bytes);
    struct ov_span id = ov_read_span(&r, 4);
    bool is_big = is_one_of(id, "RIFX");
    uint64_t n = 0;

    *ret = NULL;
    ov_reader_skip(&r, 4);
    if (is_one_of(ov_read_span(&r, 4), "ACON") &&
        has_wrong_header(&r, is_big, &n))
        *ret = "Heuristics.Exploit.W32.MS05-002";
    return ov_budget_spend(job->budget, OV_COST_STEPS, STEPS_PER_SEGMENT * n);
}
