/* SPDX-License-Identifier: Apache-2.0 */
#include "show.h"

#include <sys/mman.h>
#include <unistd.h>

#include "rules/clamav.h"
#include "rules/yara_format.h"

/* An image that somebody gives may be damaged or hostile, so its text is made
 * in the jail, too. */

#define MAX_SOURCE ((size_t)64 << 20)
#define CLAMAV_HEADER 512

static enum ov_status describe(struct ov_image *image,
                               const struct ov_wire_show *what,
                               const struct ov_text_out *out)
{
    switch (what->what) {
    case OV_JUDGE_LIST:
        return ov_describe_list(image, out);
    case OV_JUDGE_COUNTS:
        return ov_describe_counts(image, out);
    case OV_JUDGE_SECTIONS:
        return ov_describe_sections(image, out);
    case OV_JUDGE_SLOW:
        return ov_describe_slow(image, out);
    case OV_JUDGE_STATISTICS:
        return ov_describe_statistics(image, out);
    case OV_JUDGE_COSTS:
        return ov_describe_costs(image, out);
    case OV_JUDGE_RULE:
        return ov_describe_rule(image, what->name, out);
    default:
        return OV_USAGE;
    }
}

static enum ov_status check_and_describe(struct ov_span bytes,
                                         const struct ov_wire_show *what,
                                         const struct ov_text_out *out,
                                         struct ov_diag *diag)
{
    OV_AUTO(image) image = NULL;

    OV_TRY(ov_image_open(bytes, &image, diag));
    OV_TRY(ov_image_check(image, diag));
    return describe(image, what, out);
}

static enum ov_status format(struct ov_span source,
                             const struct ov_text_out *out,
                             struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(SIZE_MAX);

    OV_TRY(ov_yara_format(source, &text, diag));
    return out->write(out->data, ov_buf_span(&text)) ? OV_OK : OV_IO;
}

enum ov_status show_formatted(int fd, uint64_t len,
                              const struct ov_text_out *out,
                              struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) source = ov_buf_with_max(MAX_SOURCE);

    if (len > MAX_SOURCE)
        return ov_diag_set(diag, OV_LIMIT_SIZE, 0, "larger than 64 MiB");
    while (source.len < len) {
        uint8_t *room = ov_buf_room(&source, (size_t)len - source.len);
        ssize_t got = room == NULL ? -1
                                   : pread(fd, room, (size_t)len - source.len,
                                           (off_t)source.len);

        if (got <= 0)
            return ov_diag_set(diag, OV_IO, 0, "cannot be read");
        ov_buf_added(&source, (size_t)got);
    }
    return format(ov_buf_span(&source), out, diag);
}

enum ov_status show_made(int fd, const struct ov_text_out *out,
                         struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(64);
    uint8_t head[CLAMAV_HEADER];
    ssize_t n = pread(fd, head, sizeof(head), 0);
    uint64_t seconds;

    if (n < 0)
        return ov_diag_set(diag, OV_IO, 0, "cannot be read");
    if (ov_clamav_made(ov_span_of(head, (size_t)n), &seconds) != OV_OK)
        return ov_diag_set(diag, OV_MALFORMED, 0, "broken or not a CVD file");
    ov_put_format(&text, "%llu", (unsigned long long)seconds);
    return out->write(out->data, ov_buf_span(&text)) ? OV_OK : OV_IO;
}

enum ov_status show_image(int fd, const struct ov_wire_show *what,
                          const struct ov_text_out *out, struct ov_diag *diag)
{
    void *at =
        mmap(NULL, (size_t)what->image_len, PROT_READ, MAP_SHARED, fd, 0);
    enum ov_status status;

    if (at == MAP_FAILED)
        return ov_diag_set(diag, OV_IO, 0, "cannot map the image");
    status = check_and_describe(ov_span_of(at, (size_t)what->image_len), what,
                                out, diag);
    (void)!munmap(at, (size_t)what->image_len); /* as it was mapped */
    return status;
}
