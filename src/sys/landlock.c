/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/landlock.h"

#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/fd.h"

/* A Landlock rule set that handles every kind of access and has no rule: all
 * is denied. The kernel refuses bits it does not know, so the rights are masked
 * by its ABI version. The numbers are ours where Debian 12's headers (ABI 2)
 * do not have them yet. Source: Linux, Documentation/userspace-api/landlock. */

/* As the kernel's struct landlock_ruleset_attr of ABI 6. */
struct ruleset {
    uint64_t fs;
    uint64_t net;
    uint64_t scoped;
};

/* How many rights each ABI version knows, from version 1. */
static const struct {
    unsigned n_fs;
    unsigned n_net;
    unsigned n_scoped;
    size_t size;
} abis[] = {
    {13, 0, 0, 8},  {14, 0, 0, 8},  {15, 0, 0, 8},
    {15, 2, 0, 16}, {16, 2, 0, 16}, {16, 2, 2, 24},
};

#define N_ABIS (sizeof(abis) / sizeof(abis[0]))

static uint64_t low_bits(unsigned n)
{
    return (UINT64_C(1) << n) - 1;
}

enum ov_status ov_landlock_ruleset(bool keeps_network, int *ret_fd,
                                   uint32_t *ret_abi)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
                       LANDLOCK_CREATE_RULESET_VERSION);
    size_t known = abi > (long)N_ABIS ? N_ABIS : (size_t)abi;
    struct ruleset all;
    int fd;

    if (abi < 1)
        return OV_UNSUPPORTED;
    all.fs = low_bits(abis[known - 1].n_fs);
    all.net = keeps_network ? 0 : low_bits(abis[known - 1].n_net);
    all.scoped = low_bits(abis[known - 1].n_scoped);
    fd = (int)syscall(SYS_landlock_create_ruleset, &all, abis[known - 1].size,
                      0);
    if (fd < 0)
        return OV_DENIED;
    *ret_fd = fd;
    *ret_abi = (uint32_t)abi;
    return OV_OK;
}

enum ov_status ov_landlock_restrict(int ruleset)
{
    return syscall(SYS_landlock_restrict_self, ruleset, 0) == 0 ? OV_OK
                                                                : OV_DENIED;
}

enum ov_status ov_landlock_forbid_all(uint32_t *ret_abi)
{
    OV_AUTO_FD ruleset = -1;

    OV_TRY(ov_landlock_ruleset(false, &ruleset, ret_abi));
    return ov_landlock_restrict(ruleset);
}

static enum ov_status let_read(int ruleset, int file)
{
    const struct landlock_path_beneath_attr rule = {
        .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE, .parent_fd = file};

    return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
                   &rule, 0) == 0
               ? OV_OK
               : OV_DENIED;
}

enum ov_status ov_landlock_forbid_files(int (*open_readable)(size_t i),
                                        uint32_t *ret_abi)
{
    OV_AUTO_FD ruleset = -1;

    OV_TRY(ov_landlock_ruleset(true, &ruleset, ret_abi));
    for (size_t i = 0;; i++) {
        OV_AUTO_FD file = open_readable(i);

        if (file < 0)
            return ov_landlock_restrict(ruleset);
        OV_TRY(let_read(ruleset, file));
    }
}

#define ACCESS_TRUNCATE OV_LANDLOCK_TRUNCATE
#define ABI_TRUNCATE OV_LANDLOCK_ABI_TRUNCATE

enum ov_status ov_landlock_keep_folder(int folder, uint32_t *ret_abi)
{
    OV_AUTO_FD ruleset = -1;
    struct landlock_path_beneath_attr rule = {
        .allowed_access =
            LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
            LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
            LANDLOCK_ACCESS_FS_REMOVE_FILE,
        .parent_fd = folder,
    };

    OV_TRY(ov_landlock_ruleset(false, &ruleset, ret_abi));
    if (*ret_abi >= ABI_TRUNCATE)
        rule.allowed_access |= ACCESS_TRUNCATE;
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
                &rule, 0) != 0)
        return OV_DENIED;
    return ov_landlock_restrict(ruleset);
}
