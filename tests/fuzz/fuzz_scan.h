/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "engine/scan.h"
#include "fuzz.h"
#include "rules/compile.h"

/* Compiles a part and scans bytes with it, on a small budget. */

#define FUZZ_STEPS (1u << 18)

static inline void fuzz_scan_image(struct ov_span image_bytes,
                                   struct ov_span bytes)
{
    struct ov_image *image = NULL;
    struct ov_scanner *scanner = NULL;
    struct ov_scan_options options = {
        .flags = OV_SCAN_ALL_MATCHES | OV_SCAN_UNWANTED | OV_SCAN_EXPLAIN,
        .limits = {[OV_COST_STEPS] = FUZZ_STEPS}};
    const struct ov_findings findings = {0};
    struct ov_outcome outcome;

    FUZZ_CHECK(ov_image_open(image_bytes, &image, NULL) == OV_OK);
    FUZZ_CHECK(ov_scanner_new(&image, 1, &scanner, NULL) == OV_OK);
    ov_scanner_scan(scanner, bytes, &options, &findings, &outcome);
    FUZZ_CHECK(outcome.spent[OV_COST_STEPS] < 64 * (uint64_t)FUZZ_STEPS);
    ov_scanner_free(scanner);
    ov_image_free(image);
}

static inline void fuzz_scan_part(struct ov_part *part, struct ov_span text,
                                  struct ov_span bytes)
{
    const struct ov_source source = {.name = OV_SPAN_LIT("r.yar"),
                                     .text = text};
    const struct ov_compile_job job = {
        .sources = &source, .n_sources = 1, .parts = &part, .n_parts = 1};
    OV_AUTO_DONE(buf) image = ov_buf_with_max((size_t)64 << 20);
    struct ov_compile_report report;

    if (ov_compile(&job, &image, &report, NULL) == OV_OK)
        fuzz_scan_image(ov_buf_span(&image), bytes);
}
