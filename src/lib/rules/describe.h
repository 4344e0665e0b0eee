/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/image.h"

/* What is in a rule image, as text for people (`overt rules list|check|dump`).
 * Text comes in pieces, so that a list of millions of names needs no memory.
 * Strings from rule sources are escaped. */

struct ov_text_out {
    /* Takes one piece; false stops the text, which then ends with OV_IO. */
    bool (*write)(void *data, struct ov_span text);
    void *data;
};

/* All of these: OV_BAD_DIGEST or OV_MALFORMED if the image is damaged,
 * OV_NO_MEMORY, OV_IO. */

/* A line for every rule: name, kind, source:line, with tabs between. */
OV_MUST_USE enum ov_status ov_describe_list(struct ov_image *image,
                                            const struct ov_text_out *out);

/* Rules per kind; what was left out, per reason and with an example; patterns
 * that cost more than others, with the names of their rules. */
OV_MUST_USE enum ov_status ov_describe_counts(struct ov_image *image,
                                              const struct ov_text_out *out);

/* A line for each pattern that is tried at every place of some byte, or whose
 * best atom is short or common: "FILE:LINE: rule NAME, string $a: why". Nothing
 * if there is none. */
OV_MUST_USE enum ov_status ov_describe_slow(struct ov_image *image,
                                            const struct ov_text_out *out);

/* A line for each rule with a record of its own (not of hashes), the dearest
 * first, below a line of headings: what compiling it has put into the image. */
OV_MUST_USE enum ov_status ov_describe_costs(struct ov_image *image,
                                             const struct ov_text_out *out);

/* What `yara -S` prints: how many rules and strings there are, and how many
 * strings are tried where one atom occurs. */
OV_MUST_USE enum ov_status
ov_describe_statistics(struct ov_image *image, const struct ov_text_out *out);

/* The table of sections with their sizes, and the sources with their digests.
 */
OV_MUST_USE enum ov_status ov_describe_sections(struct ov_image *image,
                                                const struct ov_text_out *out);

/* Every rule of this name with all that the image has of it: condition, terms,
 * patterns, or digest. OV_NOT_FOUND if there is none. */
OV_MUST_USE enum ov_status ov_describe_rule(struct ov_image *image,
                                            struct ov_span name,
                                            const struct ov_text_out *out);
