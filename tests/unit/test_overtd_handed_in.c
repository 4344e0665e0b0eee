/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "programs/overtd/control.h"
#include "programs/overtd/quarantine_page.h"
#include "programs/overtd/scan_front.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "test.h"

/* What overt-http hands in, if it were taken over: it keeps the other end, and
 * what it likes of the daemon's. A daemon that waited for it would make the
 * test wait for ever; an alarm ends it. */

#define TURNS 64
#define PAGE ((size_t)4 << 20)

/* ---- in place of the daemon's other parts ---- */

static struct desk_request *submitted; /* the last; NULL: none, or cancelled */
static unsigned n_submitted;

void desk_submit(struct desk *desk, struct desk_request *r)
{
    (void)desk;
    submitted = r;
    n_submitted++;
}

void desk_cancel(struct desk *desk, struct desk_request *r)
{
    (void)desk;
    assert_ptr_equal(r, submitted);
    ov_fd_cleanup(&r->fd);
    submitted = NULL;
}

void clamd_front_join(struct clamd_front *f)
{
    f->n_sessions++;
}

void clamd_front_part(struct clamd_front *f)
{
    f->n_sessions--;
}

static void put_page(void *data, enum control_page page, struct ov_buf *b)
{
    static const uint8_t zeros[1 << 16];

    (void)data;
    (void)page;
    while (b->len < PAGE)
        ov_put_span(b, ov_span_of(zeros, sizeof(zeros)));
}

static void on_event(void *data, const struct event *e)
{
    (void)data;
    (void)e;
}

/* ---- the other end ---- */

static struct ov_loop *loop;

static int set_up(void **state)
{
    (void)state;
    n_submitted = 0;
    submitted = NULL;
    loop = ov_loop_new();
    (void)alarm(60);
    return loop == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    (void)alarm(0);
    ov_loop_free(loop);
    return 0;
}

static void make_pair(int pair[static 2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair),
                     0);
}

static void send_all(int fd, struct ov_span bytes)
{
    assert_int_equal(send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL), bytes.len);
}

static void send_with_file(int fd, struct ov_span bytes)
{
    union {
        struct cmsghdr head;
        uint8_t room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec part = {(void *)(uintptr_t)bytes.ptr, bytes.len};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = control.room,
                       .msg_controllen = sizeof(control.room)};
    OV_AUTO_FD file = -1;

    assert_int_equal(ov_memory_file("test", &file), OV_OK);
    control.head = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(file)),
                                    .cmsg_level = SOL_SOCKET,
                                    .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(&control.head), &file, sizeof(file));
    assert_int_equal(sendmsg(fd, &m, MSG_NOSIGNAL), bytes.len);
}

/* ---- files ---- */

static struct clamd_front shared;
static struct scan_front scans;

static void open_scans(void)
{
    shared = (struct clamd_front){.options = {.max_connections = 2}};
    scans = (struct scan_front){.loop = loop, .clamd = &shared};
}

/* Returns its other end. */
static int hand_in(struct ov_span bytes, bool has_file, bool wants_all)
{
    static uint8_t scratch[OV_MSG_MAX];
    int pair[2];

    make_pair(pair);
    if (has_file)
        send_with_file(pair[0], bytes);
    else if (bytes.len > 0)
        send_all(pair[0], bytes);
    scan_front_serve(&scans, pair[1], wants_all, scratch);
    return pair[0];
}

/* The whole answer to the file that was handed in. */
static void hear(int fd, char answer[static 1024])
{
    size_t len = 0;

    memset(answer, 0, 1024);
    for (unsigned i = 0; i < TURNS; i++) {
        ssize_t n = recv(fd, answer + len, 1023 - len, MSG_DONTWAIT);

        if (n == 0)
            break;
        len += n > 0 ? (size_t)n : 0;
        if (shared.n_sessions > 0)
            assert_int_equal(ov_loop_turn(loop), OV_OK);
    }
    ov_fd_cleanup(&fd);
}

static void finish(enum ov_verdict verdict, unsigned n_detections)
{
    const struct desk_result result = {.verdict = verdict,
                                       .n_detections = n_detections,
                                       .type = OV_SPAN_LIT("zip"),
                                       .rule = OV_SPAN_LIT("A\"B"),
                                       .reason = OV_SPAN_LIT("limit")};

    ov_fd_cleanup(&submitted->fd);
    submitted->done(submitted, &result);
}

