/* SPDX-License-Identifier: Apache-2.0
 *
 * What `yara -S` prints, line for line. Its figures are about the automaton
 * that finds the strings of rules; what is nearest to that here: an atom with
 * the list of what is tried where it occurs, and in place of the automaton's
 * root what is tried whatever the bytes are near it. */
#include <stdlib.h>

#include "match/compiled.h"
#include "rules/describe.h"
#include "rules/describe_out.h"

#define TOP 100

struct statistics {
    struct ov_span match; /* the whole section */
    struct ov_span programs;
    uint32_t *lengths; /* of lists, growing */
    size_t n;
    size_t cap;
    uint64_t n_matches;
};

static uint32_t length_of(const struct statistics *s, uint32_t reference)
{
    struct ov_reader r = ov_reader_over(s->programs);

    if ((reference & OV_REF_LIST) == 0)
        return 1;
    ov_reader_seek(&r, reference & ~OV_REF_LIST);
    return (uint32_t)ov_read_varint(&r); /* 0 of a damaged list */
}

static enum ov_status add_bucket(struct statistics *s, struct ov_span bucket)
{
    int used = ov_span_byte(bucket, OV_BUCKET_USED);

    for (int i = 0; i < used && i < OV_BUCKET_WAYS; i++) {
        struct ov_reader r = ov_reader_over(bucket);
        uint32_t *length =
            ov_list_grow((void **)&s->lengths, &s->n, &s->cap, sizeof(*length));

        if (length == NULL)
            return OV_NO_MEMORY;
        ov_reader_seek(&r, OV_BUCKET_REFS + 4 * (size_t)i);
        *length = length_of(s, ov_read_u32le(&r));
        s->n_matches += *length;
    }
    return OV_OK;
}

static int rising(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static enum ov_status gather(struct ov_image *image, struct statistics *s)
{
    uint64_t len = image->sections[OV_SECTION_MATCH].len;
    struct ov_span buckets;
    struct ov_span bucket;
    uint64_t n;

    if (!ov_image_at(image, OV_SECTION_MATCH, 0, len, &s->match))
        return OV_BAD_DIGEST;
    if (len < OV_COMPILED_HEADER)
        return OV_MALFORMED;
    n = ov_load64le(s->match.ptr + 24);
    if (n > len / OV_BUCKET_SIZE ||
        !ov_span_sub(s->match, ov_load64le(s->match.ptr + 16),
                     n * OV_BUCKET_SIZE, &buckets) ||
        !ov_span_sub(s->match, ov_load64le(s->match.ptr + 32),
                     ov_load64le(s->match.ptr + 40), &s->programs))
        return OV_MALFORMED;
    for (uint64_t i = 0; i < n; i++)
        if (ov_span_sub(buckets, i * OV_BUCKET_SIZE, OV_BUCKET_SIZE, &bucket))
            OV_TRY(add_bucket(s, bucket));
    if (s->n > 0)
        qsort(s->lengths, s->n, sizeof(*s->lengths), rising);
    return OV_OK;
}

static uint64_t count_slow(struct ov_describe *d)
{
    struct ov_counts counts;
    uint64_t n = 0;

    if (ov_counts_read(d->image, d->arena, &counts) != OV_OK)
        return 0;
    for (size_t i = 0; i < counts.n_weak; i++)
        n += counts.weak[i].weakness == OV_MATCH_SLOW;
    return n;
}

static void put_lists(struct ov_buf *b, const struct statistics *s)
{
    ov_put_format(b, "number of AC matches in top %d longest lists\n", TOP);
    for (size_t i = 0; i < TOP; i++)
        ov_put_format(b, "%4zu: %u\n", i + 1,
                      i < s->n ? s->lengths[s->n - i - 1] : 0);
    ov_put_str(b, "match list length percentiles\n");
    for (size_t i = TOP + 1; i-- > 0;) {
        size_t at = i == TOP ? s->n - 1 : s->n * i / TOP;

        ov_put_format(b, "%4zu: %u\n", i, s->n > 0 ? s->lengths[at] : 0);
    }
}

enum ov_status ov_describe_statistics(struct ov_image *image,
                                      const struct ov_text_out *out)
{
    struct statistics s = {0};
    struct ov_describe d;
    struct ov_buf *b = &d.text;

    OV_TRY(ov_describe_begin(&d, image, out));
    d.status = gather(image, &s);
    ov_put_format(b, "size of AC transition table        : %zu\n", s.match.len);
    ov_put_format(b, "average length of AC matches lists : %f\n",
                  s.n > 0 ? (double)s.n_matches / (double)s.n : 0.0);
    ov_put_format(b, "number of rules                    : %u\n",
                  ov_lookup_n_rules(image));
    ov_put_format(
        b, "number of strings                  : %u\n",
        s.match.len >= OV_COMPILED_HEADER ? ov_load32le(s.match.ptr + 8) : 0);
    ov_put_format(b, "number of AC matches               : %llu\n",
                  (unsigned long long)s.n_matches);
    ov_put_format(b, "number of AC matches in root node  : %llu\n",
                  (unsigned long long)count_slow(&d));
    put_lists(b, &s);
    ov_free(s.lengths);
    return ov_describe_end(&d);
}
