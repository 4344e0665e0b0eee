/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_link.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/alloc.h"
#include "base/span.h"
#include "sys/fd.h"

/* OpenSSL is given bytes and gives bytes back, by memory; it has no descriptor,
 * so the jail needs no calls for it. Nothing is read from a side before what
 * was read from it has gone out on the other: a link holds a few records at
 * most, whatever its ends do.
 *
 * The daemon is only asked once the handshake is done, so whoever can't finish
 * it costs the daemon nothing. A client's end that TLS does not confirm cuts
 * the link: words that were cut off are not to be taken as whole.
 *
 * Who answers before it has heard all (too large a body) hangs up; the client
 * is still to read the answer, so what it goes on saying is taken and dropped
 * until it has ended: a socket that is closed with words unread resets the
 * connection, and may take the answer along (RFC 9112, 9.6).
 *
 * Limits: a handshake within HANDSHAKE_MS. How long an idle client is kept is
 * for the daemon to say, which closes its end. */

#define HANDSHAKE_MS 10000
#define FLUSH_MS 10000
#define RECORD ((size_t)16 << 10)
#define STEPS_A_TURN 16

struct tls_link {
    struct tls_door *door;
    struct tls_link *next;
    struct tls_link *previous;
    SSL *ssl;
    BIO *from_client; /* the SSL's; what came and it has not read */
    BIO *to_client;   /* the SSL's; what it wrote */
    struct ov_loop_watch client;
    struct ov_loop_watch daemon;
    struct ov_loop_timer timer;
    uint8_t plain[RECORD]; /* on its way to the daemon */
    size_t plain_len;
    size_t plain_at;
    uint8_t cipher[RECORD]; /* on its way to the client */
    size_t cipher_len;
    size_t cipher_at;
    bool is_open;        /* the handshake is done, the daemon is there */
    bool is_eof;         /* the client says nothing more */
    bool is_shut;        /* and the daemon knows */
    bool is_answered;    /* the daemon says nothing more */
    bool is_daemon_gone; /* it hung up while the client was slow */
    bool is_deaf;        /* the daemon reads nothing more, but may answer */
    bool is_lingering;   /* all is told; what the client says is dropped */
};

static void link_close(struct tls_link *l)
{
    struct tls_door *door = l->door;

    ov_loop_remove(door->loop, &l->client);
    ov_loop_remove(door->loop, &l->daemon);
    ov_loop_timer_remove(door->loop, &l->timer);
    ov_fd_cleanup(&l->client.fd);
    ov_fd_cleanup(&l->daemon.fd);
    SSL_free(l->ssl); /* and its memory */
    if (l->previous != NULL)
        l->previous->next = l->next;
    else
        door->links = l->next;
    if (l->next != NULL)
        l->next->previous = l->previous;
    door->n_links--;
    ov_free(l);
    door->has_room(door);
}

/* ---- steps: each true if it got further, and false in *is_good at the end --
 */

/* From a socket: 0 nothing now, -1 the end. */
static ssize_t take(const struct ov_loop_watch *w, uint8_t *to, size_t size,
                    bool *is_good)
{
    ssize_t n = recv(w->fd, to, size, MSG_DONTWAIT);

    if (n == 0)
        return -1;
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        *is_good = false;
    return n < 0 ? 0 : n;
}

static bool give(const struct ov_loop_watch *w, const uint8_t *from, size_t *at,
                 size_t *len, bool *is_good)
{
    ssize_t n =
        send(w->fd, from + *at, *len - *at, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n < 0) {
        *is_good = *is_good && (errno == EAGAIN || errno == EINTR);
        return false;
    }
    *at += (size_t)n;
    if (*at == *len)
        *at = *len = 0;
    return true;
}

static bool has_hung_up(void)
{
    return errno == EPIPE || errno == ECONNRESET;
}

static bool tell_daemon(struct tls_link *l, bool *is_good)
{
    bool is_told = true;
    bool moved =
        give(&l->daemon, l->plain, &l->plain_at, &l->plain_len, &is_told);

    if (is_told)
        return moved;
    if (!has_hung_up()) {
        *is_good = false;
        return false;
    }
    l->is_deaf = true;
    l->plain_at = l->plain_len = 0;
    return true;
}

/* The admin whose name is the only common name of a certificate, which has been
 * verified; NULL if it is nobody's. */
static const char *admin_of(const X509 *certificate, const struct tls_admins *a)
{
    const X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    const ASN1_STRING *name;

    if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0)
        return NULL;
    name = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
    for (size_t i = 0; i < a->n; i++)
        if (ov_span_equal(ov_span_of(ASN1_STRING_get0_data(name),
                                     (size_t)ASN1_STRING_length(name)),
                          ov_span_str(a->names[i])))
            return a->names[i];
    return NULL;
}

static const char *admin_name(const struct tls_link *l)
{
    const X509 *certificate;

    if ((SSL_get_verify_mode(l->ssl) & SSL_VERIFY_FAIL_IF_NO_PEER_CERT) == 0 ||
        SSL_get_verify_result(l->ssl) != X509_V_OK)
        return NULL;
    certificate = SSL_get0_peer_certificate(l->ssl);
    return certificate != NULL ? admin_of(certificate, l->door->admins) : NULL;
}

