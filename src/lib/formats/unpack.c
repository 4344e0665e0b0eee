/* SPDX-License-Identifier: Apache-2.0
 *
 * Containers: which unpacker opens which type, and what holds for all of them:
 * members are counted against the budget, a failed container stays failed, and
 * a member is read once. */
#include "formats/unpack.h"

#include "base/assert.h"
#include "formats/embedded.h"
#include "formats/unpacker.h"

struct ov_unpacker {
    const struct ov_unpack_ops *ops;
    void *state;
    struct ov_budget *budget;
    uint64_t n_members;
    enum ov_status status; /* what ended the walk */
    bool is_over;
    bool has_member; /* one that was not read yet */
};

static const struct ov_unpack_ops *const table[OV_N_TYPES] = {
    [OV_TYPE_ZIP] = &ov_unpack_zip,
    [OV_TYPE_ZIPSFX] = &ov_unpack_zip,
    [OV_TYPE_OOXML_WORD] = &ov_unpack_zip,
    [OV_TYPE_OOXML_PPT] = &ov_unpack_zip,
    [OV_TYPE_OOXML_XL] = &ov_unpack_zip,
    [OV_TYPE_OOXML_HWP] = &ov_unpack_zip,
    [OV_TYPE_RAR] = &ov_unpack_archive,
    [OV_TYPE_RARSFX] = &ov_unpack_archive,
    [OV_TYPE_7Z] = &ov_unpack_archive,
    [OV_TYPE_7ZSFX] = &ov_unpack_archive,
    [OV_TYPE_TAR] = &ov_unpack_archive,
    [OV_TYPE_OLD_TAR] = &ov_unpack_archive,
    [OV_TYPE_CPIO_OLD] = &ov_unpack_archive,
    [OV_TYPE_CPIO_ODC] = &ov_unpack_archive,
    [OV_TYPE_CPIO_NEWC] = &ov_unpack_archive,
    [OV_TYPE_CPIO_CRC] = &ov_unpack_archive,
    [OV_TYPE_AR] = &ov_unpack_archive,
    [OV_TYPE_RPM] = &ov_unpack_archive,
    [OV_TYPE_CAB] = &ov_unpack_archive,
    [OV_TYPE_CABSFX] = &ov_unpack_archive,
    [OV_TYPE_ISO9660] = &ov_unpack_archive,
    [OV_TYPE_XAR] = &ov_unpack_xar,
    [OV_TYPE_LHA] = &ov_unpack_archive,
    [OV_TYPE_WARC] = &ov_unpack_archive,
    [OV_TYPE_LZ4] = &ov_unpack_archive,
    [OV_TYPE_COMPRESS] = &ov_unpack_archive,
    [OV_TYPE_MBR] = &ov_unpack_partitions,
    [OV_TYPE_GPT] = &ov_unpack_partitions,
    [OV_TYPE_APM] = &ov_unpack_partitions,
    [OV_TYPE_MAIL] = &ov_unpack_mail,
    [OV_TYPE_MHTML] = &ov_unpack_mail,
    [OV_TYPE_MACHO_FAT] = &ov_unpack_parts,
    [OV_TYPE_UUENCODED] = &ov_unpack_encoded,
    [OV_TYPE_BASE64] = &ov_unpack_encoded,
    [OV_TYPE_BINHEX] = &ov_unpack_encoded,
    [OV_TYPE_TNEF] = &ov_unpack_encoded,
    [OV_TYPE_OLE2] = &ov_unpack_ole2,
    [OV_TYPE_HWPOLE2] = &ov_unpack_ole2,
    [OV_TYPE_PDF] = &ov_unpack_pdf,
    [OV_TYPE_CHM] = &ov_unpack_mspack,
    [OV_TYPE_SZDD] = &ov_unpack_mspack,
    [OV_TYPE_SIS] = &ov_unpack_sis,
    [OV_TYPE_RTF] = &ov_unpack_rtf,
    [OV_TYPE_SWF] = &ov_unpack_stream,
    [OV_TYPE_HTML] = &ov_unpack_page,
    [OV_TYPE_GZ] = &ov_unpack_stream,
    [OV_TYPE_BZ] = &ov_unpack_stream,
    [OV_TYPE_XZ] = &ov_unpack_stream,
    [OV_TYPE_LZMA] = &ov_unpack_stream,
    [OV_TYPE_ZSTD] = &ov_unpack_stream,
};

bool ov_unpack_has_passwords(enum ov_type type)
{
    OV_ASSERT(type < OV_N_TYPES);
    return table[type] == &ov_unpack_zip;
}

enum ov_status ov_unpacker_open(const struct ov_unpack_job *job,
                                struct ov_unpacker **ret)
{
    OV_AUTO(unpacker) u = NULL;
    const struct ov_unpack_ops *ops;

    OV_ASSERT(job->type < OV_N_TYPES && job->budget != NULL);
    ops = table[job->type];
    if (ops == NULL && ov_type_may_embed(job->type))
        ops = &ov_unpack_parts;
    if (ops == NULL)
        return OV_UNSUPPORTED;
    u = ov_alloc(sizeof(*u));
    if (u == NULL)
        return OV_NO_MEMORY;
    u->ops = ops;
    u->budget = job->budget;
    OV_TRY(u->ops->open(job, &u->state));
    *ret = OV_STEAL(u);
    return OV_OK;
}

void ov_unpacker_free(struct ov_unpacker *u)
{
    if (u != NULL && u->state != NULL)
        u->ops->free(u->state);
    ov_free(u);
}

bool ov_unpacker_totals(const struct ov_unpacker *u, uint64_t *ret_members,
                        uint64_t *ret_bytes)
{
    return u->ops->totals != NULL &&
           u->ops->totals(u->state, ret_members, ret_bytes);
}

enum ov_status ov_unpacker_next(struct ov_unpacker *u, struct ov_member *ret)
{
    struct ov_member m = {.real_size = OV_SIZE_UNKNOWN, .type = OV_TYPE_DATA};
    enum ov_status status;

    if (!u->is_over) {
        m.position = u->n_members + 1;
        status = u->ops->next(u->state, &m);
        if (status == OV_OK && !m.is_end)
            status = ov_budget_spend(u->budget, OV_COST_OBJECTS, 1);
        u->is_over = status != OV_OK || m.is_end;
        u->status = status;
        u->n_members += !u->is_over;
        u->has_member = !u->is_over;
    }
    if (u->status != OV_OK)
        return u->status;
    if (u->is_over)
        m = (struct ov_member){.is_end = true};
    *ret = m;
    return OV_OK;
}

bool ov_unpacker_borrow(struct ov_unpacker *u, uint64_t max,
                        struct ov_span *ret)
{
    struct ov_span lent;

    if (!u->has_member || u->ops->lend == NULL ||
        !u->ops->lend(u->state, &lent) || lent.len > max ||
        ov_budget_left(u->budget, OV_COST_BYTES) < lent.len ||
        ov_budget_spend(u->budget, OV_COST_BYTES, lent.len) != OV_OK)
        return false;
    u->has_member = false;
    *ret = lent;
    return true;
}

enum ov_status ov_unpacker_read(struct ov_unpacker *u, struct ov_buf *into)
{
    if (!u->has_member)
        return OV_USAGE;
    u->has_member = false;
    return u->ops->read(u->state, into);
}
