/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdio.h>
#include <string.h>

#include "engine/scan.h"
#include "rules/sources.h"
#include "test.h"

/* Compiles rule texts, scans bytes, notes what was told. */

struct scan_help {
    struct ov_buf image_bytes;
    struct ov_image *image;
    struct ov_scanner *scanner;
    struct ov_scan_options options;
    struct ov_outcome outcome;
    unsigned n_detections;
    char names[1024];   /* of detected rules, each followed by a space */
    char reasons[1024]; /* "limit:max-files " ... */
};

static inline void help_detection(void *data, const struct ov_detection *d)
{
    struct scan_help *h = data;
    size_t len = strlen(h->names);

    h->n_detections++;
    assert_true(len + d->rule.len + 2 < sizeof(h->names));
    memcpy(h->names + len, d->rule.ptr, d->rule.len);
    h->names[len + d->rule.len] = ' ';
    h->names[len + d->rule.len + 1] = '\0';
}

static inline void help_inconclusive(void *data,
                                     const struct ov_inconclusive *i)
{
    struct scan_help *h = data;
    size_t len = strlen(h->reasons);

    (void)snprintf(h->reasons + len, sizeof(h->reasons) - len, "%s:%s ",
                   ov_reason_name(i->kind), i->detail);
}

/* Pairs of file name and text, ended by NULL. */
static inline void help_open(struct scan_help *h, const char *const *files)
{
    const struct ov_clamav_trust trust = {0};
    OV_AUTO(sources) sources = ov_sources_new(&trust);
    struct ov_compile_job job = {0};
    struct ov_compile_report report;
    struct ov_part *parts[16];
    struct ov_diag diag = {0};
    const struct ov_piece *pieces;

    memset(h, 0, sizeof(*h));
    for (; *files != NULL; files += 2)
        assert_int_equal(ov_sources_add(sources, ov_span_str(files[0]),
                                        ov_span_str(files[1]), &diag),
                         OV_OK);
    assert_int_equal(
        ov_sources_cut(sources, (size_t)1 << 20, &pieces, &job.n_parts), OV_OK);
    assert_true(job.n_parts <= 16);
    for (size_t i = 0; i < job.n_parts; i++)
        if (ov_sources_parse(sources, &pieces[i], &parts[i], &diag) != OV_OK)
            fail_msg("line %u: %s", diag.line, diag.text);
    job.sources = ov_sources_list(sources, &job.n_sources);
    job.parts = parts;
    h->image_bytes = ov_buf_with_max((size_t)1 << 30);
    assert_int_equal(ov_compile(&job, &h->image_bytes, &report, &diag), OV_OK);
    for (size_t i = 0; i < job.n_parts; i++)
        ov_part_free(parts[i]);
    assert_int_equal(
        ov_image_open(ov_buf_span(&h->image_bytes), &h->image, &diag), OV_OK);
    assert_int_equal(ov_scanner_new(&h->image, 1, &h->scanner, &diag), OV_OK);
    h->options.flags = OV_SCAN_ALL_MATCHES;
}

static inline void help_close(struct scan_help *h)
{
    ov_scanner_free(h->scanner);
    ov_image_free(h->image);
    ov_buf_done(&h->image_bytes);
}

static inline enum ov_verdict help_scan(struct scan_help *h,
                                        struct ov_span bytes)
{
    const struct ov_findings findings = {.detection = help_detection,
                                         .inconclusive = help_inconclusive,
                                         .data = h};

    h->n_detections = 0;
    h->names[0] = '\0';
    h->reasons[0] = '\0';
    ov_scanner_scan(h->scanner, bytes, &h->options, &findings, &h->outcome);
    return h->outcome.verdict;
}
