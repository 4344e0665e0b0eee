/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/landlock.h"

/* Landlock for programs that open files by name and start helpers. Apart from
 * landlock.c, so that what jails a worker does not even link open(). */

#define ACCESS_TRUNCATE OV_LANDLOCK_TRUNCATE
#define ABI_TRUNCATE OV_LANDLOCK_ABI_TRUNCATE

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
    const uint64_t handled = write_rights(abi);

    if (abi < 1)
        return OV_UNSUPPORTED;
    ruleset =
        (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);
    if (ruleset < 0)
        return OV_DENIED;
    for (size_t i = 0; i < n; i++)
        OV_TRY(let_write(ruleset, places[i], handled));
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return OV_DENIED;
    *ret_abi = (uint32_t)abi;
    return ov_landlock_restrict(ruleset);
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

    OV_TRY(ov_landlock_ruleset(true, &ruleset, &abi));
    OV_TRY(let_paths(ruleset, p->write, p->n_write,
                     read | (write_rights((long)abi) & ~devices)));
    OV_TRY(let_paths(ruleset, p->read, p->n_read, read));
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return OV_DENIED;
    return ov_landlock_restrict(ruleset);
}
