/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/silence.h"

#include "base/reader.h"
#include "rules/lookup.h"

/* Varint n and n blocks: sources that are withdrawn from earlier images. Then
 * varint n and n times varint source, block name: lines of .ign and .ign2. A
 * line with the digest of a rule's text is not here: another image does not
 * have the text that it would be compared with. */

static bool acts_on_others(const struct ov_ignore *i)
{
    return !i->has_md5;
}

static void put_ignored(struct ov_buf *b, struct ov_part *const *parts,
                        size_t n_parts)
{
    uint64_t n = 0;

    for (size_t p = 0; p < n_parts; p++)
        for (size_t i = 0; i < parts[p]->ignores.n; i++)
            n += acts_on_others(&parts[p]->ignores.items[i]);
    ov_put_varint(b, n);
    for (size_t p = 0; p < n_parts; p++)
        for (size_t i = 0; i < parts[p]->ignores.n; i++) {
            if (!acts_on_others(&parts[p]->ignores.items[i]))
                continue;
            ov_put_varint(b, parts[p]->source);
            ov_put_block(b, parts[p]->ignores.items[i].name);
        }
}

enum ov_status ov_silence_put(struct ov_buf *b, const struct ov_span *withdrawn,
                              size_t n_withdrawn, struct ov_part *const *parts,
                              size_t n_parts)
{
    ov_put_varint(b, n_withdrawn);
    for (size_t i = 0; i < n_withdrawn; i++) {
        if (i > 0 && ov_span_compare(withdrawn[i - 1], withdrawn[i]) >= 0)
            return OV_USAGE;
        ov_put_block(b, withdrawn[i]);
    }
    put_ignored(b, parts, n_parts);
    return ov_buf_status(b);
}

/* A count of things that take least bytes each. */
static uint64_t read_count(struct ov_reader *r, size_t least)
{
    uint64_t n = ov_read_varint(r);

    ov_reader_require(r, n <= ov_reader_rest(r).len / least, OV_MALFORMED);
    return ov_reader_status(r) == OV_OK ? n : 0;
}

static struct ov_span source_name(struct ov_image *image, uint64_t source)
{
    struct ov_source_view view;

    if (source > UINT32_MAX ||
        !ov_lookup_source(image, (uint32_t)source, &view))
        return (struct ov_span){NULL, 0};
    return view.name;
}

enum ov_status ov_lookup_silence(struct ov_image *image, struct ov_arena *arena,
                                 struct ov_silence_list *ret)
{
    struct ov_silence_list list = {0};
    struct ov_silence_line *lines;
    struct ov_span *withdrawn;
    struct ov_span s;
    struct ov_reader r;

    if (!ov_image_at(image, OV_SECTION_SILENCE, 0,
                     image->sections[OV_SECTION_SILENCE].len, &s))
        return OV_BAD_DIGEST;
    r = ov_reader_over(s);
    list.n_withdrawn = read_count(&r, 1);
    withdrawn = ov_arena_array(arena, list.n_withdrawn + 1, sizeof(*withdrawn));
    if (withdrawn == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < list.n_withdrawn; i++)
        withdrawn[i] = ov_read_block(&r);
    list.n_ignored = read_count(&r, 2);
    lines = ov_arena_array(arena, list.n_ignored + 1, sizeof(*lines));
    if (lines == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < list.n_ignored; i++) {
        lines[i].source = source_name(image, ov_read_varint(&r));
        lines[i].name = ov_read_block(&r);
    }
    list.withdrawn = withdrawn;
    list.ignored = lines;
    OV_TRY(ov_reader_end(&r));
    *ret = list;
    return OV_OK;
}
