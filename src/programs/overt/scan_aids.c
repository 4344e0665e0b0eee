/* SPDX-License-Identifier: Apache-2.0 */
#include "scan_aids.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"

/* libmagic's database, where file(1) looks for it. */
#define MAGIC_FILE "/usr/share/misc/magic.mgc"

static enum ov_status open_aid(const char *path, int *ret_fd,
                               struct ov_pool_aid *ret)
{
    struct stat st;

    *ret_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*ret_fd < 0 || fstat(*ret_fd, &st) != 0 || !S_ISREG(st.st_mode))
        return OV_IO;
    *ret = (struct ov_pool_aid){*ret_fd, (uint64_t)st.st_size};
    return OV_OK;
}

/* Lines that a worker looks for, or tries. */
static enum ov_status open_lines(struct ov_span lines, int *ret_fd,
                                 struct ov_pool_aid *ret)
{
    if (lines.len == 0)
        return OV_OK;
    OV_TRY(ov_memory_file("lines", ret_fd));
    OV_TRY(ov_write_all(*ret_fd, lines));
    *ret = (struct ov_pool_aid){*ret_fd, lines.len};
    return OV_OK;
}

enum ov_status scan_aids_open(const struct scan_job *job, int aids[OV_N_AID],
                              struct ov_pool_options *options,
                              struct ov_diag *diag)
{
    struct ov_pool_aid *to = options->aids;

    /* Without it the module "magic" says nothing. */
    (void)!open_aid(MAGIC_FILE, &aids[OV_AID_MAGIC], &to[OV_AID_MAGIC]);
    if (job->sandbox_report != NULL &&
        open_aid(job->sandbox_report, &aids[OV_AID_REPORT],
                 &to[OV_AID_REPORT]) != OV_OK)
        return ov_diag_set(diag, OV_IO, 0, "%s: cannot be read",
                           job->sandbox_report);
    OV_TRY(open_lines(job->words, &aids[OV_AID_WORDS], &to[OV_AID_WORDS]));
    return open_lines(job->passwords, &aids[OV_AID_PASSWORDS],
                      &to[OV_AID_PASSWORDS]);
}

void scan_aids_close(int aids[OV_N_AID])
{
    for (size_t i = 0; i < OV_N_AID; i++) {
        if (aids[i] > 0)
            (void)!close(aids[i]); /* it was only read */
        aids[i] = 0;
    }
}