static void all_that_was_found_is_told(void **state)
{
    const struct ov_wire_detection d = {
        .rule = OV_SPAN_LIT("A\"B"),
        .source = OV_SPAN_LIT("x.ndb"),
        .line = 7,
        .kind = OV_SPAN_LIT("body"),
        .type = OV_SPAN_LIT("text"),
        .object_len = 5,
        .path = {.names = {OV_SPAN_LIT("in.zip"), OV_SPAN_LIT("a\n")}, .n = 2}};
    const struct ov_wire_inconclusive i = {.reason = OV_SPAN_LIT("limit"),
                                           .detail = OV_SPAN_LIT("size")};
    char answer[1024];
    int fd;

    (void)state;
    open_scans();
    fd = hand_in(OV_SPAN_LIT("\0"), true, true);
    assert_int_equal(n_submitted, 1);
    assert_true(submitted->all_matches);
    assert_null(submitted->path);
    submitted->detection(submitted, &d);
    submitted->detection(submitted, &d);
    submitted->inconclusive(submitted, &i);
    finish(OV_DETECTED, 2);
    hear(fd, answer);
    assert_string_equal(
        answer,
        "{\"verdict\":\"detected\",\"size\":0,"
        "\"rule\":\"A\\\"B.UNOFFICIAL\",\"type\":\"zip\",\"detections\":["
        "{\"verdict\":\"detected\",\"rule\":\"A\\\"B\",\"source\":\"x.ndb\","
        "\"line\":7,\"kind\":\"body\",\"object_type\":\"text\","
        "\"object_size\":5,\"members\":[\"in.zip\",\"a\\u000a\"]},"
        "{\"verdict\":\"detected\",\"rule\":\"A\\\"B\",\"source\":\"x.ndb\","
        "\"line\":7,\"kind\":\"body\",\"object_type\":\"text\","
        "\"object_size\":5,\"members\":[\"in.zip\",\"a\\u000a\"]}],"
        "\"reasons\":[{\"reason\":\"limit\",\"detail\":\"size\",\"at\":0,"
        "\"members\":[]}],\"truncated\":false}\n");
    assert_int_equal(shared.n_sessions, 0);
}

static void what_was_not_looked_at_is_not_clean(void **state)
{
    char answer[1024];
    int fd;

    (void)state;
    open_scans();
    fd = hand_in(OV_SPAN_LIT("\0"), true, false);
    assert_false(submitted->all_matches);
    finish(OV_INCONCLUSIVE, 0);
    hear(fd, answer);
    assert_string_equal(answer,
                        "{\"verdict\":\"inconclusive\",\"size\":0,"
                        "\"reason\":\"limit\",\"type\":\"zip\",\"detections\""
                        ":[],\"reasons\":[],\"truncated\":false}\n");
}

static void many_detections_are_cut_and_said_to_be(void **state)
{
    static uint8_t name[60000];
    struct ov_wire_detection d = {.rule = ov_span_of(name, sizeof(name))};
    static char bytes[8 << 20];
    size_t len = 0;
    int fd;

    (void)state;
    memset(name, 1, sizeof(name)); /* six bytes each in JSON */
    open_scans();
    fd = hand_in(OV_SPAN_LIT("\0"), true, true);
    for (unsigned i = 0; i < 1000; i++)
        submitted->detection(submitted, &d);
    finish(OV_DETECTED, 1000);
    while (shared.n_sessions > 0) {
        ssize_t n = recv(fd, bytes + len, sizeof(bytes) - len, MSG_DONTWAIT);

        len += n > 0 ? (size_t)n : 0;
        assert_int_equal(ov_loop_turn(loop), OV_OK);
    }
    len += (size_t)recv(fd, bytes + len, sizeof(bytes) - len, MSG_DONTWAIT);
    assert_true(len > 1 << 20);
    assert_string_equal(bytes + len - 18, "\"truncated\":true}\n");
    ov_fd_cleanup(&fd);
}

static void who_goes_is_forgotten(void **state)
{
    int fd;

    (void)state;
    open_scans();
    fd = hand_in(OV_SPAN_LIT("\0"), true, true);
    ov_fd_cleanup(&fd);
    for (unsigned i = 0; i < TURNS && shared.n_sessions > 0; i++)
        assert_int_equal(ov_loop_turn(loop), OV_OK);
    assert_int_equal(shared.n_sessions, 0);
    assert_null(submitted);
}

static void what_is_no_file_is_closed_and_nobody_is_waited_for(void **state)
{
    char answer[1024];
    int kept;
    int fd;

    (void)state;
    open_scans();
    hear(hand_in(OV_SPAN_LIT("zRELOAD\0"), false, false), answer);
    assert_string_equal(answer, "");
    hear(hand_in(OV_SPAN_LIT(""), false, false), answer);
    assert_string_equal(answer, "");
    /* as many as there is room for, and one more */
    kept = hand_in(OV_SPAN_LIT("\0"), true, true);
    shared.n_sessions++;
    fd = hand_in(OV_SPAN_LIT("\0"), true, true);
    assert_true(recv(fd, answer, sizeof(answer), MSG_DONTWAIT) < 0);
    assert_int_equal(errno, ECONNRESET); /* its byte was not read */
    assert_int_equal(n_submitted, 1);
    shared.n_sessions--;
    scan_front_done(&scans);
    assert_int_equal(shared.n_sessions, 0);
    ov_fd_cleanup(&fd);
    ov_fd_cleanup(&kept);
}

