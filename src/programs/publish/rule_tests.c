/* SPDX-License-Identifier: Apache-2.0 */
#include "rule_tests.h"

#include <string.h>

#include "base/text.h"
#include "run.h"

/* The results, a line per sample, by digest:
 *
 *     overt-test-results/1
 *     bad sha256:... found
 *     good sha256:... nothing
 *     corpus nothing
 *
 * No names, no times, no paths: it is made for ci to make again and compare.
 * Exit codes of overt scan: 0 clean, 1 detected, 3 inconclusive. */

static const char *words_of(int code)
{
    switch (code) {
    case 0:
        return "nothing";
    case 1:
        return "found";
    case 3:
        return "inconclusive";
    default:
        return "error";
    }
}

static bool scan(const struct rule_tests *t, const char *path,
                 enum run_output output, int *ret_code)
{
    const char *words[] = {"scan",    "--no-cache", "--quiet",
                           "--rules", t->rule,      path};

    return run_command("overt", words, sizeof(words) / sizeof(words[0]), output,
                       ret_code);
}

static bool run_folder(struct instance *in, const struct rule_tests *t,
                       const char *sort, int expected, struct ov_buf *results,
                       unsigned *n_failed)
{
    const char *folder = text(in, "%s/%s", t->folder, sort);
    struct disk_names names;
    bool ok = disk_list(folder, "", &names);

    for (size_t i = 0; ok && i < names.n; i++) {
        int code;

        ok = scan(t, text(in, "%s/%s", folder, names.names[i]), RUN_SILENT,
                  &code);
        if (!ok)
            break;
        ov_put_format(results, "%s sha256:%s %s\n", sort, names.names[i],
                      words_of(code));
        tell("  %-5s %.16s... %s%s", sort, names.names[i], words_of(code),
             code == expected ? "" : "   <- should be otherwise");
        *n_failed += code != expected;
    }
    disk_names_done(&names);
    return ok;
}

bool rule_tests_run(struct instance *in, const struct rule_tests *t,
                    struct ov_buf *results, unsigned *ret_n_failed)
{
    unsigned n_failed = 0;
    int code;

    ov_put_str(results, "overt-test-results/1\n");
    if (!run_folder(in, t, "bad", 1, results, &n_failed) ||
        !run_folder(in, t, "good", 0, results, &n_failed))
        return false;
    if (t->corpus != NULL) {
        if (!scan(t, t->corpus, RUN_ALL, &code))
            return false;
        ov_put_format(results, "corpus %s\n", words_of(code));
        tell("  corpus %s: %s", t->corpus, words_of(code));
        n_failed += code == 1 || code == 2;
    }
    *ret_n_failed = n_failed;
    return ov_buf_status(results) == OV_OK || tell_error("out of memory");
}

bool rule_tests_add(struct instance *in, const char *folder, enum option which)
{
    const char *sort = which == OPT_bad ? "bad" : "good";

    for (size_t i = 0; i < in->args.counts[which]; i++) {
        struct ov_span bytes;
        uint8_t digest[32];

        if (!read_in(in, in->args.values[which][i], &bytes) ||
            !digest_of(bytes, digest) ||
            !disk_write(text(in, "%s/%s/%s", folder, sort, hex_of(in, digest)),
                        bytes, 0600))
            return false;
    }
    return true;
}
