/* SPDX-License-Identifier: Apache-2.0 */

/* get MAX PATH PLACE...: gets PATH from each place in turn, at most MAX bytes,
 * as an update does, and prints one line each: the status's words, the length,
 * and what went wrong. The bytes of the last that came go to the file "got". */

#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/mirrors.h"

int main(int argc, char **argv)
{
    OV_AUTO(mirrors) m = ov_mirrors_new(0);
    uint64_t max;

    if (m == NULL || argc < 4 ||
        !ov_parse_uint(ov_span_str(argv[1]), UINT64_MAX, &max))
        return 2;
    for (int i = 3; i < argc; i++) {
        struct ov_mirror_file got = {-1, 0};
        struct ov_diag diag = {0};
        enum ov_status status = ov_mirrors_add(m, argv[i], &diag);

        if (status == OV_OK)
            status = ov_mirrors_get(m, ov_mirrors_n(m) - 1, argv[2], max, &got,
                                    &diag);
        printf("%s, %llu: %s\n", ov_status_name(status),
               (unsigned long long)got.len, diag.text);
        if (status == OV_OK &&
            ov_file_copy("got", got.fd, got.len, NULL) != OV_OK)
            return 1;
        ov_fd_cleanup(&got.fd);
    }
    return 0;
}
