/* The limit: what the sockets alone cost. One epoll loop, one send() a member, nothing stored, one room.
 *
 * It speaks as much of WebSocket and Phoenix v2 as the load generator needs: handshake, phx_join, identify,
 * new_message, heartbeat. JSON is scanned, not parsed: it trusts compact frames from our own generator.
 *
 *     limit [joined]
 *
 * Plain: each text goes out at once, one send a member and text. joined: all texts read in one turn of the loop
 * go out as one send a member, which is the most that a burst can gain. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MAX_FD = 1 << 20, CHUNK = 1 << 18, EVENTS = 512, NOT_A_MEMBER = -1 };

typedef struct { char *at; size_t len, room; } Bytes;
typedef struct { int fd, upgraded, member, waits; Bytes in, out; } Conn;
typedef struct { const char *at; int len; } Slice;

static Conn *conns[MAX_FD];
static Conn **members;
static int member_count, joined_mode, poller;
static Bytes room_out;
static unsigned long seq;

static void need(Bytes *b, size_t more) {
    if (b->len + more <= b->room) return;
    b->room = (b->len + more) * 2;
    if (!(b->at = realloc(b->at, b->room))) abort();
}

static void append(Bytes *b, const void *from, size_t n) {
    need(b, n);
    memcpy(b->at + b->len, from, n);
    b->len += n;
}

static void release(Bytes *b) { free(b->at); *b = (Bytes){0}; }

/* ---- SHA-1 and base64, for Sec-WebSocket-Accept ---- */

static uint32_t rol(uint32_t x, int n) { return x << n | x >> (32 - n); }

static void sha1_block(uint32_t h[5], const uint8_t *p) {
    uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
    for (int i = 0; i < 16; i++) w[i] = (uint32_t)p[4*i] << 24 | p[4*i+1] << 16 | p[4*i+2] << 8 | p[4*i+3];
    for (int i = 16; i < 80; i++) w[i] = rol(w[i-3] ^ w[i-8] ^ w[i-14] ^ w[i-16], 1);
    for (int i = 0; i < 80; i++) {
        uint32_t f = i < 20 ? (b & c) | (~b & d) : i < 40 ? b ^ c ^ d : i < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
        uint32_t k = i < 20 ? 0x5A827999 : i < 40 ? 0x6ED9EBA1 : i < 60 ? 0x8F1BBCDC : 0xCA62C1D6;
        uint32_t t = rol(a, 5) + f + e + k + w[i];
        e = d; d = c; c = rol(b, 30); b = a; a = t;
    }
    h[0] += a; h[1] += b; h[2] += c; h[3] += d; h[4] += e;
}

static void sha1(const char *text, size_t n, uint8_t digest[20]) {   /* n < 120: two blocks at most */
    uint32_t h[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    uint8_t padded[128] = {0};
    size_t blocks = (n + 8) / 64 + 1;
    memcpy(padded, text, n);
    padded[n] = 0x80;
    for (int i = 0; i < 4; i++) padded[blocks * 64 - 1 - i] = (uint8_t)((n * 8) >> (8 * i));
    for (size_t i = 0; i < blocks; i++) sha1_block(h, padded + 64 * i);
    for (int i = 0; i < 20; i++) digest[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}

static void base64(const uint8_t *from, int n, char *to) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < n; i += 3) {
        uint32_t v = from[i] << 16 | (i + 1 < n ? from[i+1] << 8 : 0) | (i + 2 < n ? from[i+2] : 0);
        *to++ = letters[v >> 18];
        *to++ = letters[v >> 12 & 63];
        *to++ = i + 1 < n ? letters[v >> 6 & 63] : '=';
        *to++ = i + 2 < n ? letters[v & 63] : '=';
    }
    *to = 0;
}

/* ---- connections ---- */

static void drop(Conn *c) {
    if (c->member != NOT_A_MEMBER) {
        members[c->member] = members[--member_count];
        members[c->member]->member = c->member;
    }
    conns[c->fd] = NULL;
    close(c->fd);
    release(&c->in);
    release(&c->out);
    free(c);
}

static void watch(Conn *c, int op, int writable) {
    struct epoll_event event = {.events = EPOLLIN | (writable ? EPOLLOUT : 0), .data.fd = c->fd};
    epoll_ctl(poller, op, c->fd, &event);
    c->waits = writable;
}

