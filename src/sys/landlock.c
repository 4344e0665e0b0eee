/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
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

/* A rule set that denies all there is, or all but the network. */
static enum ov_status make_ruleset(bool keeps_network, int *ret_fd,
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

static enum ov_status restrict_self(int ruleset)
{
    return syscall(SYS_landlock_restrict_self, ruleset, 0) == 0 ? OV_OK
                                                                : OV_DENIED;
}

enum ov_status ov_landlock_forbid_all(uint32_t *ret_abi)
{
    OV_AUTO_FD ruleset = -1;

    OV_TRY(make_ruleset(false, &ruleset, ret_abi));
    return restrict_self(ruleset);
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

    OV_TRY(make_ruleset(true, &ruleset, ret_abi));
    for (size_t i = 0;; i++) {
        OV_AUTO_FD file = open_readable(i);

        if (file < 0)
            return restrict_self(ruleset);
        OV_TRY(let_read(ruleset, file));
    }
}

/* Truncating is a right of its own from version 3 on. */
#define ABI_TRUNCATE 3
#define ACCESS_TRUNCATE (UINT64_C(1) << 14)

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

    OV_TRY(make_ruleset(false, &ruleset, ret_abi));
    if (*ret_abi >= ABI_TRUNCATE)
        rule.allowed_access |= ACCESS_TRUNCATE;
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
                &rule, 0) != 0)
        return OV_DENIED;
    return restrict_self(ruleset);
}

/* ---- writing here and there ---- */

/* Moving between folders is a right of its own from version 2 on. */
#define ABI_REFER 2
#define ACCESS_REFER (UINT64_C(1) << 13)

static uint64_t write_rights(long abi)
{
    uint64_t all =
        LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
        LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
        LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
        LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
        LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

    if (abi >= ABI_REFER)
        all |= ACCESS_REFER;
    return abi >= ABI_TRUNCATE ? all | ACCESS_TRUNCATE : all;
}

static enum ov_status let_write(int ruleset, int place, uint64_t rights)
{
    struct landlock_path_beneath_attr rule = {.parent_fd = place};
    struct stat st;

    if (fstat(place, &st) != 0)
        return OV_IO;
    rule.allowed_access =
        S_ISDIR(st.st_mode)
            ? rights & ~(LANDLOCK_ACCESS_FS_MAKE_CHAR |
                         LANDLOCK_ACCESS_FS_MAKE_BLOCK)
            : rights & (LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE);
    return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
                   &rule, 0) == 0
               ? OV_OK
               : OV_DENIED;
}

enum ov_status ov_landlock_write_below(const int *places, size_t n,
                                       uint32_t *ret_abi)
{
    OV_AUTO_FD ruleset = -1;
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
                       LANDLOCK_CREATE_RULESET_VERSION);
    struct ruleset handled = {.fs = write_rights(abi)};

    if (abi < 1)
        return OV_UNSUPPORTED;
    ruleset = (int)syscall(SYS_landlock_create_ruleset, &handled,
                           sizeof(handled.fs), 0);
    if (ruleset < 0)
        return OV_DENIED;
    for (size_t i = 0; i < n; i++)
        OV_TRY(let_write(ruleset, places[i], handled.fs));
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return OV_DENIED;
    *ret_abi = (uint32_t)abi;
    return restrict_self(ruleset);
}

#define MAX_PLACES 16

enum ov_status ov_landlock_write_paths(const char *const *paths, size_t n)
{
    int places[MAX_PLACES] = {0};
    size_t n_places = 0;
    enum ov_status status;
    uint32_t abi;

    for (size_t i = 0; i < n && n_places < MAX_PLACES; i++) {
        int fd = open(paths[i], O_PATH | O_CLOEXEC);

        if (fd >= 0)
            places[n_places++] = fd;
    }
    status = ov_landlock_write_below(places, n_places, &abi);
    while (n_places > 0)
        ov_fd_cleanup(&places[--n_places]);
    return status;
}

/* Rules for paths of one kind; files get what a file may have. */
static enum ov_status let_paths(int ruleset, const char *const *paths, size_t n,
                                uint64_t rights)
{
    const uint64_t of_files = LANDLOCK_ACCESS_FS_READ_FILE |
                              LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE;

    for (size_t i = 0; i < n; i++) {
        OV_AUTO_FD fd = open(paths[i], O_PATH | O_CLOEXEC);
        struct landlock_path_beneath_attr rule = {.parent_fd = fd};
        struct stat st;

        if (fd < 0)
            continue;
        if (fstat(fd, &st) != 0)
            return OV_IO;
        rule.allowed_access = S_ISDIR(st.st_mode) ? rights : rights & of_files;
        if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
                    &rule, 0) != 0)
            return OV_DENIED;
    }
    return OV_OK;
}

enum ov_status ov_landlock_service(const struct ov_landlock_places *p)
{
    const uint64_t read =
        LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
    const uint64_t devices =
        LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK;
    OV_AUTO_FD ruleset = -1;
    uint32_t abi;

    OV_TRY(make_ruleset(true, &ruleset, &abi));
    OV_TRY(let_paths(ruleset, p->write, p->n_write,
                     read | (write_rights((long)abi) & ~devices)));
    OV_TRY(let_paths(ruleset, p->read, p->n_read, read));
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return OV_DENIED;
    return restrict_self(ruleset);
}
