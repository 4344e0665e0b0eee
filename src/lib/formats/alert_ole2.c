/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reader.h"
#include "formats/alert.h"
#include "formats/ole2_inner.h"

/* Alerts about macros in compound files, by one of their streams.
 *
 * A VBA project has a stream "dir", compressed, whose records begin with the
 * kind of system that it was made on. What macros it has is not looked at.
 *
 * A workbook ("Workbook", before Excel 97 "Book") lists its sheets in records;
 * one of the second kind is a sheet of Excel 4.0's macros.
 *
 * Formats: [MS-OVBA] 2.3.4.2.1.1; [MS-XLS] 2.4.28 (BoundSheet8). Which of it
 * counts: clamscan 1.4.6 with --alert-macros (tests/oracle/alerts.py). */

#define SYSTEM_KIND 1
#define SYSTEM_KIND_LEN 4
#define DIR_PACKED 4200 /* more than is needed of it */
#define DIR_MAX 4096
#define BOUND_SHEET 0x85
#define SHEET_KIND_AT 5
#define KIND_MACROS 1
#define STEPS_PER_RECORD 10

static enum ov_status look_at_dir(const struct ov_alert_job *job, bool *ret)
{
    OV_AUTO_DONE(buf) dir = ov_buf_with_max(DIR_MAX);
    struct ov_span packed = ov_span_clip(job->bytes, 0, DIR_PACKED);
    enum ov_status status = ov_vba_decompress(packed, job->budget, &dir);
    uint16_t kind = 0;
    uint32_t len = 0;

    *ret = ov_span_u16le(ov_buf_span(&dir), 0, &kind) && kind == SYSTEM_KIND &&
           ov_span_u32le(ov_buf_span(&dir), 2, &len) && len == SYSTEM_KIND_LEN;
    /* the start is enough, whatever comes behind it */
    if (status == OV_MALFORMED || status == OV_TRUNCATED ||
        status == OV_LIMIT_SIZE)
        return OV_OK;
    return status;
}

static enum ov_status look_at_workbook(const struct ov_alert_job *job,
                                       bool *ret)
{
    struct ov_reader r = ov_reader_over(job->bytes);
    uint64_t n = 0;

    *ret = false;
    for (; !*ret && ov_reader_more(&r); n++) {
        uint16_t record = ov_read_u16le(&r);
        uint16_t len = ov_read_u16le(&r);
        struct ov_span data = ov_read_span(&r, len);

        *ret = ov_reader_status(&r) == OV_OK && record == BOUND_SHEET &&
               ov_span_byte(data, SHEET_KIND_AT) == KIND_MACROS;
    }
    return ov_budget_spend(job->budget, OV_COST_STEPS, STEPS_PER_RECORD * n);
}

static bool is_named(const struct ov_alert_job *job, const char *name)
{
    return ov_span_equal_nocase(job->name, ov_span_str(name));
}

enum ov_status ov_alert_macros(const struct ov_alert_job *job, const char **ret)
{
    bool is_found = false;

    *ret = NULL;
    if (is_named(job, "dir")) {
        OV_TRY(look_at_dir(job, &is_found));
        if (is_found)
            *ret = "Heuristics.OLE2.ContainsMacros.VBA";
    } else if (is_named(job, "workbook") || is_named(job, "book")) {
        OV_TRY(look_at_workbook(job, &is_found));
        if (is_found)
            *ret = "Heuristics.OLE2.ContainsMacros.XLM";
    }
    return OV_OK;
}
