/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "engine/scan.h"
#include "fuzz.h"
#include "rules/compile.h"

/* Compiles a part and scans bytes with it, on a small budget. */

#define FUZZ_STEPS (1u << 18)

/* External variables, one of each kind. */
#define FUZZ_N_EXTERNALS 3
static const struct ov_external fuzz_externals[FUZZ_N_EXTERNALS] = {
    {.name = {(const uint8_t *)"xi", 2},
     .value = {.kind = OV_DATUM_INTEGER, .number = 5}},
    {.name = {(const uint8_t *)"xf", 2},
     .value = {.kind = OV_DATUM_FLOAT, .real = 1.5}},
    {.name = {(const uint8_t *)"xt", 2},
     .value = {.kind = OV_DATUM_STRING, .text = {(const uint8_t *)"abc", 3}}},
};

static inline void fuzz_scan_image(struct ov_span image_bytes,
                                   struct ov_span bytes)
{
    struct ov_image *image = NULL;
    struct ov_scanner *scanner = NULL;
    struct ov_scan_options options = {
        .flags = OV_SCAN_ALL_MATCHES | OV_SCAN_UNWANTED | OV_SCAN_HEURISTICS |
                 OV_SCAN_EXPLAIN,
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
    const struct ov_compile_job job = {.sources = &source,
                                       .n_sources = 1,
                                       .parts = &part,
                                       .n_parts = 1,
                                       .externals = fuzz_externals,
                                       .n_externals = FUZZ_N_EXTERNALS};
    OV_AUTO_DONE(buf) image = ov_buf_with_max((size_t)64 << 20);
    struct ov_compile_report report;

    if (ov_compile(&job, &image, &report, NULL) == OV_OK)
        fuzz_scan_image(ov_buf_span(&image), bytes);
}
