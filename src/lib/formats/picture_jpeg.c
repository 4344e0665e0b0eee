/* SPDX-License-Identifier: Apache-2.0
 *
 * JPEG to gray, by libjpeg-turbo's TurboJPEG interface: in memory, and errors
 * are return values. A damaged picture is decoded as far as it goes, as viewers
 * do it. CMYK is OV_UNSUPPORTED.
 *
 * Source: libjpeg-turbo, "TurboJPEG C API".
 */
#include <turbojpeg.h>

#include "formats/picture.h"

#define JPEG_MAX_BYTES (1ul << 30)

static enum ov_status decode(tjhandle handle, struct ov_span bytes,
                             struct ov_budget *budget, struct ov_picture *ret)
{
    int width = 0, height = 0, sampling = 0, space = 0;
    OV_AUTO_PTR uint8_t *rgb = NULL;
    uint64_t n;

    if (tjDecompressHeader3(handle, bytes.ptr, bytes.len, &width, &height,
                            &sampling, &space) != 0)
        return OV_MALFORMED;
    if (space == TJCS_CMYK || space == TJCS_YCCK)
        return OV_UNSUPPORTED;
    OV_TRY(ov_picture_new((uint32_t)width, (uint32_t)height, budget, ret));
    n = (uint64_t)ret->width * ret->height;
    rgb = ov_alloc_array((size_t)n, 3);
    if (rgb == NULL)
        return OV_NO_MEMORY;
    if (tjDecompress2(handle, bytes.ptr, bytes.len, rgb, width, 0, height,
                      TJPF_RGB, TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS) != 0 &&
        tjGetErrorCode(handle) != TJERR_WARNING)
        return OV_MALFORMED;
    for (uint64_t i = 0; i < n; i++)
        ret->gray[i] = ov_luma(rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]);
    return OV_OK;
}

enum ov_status ov_picture_read_jpeg(struct ov_span bytes,
                                    struct ov_budget *budget,
                                    struct ov_picture *ret)
{
    struct ov_picture picture = {0};
    tjhandle handle;
    enum ov_status status;

    if (bytes.len > JPEG_MAX_BYTES)
        return OV_LIMIT_SIZE;
    handle = tjInitDecompress();
    if (handle == NULL)
        return OV_NO_MEMORY;
    status = decode(handle, bytes, budget, &picture);
    (void)tjDestroy(handle);
    if (status == OV_OK)
        *ret = picture;
    else
        ov_picture_done(&picture);
    return status;
}
