/* SPDX-License-Identifier: Apache-2.0 */
#include "center.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"

/* overt-center: makes the Transparency Center out of a published tree, and
 * serves it. `build` believes nothing that it did not verify as a client does;
 * what it makes are static files that browsers verify once more. */

static const char usage[] =
    "usage: overt-center build REPO -o SITE [--root FILE] [--web FOLDER]\n"
    "       overt-center serve SITE [--listen ADDRESS:PORT]\n"
    "\n"
    "The Transparency Center: a web site that proves what it says.\n"
    "\n"
    "  build                   verify a published tree, and make the site\n"
    "    -o, --output SITE     its folder; is made, or brought up to date\n"
    "    --root FILE           the first root, instead of the tree's own\n"
    "    --web FOLDER          what the pages are made with; \"none\": only "
    "data\n"
    "  serve                   serve a site with the headers it wants\n"
    "    --listen ADDRESS:PORT numeric; 127.0.0.1:8486\n"
    "  --help, --version\n";

int center_say(const char *format, ...)
{
    OV_AUTO_DONE(buf) line = ov_buf_with_max(8192);
    char words[2048];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    ov_put_str(&line, "overt-center: ");
    ov_put_escaped(&line, ov_span_str(words));
    ov_put_u8(&line, '\n');
    (void)!write(STDERR_FILENO, line.ptr, line.len); /* nobody else to tell */
    return CENTER_FAILED;
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";

    if (strcmp(word, "build") == 0)
        return cmd_build(argc - 1, argv + 1);
    if (strcmp(word, "serve") == 0)
        return cmd_serve(argc - 1, argv + 1);
    if (strcmp(word, "--version") == 0)
        return puts("overt-center " OV_VERSION) < 0 ? CENTER_FAILED : CENTER_OK;
    if (strcmp(word, "--help") == 0)
        return fputs(usage, stdout) < 0 ? CENTER_FAILED : CENTER_OK;
    (void)fputs(usage, stderr);
    return CENTER_FAILED;
}