static void transmit(Conn *c, const char *at, size_t n) {
    if (!c->waits) {
        ssize_t done = send(c->fd, at, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (done == (ssize_t)n) return;
        if (done > 0) at += done, n -= done;
        else if (errno != EAGAIN) return;              /* a broken socket shows at the next read */
        watch(c, EPOLL_CTL_MOD, 1);
    }
    append(&c->out, at, n);
}

static void flush(Conn *c) {
    ssize_t done = send(c->fd, c->out.at, c->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (done < 0) return;
    c->out.len -= done;
    memmove(c->out.at, c->out.at + done, c->out.len);
    if (c->out.len) return;
    release(&c->out);
    watch(c, EPOLL_CTL_MOD, 0);
}

/* ---- WebSocket and Phoenix ---- */

static void frame(Bytes *to, const char *format, ...) {
    static char text[CHUNK];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n < 126) append(to, (char[]){(char)0x81, (char)n}, 2);
    else append(to, (char[]){(char)0x81, 126, (char)(n >> 8), (char)n}, 4);
    append(to, text, n);
}

static void tell_room(void) {
    for (int i = 0; i < member_count; i++) transmit(members[i], room_out.at, room_out.len);
    room_out.len = 0;
}

static int scan(const char *p, const char *end, Slice fields[4]) {
    for (int i = 0; i < 4; i++) {
        const char *from = ++p;                         /* past the [ or the comma */
        while (p < end && *p != ',') p++;
        if (p >= end) return 0;
        fields[i] = (Slice){from, (int)(p - from)};
    }
    return 1;
}

static int is(Slice s, const char *quoted) { return s.len == (int)strlen(quoted) && !memcmp(s.at, quoted, s.len); }

static void post(Slice topic, const char *p, const char *end) {
    const char *text = memmem(p, end - p, "\"text\":\"", 8);
    if (!text) return;
    const char *stop = text += 8;
    while (stop < end && *stop != '"') stop += *stop == '\\' ? 2 : 1;
    frame(&room_out, "[null,null,%.*s,\"new_message\",{\"id\":\"0193e6a0-0000-7000-8000-%012lx\",\"seq\":%lu,\"user\":{\"id\":"
          "\"0193e6a0-0000-7000-8000-000000000000\",\"name\":\"bench\",\"avatar\":null},\"text\":\"%.*s\","
          "\"inserted_at\":\"2025-01-01T00:00:00.000000Z\"}]", topic.len, topic.at, seq + 1, seq + 1, (int)(stop - text), text);
    seq++;
    if (!joined_mode) tell_room();
}

static void understand(Conn *c, const char *p, const char *end, Bytes *reply) {
    Slice f[4];                                         /* join_ref, ref, topic, event */
    if (!scan(p, end, f)) return;
    if (is(f[3], "\"phx_join\"") && c->member == NOT_A_MEMBER) members[c->member = member_count++] = c;
    if (is(f[3], "\"new_message\"")) post(f[2], f[3].at, end);
    frame(reply, "[%.*s,%.*s,%.*s,\"phx_reply\",{\"status\":\"ok\",\"response\":{\"id\":\"0193e6a0-0000-7000-8000-%012lx\","
          "\"seq\":%lu,\"inserted_at\":\"2025-01-01T00:00:00.000000Z\"}}]",
          f[0].len, f[0].at, f[1].len, f[1].at, f[2].len, f[2].at, seq, seq);
}

/* The frame's length, 0 for "not all here yet", -1 for "close". */
static long take_frame(Conn *c, uint8_t *p, size_t n, Bytes *reply) {
    if (n < 6) return 0;
    size_t length = p[1] & 127, head = 6;
    if (length == 126) {
        if (n < 8) return 0;
        length = p[2] << 8 | p[3];
        head = 8;
    }
    if (!(p[1] & 128) || (p[1] & 127) == 127 || (p[0] & 15) == 8) return -1;
    if (n < head + length) return 0;
    uint8_t *mask = p + head - 4, *payload = p + head;
    for (size_t i = 0; i < length; i++) payload[i] ^= mask[i & 3];
    if ((p[0] & 15) == 1) understand(c, (char *)payload, (char *)payload + length, reply);
    return (long)(head + length);
}

static long shake_hands(Conn *c, char *p, size_t n, Bytes *reply) {
    char *end = memmem(p, n, "\r\n\r\n", 4), seed[61], accept[29];
    uint8_t digest[20];
    if (!end) return n < 8192 ? 0 : -1;
    for (char *line = p; line < end; line = (char *)memmem(line, end + 2 - line, "\r\n", 2) + 2) {
        if (strncasecmp(line, "Sec-WebSocket-Key:", 18)) continue;
        line += 18;
        line += strspn(line, " ");
        memcpy(seed, line, 24);
        memcpy(seed + 24, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", 37);
        sha1(seed, 60, digest);
        base64(digest, 20, accept);
        need(reply, 256);
        reply->len += sprintf(reply->at + reply->len, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                              "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", accept);
        c->upgraded = 1;
        return end + 4 - p;
    }
    return -1;
}

static void readable(Conn *c) {
    static char chunk[CHUNK];
    static Bytes reply;
    memcpy(chunk, c->in.at ? c->in.at : "", c->in.len);
    ssize_t got = recv(c->fd, chunk + c->in.len, CHUNK - c->in.len, MSG_DONTWAIT);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN) drop(c);
        return;
    }
    size_t n = c->in.len + got, at = 0;
    long taken;
    do {
        taken = c->upgraded ? take_frame(c, (uint8_t *)chunk + at, n - at, &reply) : shake_hands(c, chunk + at, n - at, &reply);
        if (taken > 0) at += taken;
    } while (taken > 0 && at < n);
    if (reply.len) transmit(c, reply.at, reply.len);
    reply.len = 0;
    release(&c->in);
    if (taken < 0) drop(c);
    else if (at < n) append(&c->in, chunk + at, n - at);
}

static void welcome(int listener) {
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        Conn *c = conns[fd] = calloc(1, sizeof *c);
        if (!c) abort();
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        c->fd = fd;
        c->member = NOT_A_MEMBER;
        watch(c, EPOLL_CTL_ADD, 0);
    }
}

static int listen_anywhere(void) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(listener, (void *)&address, size) || listen(listener, 4096)) { perror("listen"); exit(2); }
    getsockname(listener, (void *)&address, &size);
    printf("Listening on http://127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

int main(int argc, char **argv) {
    struct rlimit files;
    struct epoll_event events[EVENTS];
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    joined_mode = argc > 1 && !strcmp(argv[1], "joined");
    members = calloc(MAX_FD, sizeof *members);
    poller = epoll_create1(EPOLL_CLOEXEC);
    int listener = listen_anywhere();
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN, .data.fd = listener});
    for (;;) {
        int n = epoll_wait(poller, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) { welcome(listener); continue; }
            if (conns[fd] && events[i].events & EPOLLOUT) flush(conns[fd]);
            if (conns[fd] && events[i].events & ~EPOLLOUT) readable(conns[fd]);
        }
        if (joined_mode && room_out.len) tell_room();
    }
}