/* ---- the control socket ---- */

static struct control control;

static bool start_nothing(void *data, const struct control_request *request,
                          struct control_client *client)
{
    (void)data;
    (void)request;
    (void)client;
    return false;
}

static void on_gone(void *data, struct control_client *client)
{
    (void)data;
    (void)client;
}

static void open_control(void)
{
    const struct sockaddr_un nowhere = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(
        bind(fd, (const struct sockaddr *)&nowhere, sizeof(nowhere.sun_family)),
        0); /* any name that is free */
    assert_int_equal(listen(fd, 1), 0);
    control = (struct control){
        .loop = loop, .put = put_page, .start = start_nothing, .gone = on_gone};
    assert_int_equal(control_init(&control, fd), OV_OK);
}

/* Its flags are what the daemon's end has, too. */
static int keep(int fd)
{
    const int tiny = 1;
    int kept = fcntl(fd, F_DUPFD_CLOEXEC, 0);

    assert_true(kept >= 0);
    assert_int_equal(
        setsockopt(kept, SOL_SOCKET, SO_SNDBUF, &tiny, sizeof(tiny)), 0);
    return kept;
}

static void block(int kept)
{
    assert_int_equal(fcntl(kept, F_SETFL, 0), 0);
}

static void nobody_who_does_not_read_holds_the_daemon(void **state)
{
    char bytes[64];
    int pair[2];
    int kept;

    (void)state;
    open_control();
    make_pair(pair);
    kept = keep(pair[1]);
    control_serve(&control, pair[1], false);
    block(kept);
    send_all(pair[0], OV_SPAN_LIT("GET /status HTTP/1.0\r\n\r\n"));
    assert_int_equal(ov_loop_turn(loop), OV_OK); /* reads and answers */
    assert_int_equal(ov_loop_turn(loop), OV_OK); /* sends a little of it */
    assert_int_equal(control.n_clients, 1);
    assert_true(recv(pair[0], bytes, sizeof(bytes), MSG_DONTWAIT) > 0);
    ov_fd_cleanup(&kept);
    ov_fd_cleanup(&pair[0]);
    control_done(&control);
}

static void strangers_leave_room_for_who_may_change_something(void **state)
{
    int others[CONTROL_MAX_SERVED + 1];
    int pair[2];

    (void)state;
    open_control();
    for (unsigned i = 0; i < CONTROL_MAX_SERVED; i++) {
        make_pair(pair);
        others[i] = pair[0];
        control_serve(&control, pair[1], false);
    }
    assert_int_equal(control.n_clients, CONTROL_MAX_STRANGERS);
    make_pair(pair);
    others[CONTROL_MAX_SERVED] = pair[0];
    control_serve(&control, pair[1], true);
    assert_int_equal(control.n_clients, CONTROL_MAX_STRANGERS + 1);
    control_done(&control);
    for (unsigned i = 0; i <= CONTROL_MAX_SERVED; i++)
        ov_fd_cleanup(&others[i]);
}

/* ---- the quarantine's pages ---- */

static void strangers_leave_pages_for_who_may_change_something(void **state)
{
    const struct quarantine_settings settings = {.folder = "/nowhere/at/all"};
    const struct control_request stranger = {.page = CONTROL_ITEMS,
                                             .uid = (uid_t)-1};
    const struct control_request admin = {
        .page = CONTROL_ITEMS, .uid = (uid_t)-1, .may_change = true};
    struct quarantine_pages pages = {.loop = loop, .tell = on_event};
    unsigned n = 0;

    (void)state;
    while (n <= QUARANTINE_PAGES_MAX &&
           quarantine_pages_start(&pages, &settings, &stranger, NULL))
        n++;
    assert_int_equal(n, QUARANTINE_PAGES_STRANGERS);
    for (; n < QUARANTINE_PAGES_MAX; n++)
        assert_true(quarantine_pages_start(&pages, &settings, &admin, NULL));
    assert_false(quarantine_pages_start(&pages, &settings, &admin, NULL));
    quarantine_pages_done(&pages);
    assert_int_equal(pages.n_running, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_that_was_found_is_told),
        TEST(what_was_not_looked_at_is_not_clean),
        TEST(many_detections_are_cut_and_said_to_be),
        TEST(who_goes_is_forgotten),
        TEST(what_is_no_file_is_closed_and_nobody_is_waited_for),
        TEST(nobody_who_does_not_read_holds_the_daemon),
        TEST(strangers_leave_room_for_who_may_change_something),
        TEST(strangers_leave_pages_for_who_may_change_something),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
