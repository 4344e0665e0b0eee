/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/ignore.h"

#include "crypto/digest.h"
#include "rules/slots.h"

/* Silenced rules (ClamAV manual, "Allow list databases"). A line names a rule;
 * an .ign2 line may add the MD5 of the rule's whole line, and then counts only
 * for that text. The database and line number of an .ign line do not count:
 * clamscan 1.4.6 silences the name wherever it occurs, and takes no
 * ".UNOFFICIAL" for part of a name.
 *
 * Names are in a hash table, so that asking for each of millions of rules costs
 * no more than hashing its name. Only where an MD5 is given is the rule's text
 * needed: then the beginnings of all lines of its source are found, once. */

struct item {
    const struct ov_ignore *ignore;
};

struct ov_ignores {
    const struct ov_source *sources;
    OV_LIST(struct item, items);
    struct ov_slots slots; /* indices of items, by name */
    /* the lines of one source */
    uint32_t source;
    bool has_lines;
    OV_LIST(size_t, lines);
};

static enum ov_status gather(struct ov_ignores *g, const struct ov_part *part,
                             bool only_texts)
{
    for (size_t i = 0; i < part->ignores.n; i++) {
        const struct ov_ignore *ignore = &part->ignores.items[i];
        struct item *item;

        if (only_texts && !ignore->has_md5)
            continue;
        item = ov_part_add(&g->items);
        if (item == NULL)
            return OV_NO_MEMORY;
        item->ignore = ignore;
        OV_TRY(ov_slots_add(&g->slots, ov_slots_hash(0, ignore->name),
                            (uint32_t)(g->items.n - 1)));
    }
    return OV_OK;
}

enum ov_status ov_ignores_new(const struct ov_compile_job *job,
                              struct ov_ignores **ret)
{
    OV_AUTO(ignores) g = ov_alloc(sizeof(*g));

    if (g == NULL)
        return OV_NO_MEMORY;
    g->sources = job->sources;
    for (size_t p = 0; p < job->n_parts; p++)
        OV_TRY(gather(g, job->parts[p], job->keeps_silenced));
    *ret = OV_STEAL(g);
    return OV_OK;
}

void ov_ignores_free(struct ov_ignores *g)
{
    if (g == NULL)
        return;
    ov_free(g->items.items);
    ov_slots_done(&g->slots);
    ov_free(g->lines.items);
    ov_free(g);
}

static enum ov_status find_lines(struct ov_ignores *g, uint32_t source)
{
    struct ov_span text = g->sources[source].text;
    size_t at = 0;

    if (g->has_lines && g->source == source)
        return OV_OK;
    g->has_lines = false;
    g->lines.n = 0;
    while (at < text.len) {
        size_t *begin = ov_part_add(&g->lines);

        if (begin == NULL)
            return OV_NO_MEMORY;
        *begin = at;
        at = ov_span_find_byte(text, '\n', at);
        if (at != SIZE_MAX)
            at++;
    }
    g->source = source;
    g->has_lines = true;
    return OV_OK;
}

static enum ov_status digest_line(struct ov_ignores *g, uint32_t source,
                                  uint32_t line,
                                  uint8_t ret[static OV_DIGEST_MAX])
{
    struct ov_span text = g->sources[source].text;
    struct ov_span one;

    OV_TRY(find_lines(g, source));
    if (line == 0 || line > g->lines.n)
        return OV_NOT_FOUND;
    text = ov_span_clip(text, g->lines.items[line - 1], text.len);
    (void)ov_span_cut(&text, '\n', &one);
    while (one.len > 0 && one.ptr[one.len - 1] == '\r')
        one.len--;
    return ov_digest(OV_MD5, one, ret);
}

enum ov_status ov_ignores_ask(struct ov_ignores *g, struct ov_span name,
                              uint32_t source, uint32_t line, bool *ret)
{
    uint32_t hash = ov_slots_hash(0, name);
    uint32_t at = hash;
    uint32_t i;
    uint8_t digest[OV_DIGEST_MAX];
    bool has_digest = false;
    bool is_silenced = false;

    while (!is_silenced && ov_slots_next(&g->slots, hash, &at, &i)) {
        const struct ov_ignore *item = g->items.items[i].ignore;

        if (!ov_span_equal(item->name, name))
            continue;
        if (item->has_md5 && !has_digest) {
            enum ov_status s = digest_line(g, source, line, digest);

            if (s == OV_NOT_FOUND)
                continue;
            OV_TRY(s);
            has_digest = true;
        }
        is_silenced = !item->has_md5 || memcmp(digest, item->md5, 16) == 0;
    }
    *ret = is_silenced;
    return OV_OK;
}
