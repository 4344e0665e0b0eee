/* SPDX-License-Identifier: Apache-2.0 */
#include "letter.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/file.h"

/* The mail server has taken the message apart; here it is put together again,
 * with one field before it, as any server adds one, so that it is known as mail
 * whatever its own first field is. */
#define FIRST_FIELD "Received: by overt-milter\r\n"

#define MAX_TRIES 100
#define TRY_AGAIN_NS 50000000

static void put(struct letter *l, struct ov_span bytes)
{
    if (l->is_cut || bytes.len == 0)
        return;
    if (bytes.len > l->max - l->len ||
        pwrite(l->fd, bytes.ptr, bytes.len, (off_t)l->len) !=
            (ssize_t)bytes.len)
        l->is_cut = true;
    else
        l->len += bytes.len;
}

void letter_begin(struct letter *l, uint64_t max)
{
    *l = (struct letter){.fd = -1, .max = max};
    l->is_cut = ov_memory_file("mail", &l->fd) != OV_OK;
    put(l, OV_SPAN_LIT(FIRST_FIELD));
}

void letter_done(struct letter *l)
{
    ov_fd_cleanup(&l->fd);
    l->fd = -1;
}

/* A line feed alone becomes an end of line as mail has it. */
static void put_lines(struct letter *l, struct ov_span text)
{
    struct ov_span line;

    while (ov_span_cut(&text, '\n', &line)) {
        put(l, line);
        put(l, ov_span_ends(line, OV_SPAN_LIT("\r")) ? OV_SPAN_LIT("\n")
                                                     : OV_SPAN_LIT("\r\n"));
    }
    put(l, line);
}

void letter_add_header(struct letter *l, struct ov_span name,
                       struct ov_span value)
{
    if (ov_span_equal_nocase(name, OV_SPAN_LIT(LETTER_STATUS)))
        l->n_forged++;
    put(l, name);
    put(l, OV_SPAN_LIT(": "));
    put_lines(l, value);
    put(l, OV_SPAN_LIT("\r\n"));
}

void letter_end_headers(struct letter *l)
{
    put(l, OV_SPAN_LIT("\r\n"));
}

void letter_add_body(struct letter *l, struct ov_span piece)
{
    put(l, piece);
}

/* A daemon whose row is full for the moment is asked again. */
static int reach(const char *daemon, unsigned seconds)
{
    const struct timespec pause = {.tv_nsec = TRY_AGAIN_NS};
    time_t began = time(NULL);
    int fd = ov_clamd_connect(daemon, seconds);

    /* To connect may have taken all the time there is. */
    for (int i = 0; i < MAX_TRIES && fd < 0 && errno == EAGAIN &&
                    time(NULL) - began < (time_t)seconds;
         i++) {
        (void)nanosleep(&pause, NULL); /* shorter is fine, too */
        fd = ov_clamd_connect(daemon, seconds);
    }
    return fd;
}

/* Until the byte that ends a line: its length, or 0. */
static size_t receive_line(int fd, char *text)
{
    size_t len = 0;

    while (len < OV_CLAMD_REPLY_MAX) {
        ssize_t n = recv(fd, text + len, OV_CLAMD_REPLY_MAX - len, 0);
        const char *end;

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return 0;
        end = memchr(text + len, '\0', (size_t)n);
        if (end != NULL)
            return (size_t)(end - text);
        len += (size_t)n;
    }
    return 0;
}

static enum ov_status not_asked(const char *words, struct ov_clamd_reply *ret)
{
    *ret = (struct ov_clamd_reply){OV_CLAMD_ERROR, ov_span_str(words)};
    return OV_PEER_GONE;
}

enum ov_status letter_ask(const struct letter *l, const char *daemon,
                          unsigned seconds,
                          char text[static OV_CLAMD_REPLY_MAX],
                          struct ov_clamd_reply *ret)
{
    OV_AUTO_FD fd = -1;
    size_t len;

    if (l->is_cut) {
        *ret = (struct ov_clamd_reply){OV_CLAMD_ERROR,
                                       OV_SPAN_LIT("limit: max-message")};
        return OV_OK;
    }
    fd = reach(daemon, seconds);
    if (fd < 0)
        return not_asked("the daemon cannot be reached", ret);
    if (ov_clamd_send_file(fd, l->fd) != OV_OK)
        return not_asked("the daemon cannot be asked", ret);
    len = receive_line(fd, text);
    if (len == 0 || ov_clamd_read_reply(ov_span_of(text, len), ret) != OV_OK)
        return not_asked("the daemon does not answer", ret);
    return OV_OK;
}