/* The first line that the daemon reads: nothing of the client's is in plain
 * yet. */
static bool tell_name(struct tls_link *l, const char *name)
{
    size_t len = name != NULL ? strlen(name) : 0;

    if (len == 0 || len >= sizeof(l->plain))
        return false;
    memcpy(l->plain, name, len);
    l->plain[len] = '\n';
    l->plain_len = len + 1;
    return true;
}

static bool connect_daemon(struct tls_link *l)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    const char *admin = admin_name(l);
    const char *path = admin != NULL && l->door->admin_socket != NULL
                           ? l->door->admin_socket
                           : l->door->daemon;
    size_t len = strlen(path);

    if (len >= sizeof(a.sun_path) ||
        (l->door->tells_names && !tell_name(l, admin)))
        return false;
    memcpy(a.sun_path, path, len);
    l->daemon.fd =
        socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return l->daemon.fd >= 0 &&
           connect(l->daemon.fd, (const struct sockaddr *)(const void *)&a,
                   sizeof(a)) == 0 &&
           ov_loop_add(l->door->loop, &l->daemon) == OV_OK;
}

static bool wants_more(struct tls_link *l, int result)
{
    int error = SSL_get_error(l->ssl, result);

    ERR_clear_error();
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static bool shake_hands(struct tls_link *l, bool *is_good)
{
    int result = SSL_accept(l->ssl);

    if (result != 1) {
        if (!wants_more(l, result))
            *is_good = false;
        return false;
    }
    ov_loop_timer_stop(l->door->loop, &l->timer);
    l->is_open = connect_daemon(l);
    *is_good = l->is_open;
    return true;
}

/* What the client said, to plain. */
static bool decrypt(struct tls_link *l, bool *is_good)
{
    int n = SSL_read(l->ssl, l->plain, (int)sizeof(l->plain));

    if (n > 0) {
        l->plain_len = l->is_deaf ? 0 : (size_t)n;
        return true;
    }
    if (SSL_get_error(l->ssl, n) == SSL_ERROR_ZERO_RETURN)
        l->is_eof = true;
    else if (!wants_more(l, n))
        *is_good = false;
    ERR_clear_error();
    return false;
}

static bool hear_client(struct tls_link *l, bool *is_good)
{
    uint8_t bytes[RECORD / 4];
    ssize_t n;

    if (BIO_ctrl_pending(l->from_client) >= RECORD || l->is_eof)
        return false;
    n = take(&l->client, bytes, sizeof(bytes), is_good);
    if (n < 0)
        *is_good = false; /* not by TLS: cut */
    return n > 0 && BIO_write(l->from_client, bytes, (int)n) == (int)n;
}

static bool hear_daemon(struct tls_link *l, bool *is_good)
{
    uint8_t bytes[RECORD / 4];
    bool is_heard = true;
    ssize_t n = take(&l->daemon, bytes, sizeof(bytes), &is_heard);

    if (!is_heard && has_hung_up()) { /* with words of the client's unread */
        l->is_deaf = true;
        n = -1;
    } else if (!is_heard) {
        *is_good = false;
    }
    if (n < 0) {
        l->is_answered = true;
        (void)SSL_shutdown(l->ssl); /* says so; no answer is waited for */
        ERR_clear_error();
        ov_loop_timer_set(l->door->loop, &l->timer, FLUSH_MS);
        return true;
    }
    if (n > 0 && SSL_write(l->ssl, bytes, (int)n) != (int)n)
        *is_good = false;
    return n > 0;
}

static bool fill_cipher(struct tls_link *l)
{
    int n = BIO_read(l->to_client, l->cipher, (int)sizeof(l->cipher));

    l->cipher_len = n > 0 ? (size_t)n : 0;
    return n > 0;
}

static void tell_eof(struct tls_link *l)
{
    l->is_shut = true;
    (void)!shutdown(l->daemon.fd, SHUT_WR); /* or it is gone already */
}

/* One round of all that can be done. */
static bool step(struct tls_link *l, bool *is_good)
{
    bool moved = false;

    if (l->cipher_len > 0)
        moved |=
            give(&l->client, l->cipher, &l->cipher_at, &l->cipher_len, is_good);
    if (l->cipher_len == 0)
        moved |= fill_cipher(l);
    if (l->plain_len > 0)
        moved |= tell_daemon(l, is_good);
    if (l->plain_len == 0 && !l->is_answered)
        moved |= hear_client(l, is_good);
    if (!l->is_open)
        return shake_hands(l, is_good) || moved;
    if (l->plain_len == 0 && !l->is_eof && !l->is_answered)
        moved |= decrypt(l, is_good);
    if (l->is_eof && l->plain_len == 0 && !l->is_shut)
        tell_eof(l);
    if (l->cipher_len == 0 && !l->is_answered)
        moved |= hear_daemon(l, is_good);
    return moved;
}

static bool is_over(const struct tls_link *l)
{
    return l->is_answered && l->cipher_len == 0 &&
           BIO_ctrl_pending(l->to_client) == 0;
}

static void set_events(struct tls_link *l)
{
    unsigned client = l->cipher_len > 0 ? OV_LOOP_WRITE : 0;
    unsigned daemon = l->plain_len > 0 ? OV_LOOP_WRITE : 0;

    if (l->plain_len == 0 && !l->is_eof && !l->is_answered)
        client |= OV_LOOP_READ;
    if (l->cipher_len == 0 && !l->is_answered)
        daemon |= OV_LOOP_READ;
    ov_loop_change(l->door->loop, &l->client, client);
    if (!l->is_daemon_gone)
        ov_loop_change(l->door->loop, &l->daemon, daemon);
}

/* Until the client ends, or FLUSH_MS after the answer. */
static void linger(struct tls_link *l)
{
    uint8_t bytes[RECORD / 4];
    bool is_good = true;
    ssize_t n = 1;

    if (!l->is_lingering) {
        l->is_lingering = true;
        ov_loop_remove(l->door->loop, &l->daemon);
        ov_fd_cleanup(&l->daemon.fd);
        l->daemon.fd = -1;
        (void)!shutdown(l->client.fd, SHUT_WR); /* or it is gone already */
        ov_loop_change(l->door->loop, &l->client, OV_LOOP_READ);
    }
    for (int i = 0; i < STEPS_A_TURN && n > 0 && is_good; i++)
        n = take(&l->client, bytes, sizeof(bytes), &is_good);
    if (n < 0 || !is_good)
        link_close(l);
}

static void go_on(struct tls_link *l)
{
    bool is_good = true;
    bool moved = true;

    if (l->is_lingering) {
        linger(l);
        return;
    }
    for (int i = 0; i < STEPS_A_TURN && moved && is_good; i++)
        moved = step(l, &is_good);
    if (!is_good) { /* an alert, if there is one */
        (void)!(fill_cipher(l) && give(&l->client, l->cipher, &l->cipher_at,
                                       &l->cipher_len, &is_good));
        link_close(l);
        return;
    }
    if (is_over(l)) {
        if (l->is_deaf && !l->is_eof)
            linger(l);
        else
            link_close(l);
        return;
    }
    set_events(l);
    /* More is there, and others have their turn first; the time that a
     * handshake or an end has stays. */
    if (moved && l->is_open && !l->is_answered && !l->is_daemon_gone)
        ov_loop_timer_set(l->door->loop, &l->timer, 0);
}

static void on_ready(struct ov_loop_watch *w, unsigned events)
{
    struct tls_link *l = w->data;

    bool is_gone =
        (events & OV_LOOP_HANGUP) != 0 && (events & OV_LOOP_READ) == 0;

    if (w == &l->client && is_gone) {
        link_close(l);
        return;
    }
    /* Its last words are read when the client has taken those before; till then
     * it has nothing more to tell, and would tell that for ever. */
    if (is_gone && l->cipher_len > 0) {
        ov_loop_remove(l->door->loop, &l->daemon);
        ov_loop_timer_set(l->door->loop, &l->timer, FLUSH_MS);
        l->is_daemon_gone = true;
    }
    go_on(l);
}

static void on_due(struct ov_loop_timer *t)
{
    struct tls_link *l = t->data;

    if (!l->is_open || l->is_answered || l->is_daemon_gone)
        link_close(l); /* its time is up */
    else
        go_on(l);
}

static bool make_ssl(struct tls_link *l)
{
    l->ssl = SSL_new(l->door->context);
    l->from_client = BIO_new(BIO_s_mem());
    l->to_client = BIO_new(BIO_s_mem());
    if (l->ssl == NULL || l->from_client == NULL || l->to_client == NULL) {
        (void)BIO_free(l->from_client);
        (void)BIO_free(l->to_client);
        return false;
    }
    SSL_set_bio(l->ssl, l->from_client, l->to_client);
    return true;
}

void tls_link_start(struct tls_door *door, int fd)
{
    struct tls_link *l = ov_alloc(sizeof(*l));

    if (l == NULL) {
        ov_fd_cleanup(&fd);
        return;
    }
    l->door = door;
    l->next = door->links;
    if (l->next != NULL)
        l->next->previous = l;
    door->links = l;
    door->n_links++;
    l->client = (struct ov_loop_watch){
        .fd = fd, .events = OV_LOOP_READ, .data = l, .ready = on_ready};
    l->daemon = (struct ov_loop_watch){
        .fd = -1, .events = OV_LOOP_READ, .data = l, .ready = on_ready};
    l->timer = (struct ov_loop_timer){.data = l, .due = on_due};
    if (!make_ssl(l) || ov_loop_timer_add(door->loop, &l->timer) != OV_OK ||
        ov_loop_add(door->loop, &l->client) != OV_OK) {
        link_close(l);
        return;
    }
    ov_loop_timer_set(door->loop, &l->timer, HANDSHAKE_MS);
}

void tls_links_end(struct tls_door *door)
{
    while (door->links != NULL)
        link_close(door->links);
}
