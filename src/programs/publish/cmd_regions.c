/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "reputation/key_manifest.h"
#include "staged.h"

/* The manifest of the regions' keys (docs/protocol-submissions.md): whoever
 * chooses it chooses who opens what owners submit, so it takes as many people
 * as a rule does. Once it is in the log, --out gives what a client needs to
 * believe it: the manifest, its entry, and the proof. */

static bool read_manifest(struct instance *in, const char *path,
                          struct ov_span *ret_text, uint64_t *ret_version)
{
    struct ov_diag diag = {.text = ""};
    struct ov_key_manifest m;

    if (!read_in(in, path, ret_text))
        return false;
    if (ov_key_manifest_parse(in->arena, *ret_text, &m, &diag) != OV_OK)
        return tell_error("%s:%u: %s", path, diag.line, diag.text);
    for (size_t i = 0; i < m.n; i++) {
        const struct ov_region_keys *k = &m.blocks[i];

        tell("region %s (%.*s), %.*s, %.*s", k->region,
             (int)k->jurisdiction.len, (const char *)k->jurisdiction.ptr,
             (int)k->operator_name.len, (const char *)k->operator_name.ptr,
             (int)k->endpoint.len, (const char *)k->endpoint.ptr);
    }
    *ret_version = m.version;
    return true;
}

/* The newest one of the log; false without words if there is none. */
static bool find_newest(struct instance *in, const struct history *h,
                        struct ov_opened **ret, uint64_t *ret_index)
{
    *ret = ov_arena_alloc(in->arena, sizeof(**ret));
    return *ret != NULL &&
           history_newest(in, h, OV_ENTRY_KEY_MANIFEST, NULL, *ret, ret_index);
}

static bool stage(struct instance *in, const char *file, const char *as)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_ENTRY_MAX);
    struct ov_opened *newest;
    struct ov_span text_of_it;
    struct history h;
    const char *blob;
    uint64_t version;
    uint64_t index;
    uint64_t last = 0;

    if (!history_read(in, &h) ||
        !read_manifest(in, file, &text_of_it, &version))
        return false;
    if (find_newest(in, &h, &newest, &index) &&
        ov_entry_number(&newest->entry, "version", &last) && version <= last)
        return tell_error("the log has version %llu of the manifest",
                          (unsigned long long)last);
    if (!blob_put(in, text_of_it, &blob))
        return false;
    ov_put_entry_head(&b, in->name, OV_ENTRY_KEY_MANIFEST);
    ov_put_entry_line(&b, "version", "%llu", (unsigned long long)version);
    ov_put_entry_line(&b, "file", "%s", blob);
    ov_put_entry_line(&b, "author", "%s", as);
    ov_put_str(&b, "time ");
    ov_put_time(&b, in->now);
    ov_put_u8(&b, '\n');
    return staged_new(in, text(in, "regions-%llu", (unsigned long long)version),
                      &b, as);
}

static bool give(struct instance *in, const char *out)
{
    struct ov_opened *newest;
    struct ov_span manifest;
    struct ov_span proof;
    struct ov_span file;
    struct history h;
    uint8_t digest[32];
    uint64_t index;

    if (!history_read(in, &h))
        return false;
    if (!find_newest(in, &h, &newest, &index) ||
        !ov_entry_value(&newest->entry, "file", 0, &file) ||
        !ov_entry_digest(&newest->entry, "file", digest, NULL))
        return tell_error("no manifest of regions is in the log");
    return blob_get(in, file, &manifest) &&
           read_in(in,
                   path_in(in, "repo/proof/%s.tlog-proof", hex_of(in, digest)),
                   &proof) &&
           disk_write(text(in, "%s.entry", out), h.entries[index], 0644) &&
           disk_write(text(in, "%s.proof", out), proof, 0644) &&
           disk_write(out, manifest, 0644);
}

bool cmd_regions(struct instance *in)
{
    const char *file = option_get(&in->args, OPT_file);
    const char *as = option_get(&in->args, OPT_as);
    const char *out = option_get(&in->args, OPT_out);

    if ((file == NULL) == (out == NULL) || (file != NULL && as == NULL))
        return tell_error("say --file MANIFEST and --as PERSON, or --out FILE");
    return file != NULL ? stage(in, file, as) : give(in, out);
}
