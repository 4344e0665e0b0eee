/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reader.h"
#include "formats/alert.h"

/* Alerts about damaged JPEG pictures: segments are followed up to the image's
 * data. Beside what is cut off, what no camera writes is told: two headers of
 * one kind, or one behind others. A comment without room for its own length is
 * an exploit, and told by alert_media.c.
 *
 * Formats: ITU-T T.81 annex B, T.84 annex A and F (SPIFF, tiles, JPG7), JFIF
 * 1.02, Exif 2.3. Which faults count, and their names: clamscan 1.4.6 with
 * --alert-broken-media (tests/oracle/alerts.py). */

#define FAULT(what) "Heuristics.Broken.Media.JPEG." what
#define SEARCH_MAX 16
#define HEADER_MIN 16 /* of JFIF, Exif and SPIFF, with the length itself */
#define STEPS_PER_SEGMENT 20

enum marker {
    MARKER_EOI = 0xd9,
    MARKER_SOS = 0xda,
    MARKER_APP0 = 0xe0,
    MARKER_APP1 = 0xe1,
    MARKER_APP8 = 0xe8,
    MARKER_DTI = 0xf1,
    MARKER_DTT = 0xf2,
    MARKER_JPG7 = 0xf7,
    MARKER_COMMENT = 0xfe,
};

struct jpeg {
    struct ov_reader r;
    unsigned n_segments;
    bool has_jfif;
    bool has_exif;
    bool has_spiff;
    bool has_note; /* a comment or XMP */
    int before;    /* marker of the segment before */
    bool is_over;
};

/* -1: there is none near enough, or the file ends (*ret_is_end). */
static int find_marker(struct jpeg *j, bool *ret_is_end)
{
    int before = 0;

    for (int i = 0; i < SEARCH_MAX; i++) {
        int c = ov_read_u8(&j->r);

        *ret_is_end = ov_reader_status(&j->r) != OV_OK;
        if (*ret_is_end)
            return -1;
        if (before == 0xff && c != 0xff)
            return c;
        before = c;
    }
    return -1;
}

static const char *look_at_jfif(struct jpeg *j, struct ov_span data,
                                uint32_t len)
{
    unsigned may_be = 1u + j->has_exif + j->has_note;

    if (!ov_span_starts(data, OV_SPAN_LIT("JFIF\0")))
        return NULL;
    if (len < HEADER_MIN)
        return FAULT("JFIFheaderTooShort");
    if (j->has_jfif)
        return FAULT("JFIFdupAppMarker");
    if (j->n_segments > may_be)
        return FAULT("JFIFmarkerBadPosition");
    j->has_jfif = true;
    return NULL;
}

static const char *look_at_exif(struct jpeg *j, struct ov_span data,
                                uint32_t len)
{
    if (ov_span_starts(data, OV_SPAN_LIT("http://ns.adobe.com/xap/1.0/\0")))
        j->has_note = true;
    if (!ov_span_starts(data, OV_SPAN_LIT("Exif\0\0")))
        return NULL;
    if (len < HEADER_MIN)
        return FAULT("ExifHeaderTooShort");
    if (j->has_exif || j->has_spiff)
        return FAULT("ExifDupAppMarker");
    if (j->n_segments > 3 && j->has_jfif && !j->has_note)
        return FAULT("ExifHeaderBadPosition");
    j->has_exif = true;
    return NULL;
}

static const char *look_at_spiff(struct jpeg *j, struct ov_span data,
                                 uint32_t len)
{
    if (!ov_span_starts(data, OV_SPAN_LIT("SPIFF\0")))
        return NULL;
    if (len < HEADER_MIN)
        return FAULT("SPIFFheaderTooShort");
    if (j->has_jfif || j->has_exif || j->has_spiff)
        return FAULT("SPIFFdupAppMarker");
    if (j->n_segments > 1u + j->has_note)
        return FAULT("SPIFFmarkerBadPosition");
    j->has_spiff = true;
    return NULL;
}

static const char *look_at_data(struct jpeg *j, int marker, struct ov_span data,
                                uint32_t len)
{
    switch (marker) {
    case MARKER_APP0:
        return look_at_jfif(j, data, len);
    case MARKER_APP1:
        return look_at_exif(j, data, len);
    case MARKER_APP8:
        return look_at_spiff(j, data, len);
    case MARKER_COMMENT:
        j->has_note = true;
        return NULL;
    case MARKER_DTT:
        return j->before == MARKER_DTI ? NULL : FAULT("DTTMissingDTISegment");
    case MARKER_JPG7:
        j->is_over = true;
        return j->has_jfif || j->has_exif || j->has_spiff
                   ? FAULT("AppMarkerBeforeJPG7")
                   : NULL;
    case MARKER_EOI:
        return FAULT("NoImages");
    case MARKER_SOS:
        j->is_over = true;
        return NULL;
    default:
        return NULL;
    }
}

static const char *look_at_segment(struct jpeg *j)
{
    bool is_end = false;
    int marker = find_marker(j, &is_end);
    uint64_t at = j->r.at;
    uint32_t len = ov_read_u16be(&j->r);
    const char *fault;

    if (marker < 0 && !is_end)
        return FAULT("SpuriousBytesBeforeSegment");
    if (ov_reader_status(&j->r) != OV_OK)
        return FAULT("CantReadSegmentSize");
    j->n_segments++;
    if (len < 2) {
        j->is_over = true;
        return marker == MARKER_COMMENT ? NULL : FAULT("InvalidSegmentSize");
    }
    /* The last byte but one is enough. */
    if (at + len - 2 >= j->r.all.len)
        return FAULT("SegmentDataOutOfFile");
    fault =
        look_at_data(j, marker, ov_span_clip(j->r.all, at + 2, len - 2), len);
    j->before = marker;
    ov_reader_skip(&j->r, len - 2);
    return fault;
}

enum ov_status ov_alert_jpeg_damage(const struct ov_alert_job *job,
                                    const char **ret)
{
    struct jpeg j = {.r = ov_reader_over(job->bytes)};
    uint64_t n = 0;

    *ret = NULL;
    ov_reader_skip(&j.r, 2);
    for (; *ret == NULL && !j.is_over; n++)
        *ret = look_at_segment(&j);
    return ov_budget_spend(job->budget, OV_COST_STEPS, STEPS_PER_SEGMENT * n);
}
