/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "intel/taxii_request.h"

/* A request: the path, the Accept header, then NAME=VALUE, each on its line.
 * Any of it is read or refused; what is read of a query fits into it. */

static void check_query(const struct ov_taxii_query *q)
{
    FUZZ_CHECK(q->n_ids <= OV_TAXII_IDS_MAX);
    FUZZ_CHECK(q->n_times <= OV_TAXII_TIMES_MAX);
    FUZZ_CHECK(q->n_ids == 0 || q->has_ids);
    for (size_t i = 0; i < q->n_ids; i++)
        FUZZ_CHECK(ov_stix_type_name(q->ids[i].type) != NULL);
    for (unsigned type = 0; type < 40; type++) {
        if (ov_taxii_is_wanted(q, type, 0, 0))
            FUZZ_CHECK(!q->is_nothing && q->has_versions);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_span left = ov_span_of(data, len);
    struct ov_taxii_query q = {0};
    struct ov_taxii_path path;
    struct ov_span line;

    (void)ov_span_cut(&left, '\n', &line);
    if (ov_taxii_path_parse(line, &path)) {
        FUZZ_CHECK(ov_span_ends(line, OV_SPAN_LIT("/")));
        FUZZ_CHECK(path.what < OV_TAXII_COLLECTION || path.collection.len > 0);
        FUZZ_CHECK(path.what < OV_TAXII_OBJECT || path.object.len > 0);
    }
    (void)ov_span_cut(&left, '\n', &line);
    (void)ov_taxii_is_acceptable(line);
    while (left.len > 0) {
        struct ov_span name;

        (void)ov_span_cut(&left, '\n', &line);
        (void)ov_span_cut(&line, '=', &name);
        if (ov_taxii_query_add(&q, name, line) != OV_OK)
            break;
    }
    check_query(&q);
    return 0;
}
