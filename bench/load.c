/* A load client for the chat server: one thread, one epoll set, one line of JSON at the end.
 *
 * It connects clients to ws://127.0.0.1:PORT/ws, logs each in with the open authenticator, lets it join one of the
 * rooms (client i goes to room i modulo the number of rooms), waits until the server is quiet, and then works by mode:
 *
 *   fanout  The first --senders clients keep --window messages in flight altogether. A message is complete when every
 *           member of its room got it; its sender then sends the next one. With as many senders as clients and a room
 *           for every two of them this is "pairs". With --ids each message has an id of its client's.
 *   rate    The same senders in turn send --rate messages a second, whatever comes back. Latencies count from the time
 *           at which a message was due.
 *   verb    Every client sends --request and waits for its reply --event, again and again.
 *   join    --extra more clients connect, log in and join: the work is theirs alone, the others are told.
 *   idle    Print the line as soon as all are in, then hold the connections until standard input closes.
 *
 * Times and CPU seconds are those of the measured part; the CPU is that of the process --pid, user and system. The
 * exit status is 0 when nothing was lost, refused, closed, or late; else "failure" says what went wrong.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { READ_BYTES = 1 << 20, SEND_BYTES = 4096, EVENTS_PER_TURN = 512, MESSAGES_MAX = 1 << 22, ROOMS_MAX = 4096 };
enum { FINAL = 0x80, TEXT = 1, CLOSE = 8, PING = 9, PONG = 10, SHORT_MAX = 125 };
static const double QUIET_S = 0.3;
static const char OK[] = "\"status_code\":200";

/* ------------------------------------------------------------------------------------------------- what is asked for */

enum Mode { FANOUT, RATE, VERB, JOIN, IDLE, MODES };
static const char *const mode_names[MODES] = {"fanout", "rate", "verb", "join", "idle"};

static struct {
    enum Mode mode;
    int port, pid, clients, extra, parallel, sources, senders, window, room_count;
    double rate, seconds, warmup_s, stall_s, limit_s;
    bool ids;
    const char *rooms[ROOMS_MAX], *event, *request;
} options = {.clients = 100, .parallel = 32, .sources = 1, .senders = 1, .window = 1, .rate = 100, .seconds = 5,
             .warmup_s = 0.5, .stall_s = 15, .limit_s = 300, .event = "", .request = ""};

/* ----------------------------------------------------------------------------------------------------------- clients */

enum State { UPGRADING, GREETING, LOGGING_IN, JOINING, READY, CLOSED };

struct Client {
    int fd, number;
    enum State state;
    char *rest; /* the beginning of a frame whose end has not come yet */
    size_t rest_size;
    uint64_t asked_ns;
    uint32_t delivered;
};

struct Message {
    struct Client *sender;
    int delivered;
};

static struct Client *clients;
static struct Message *messages; /* of this run, by their number */
static int epoll_set, ready;
static uint32_t sent, completed; /* messages, or requests */
static uint32_t sent_to[ROOMS_MAX];
static uint64_t deliveries;
static uint64_t arrived_ns;       /* when something last came from the server */
static uint64_t sending_until_ns; /* no new message or request after this */
static const char *failure;       /* the first thing that went wrong; ends the run */

static uint64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static uint64_t ns(double seconds) { return (uint64_t)(seconds * 1e9); }

static void die(const char *what) {
    perror(what);
    exit(2);
}

static void fail(const char *what) {
    if (failure == NULL) failure = what;
}

static int members(void) { return options.clients / options.room_count; }

static int room_of(const struct Client *client) { return client->number % options.room_count; }

/* --------------------------------------------------------------------------------------------------------- latencies */

/* A histogram of nanoseconds with 32 steps for every doubling: 3 % exact at any size. */
enum { STEPS = 32, STEP_BITS = 5, BUCKETS = (64 - STEP_BITS + 1) * STEPS };
static uint64_t histogram[BUCKETS], samples, slowest_ns;

static void sample(uint64_t value) {
    int shift = value < STEPS ? 0 : 63 - __builtin_clzll(value) - STEP_BITS;
    histogram[value < STEPS ? value : (shift + 1) * STEPS + (value >> shift) - STEPS]++;
    samples++;
    if (value > slowest_ns) slowest_ns = value;
}

static double percentile_us(double share) {
    uint64_t wanted = (uint64_t)(share * samples), seen = 0;
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
        seen += histogram[bucket];
        if (seen > wanted) {
            int shift = bucket < STEPS ? 0 : bucket / STEPS - 1;
            return (double)((uint64_t)(bucket - shift * STEPS) << shift) / 1000;
        }
    }
    return slowest_ns / 1000.0;
}

/* ---------------------------------------------------------------------------------------- the server, seen from /proc */

static FILE *open_proc(const char *file) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", options.pid, file);
    return options.pid ? fopen(path, "r") : NULL;
}

/* User and system time of the server so far, in steps of a clock tick. */
static double server_cpu_s(void) {
    char text[2048] = "";
    unsigned long user = 0, system = 0;
    FILE *file = open_proc("stat");
    if (file == NULL) return 0;
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    const char *after_name = strrchr(text, ')');
    if (after_name != NULL)
        sscanf(after_name + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    return (double)(user + system) / sysconf(_SC_CLK_TCK);
}

static long server_rss_kb(void) {
    char line[256];
    long size = 0;
    FILE *file = open_proc("status");
    if (file == NULL) return 0;
    while (fgets(line, sizeof line, file) != NULL && sscanf(line, "VmRSS: %ld", &size) != 1) continue;
    fclose(file);
    return size;
}

static double own_cpu_s(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* ----------------------------------------------------------------------------------------------------------- sending */

static void leave(struct Client *client) {
    if (client->state == CLOSED) return;
    client->state = CLOSED;
    close(client->fd);
    fail("a connection was closed");
}

/* What a client sends is small, and it waits for answers: a full socket buffer means that the server stopped reading. */
static void send_bytes(struct Client *client, const void *bytes, size_t size) {
    if (client->state != CLOSED && send(client->fd, bytes, size, MSG_NOSIGNAL) != (ssize_t)size) {
        fail("the server does not read");
        leave(client);
    }
}

static void send_frame(struct Client *client, int opcode, const char *payload, size_t size) {
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    uint8_t frame[SEND_BYTES + 8], *at = frame;
    if (size > SEND_BYTES) die("a request is too long");
    *at++ = FINAL | opcode;
    if (size <= SHORT_MAX) {
        *at++ = 0x80 | size;
    } else {
        *at++ = 0x80 | 126;
        *at++ = size >> 8;
        *at++ = size & 255;
    }
    memcpy(at, mask, 4);
    at += 4;
    for (size_t i = 0; i < size; i++) *at++ = payload[i] ^ mask[i & 3];
    send_bytes(client, frame, at - frame);
}

static void send_text(struct Client *client, const char *text) { send_frame(client, TEXT, text, strlen(text)); }

/* -------------------------------------------------------------------------------------------------- base64 of a body */

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static uint8_t base64_value[256];

static void encode(const char *text, char *coded) {
    const uint8_t *in = (const uint8_t *)text;
    size_t left = strlen(text);
    for (; left > 0; in += 3, left -= left > 3 ? 3 : left) {
        uint32_t three = in[0] << 16 | (left > 1 ? in[1] << 8 : 0) | (left > 2 ? in[2] : 0);
        *coded++ = base64[three >> 18];
        *coded++ = base64[three >> 12 & 63];
        *coded++ = left > 1 ? base64[three >> 6 & 63] : '=';
        *coded++ = left > 2 ? base64[three & 63] : '=';
    }
    *coded = 0;
}

static void decode(const char *coded, size_t size, char *text) {
    for (const char *end = coded + size; coded < end; coded += 4) {
        uint32_t three = 0;
        for (int i = 0; i < 4; i++) three = three << 6 | base64_value[(uint8_t)coded[i]];
        *text++ = three >> 16;
        *text++ = three >> 8;
        *text++ = three;
    }
}

/* ---------------------------------------------------------------------------------------------------------- messages */

/* A body is MARK, the time at which the message was due, and its number, both in hexadecimal. The parts' lengths are
 * multiples of three, so that the parts of the base64 text can be told without decoding the whole. */
static const char MARK[] = "load: ";
enum { DIGITS = 24, TIME_DIGITS = 16, CODED_MARK = 8, CODED_DIGITS = DIGITS / 3 * 4 };
static char coded_mark[CODED_MARK + 1];

static void send_message(struct Client *sender, uint64_t due_ns) {
    char body[64], coded[96], id[64] = "", text[SEND_BYTES];
    if (sent == MESSAGES_MAX) {
        fail("too many messages for one run");
        return;
    }
    messages[sent] = (struct Message){sender, 0};
    snprintf(body, sizeof body, "%s%016llx%08x", MARK, (unsigned long long)due_ns, sent);
    encode(body, coded);
    if (options.ids) snprintf(id, sizeof id, ",\"id\":\"load-%016llx-%08x\"", (unsigned long long)due_ns, sent);
    snprintf(text, sizeof text,
             "[\"message\",{\"verb\":\"send\",\"target\":{\"id\":\"%s\",\"objectType\":\"room\"},"
             "\"object\":{\"content\":\"%s\"%s}},%u]",
             options.rooms[room_of(sender)], coded, id, sent);
    sent++;
    sent_to[room_of(sender)]++;
    send_text(sender, text);
}

static void complete(struct Message *message) {
    completed++;
    if (options.mode == FANOUT && arrived_ns < sending_until_ns) send_message(message->sender, now_ns());
}

static void on_delivery(struct Client *client, const char *text, size_t size) {
    char digits[DIGITS + 1] = "", time[TIME_DIGITS + 1] = "";
    const char *mark = memmem(text, size, coded_mark, CODED_MARK);
    if (mark == NULL || text + size - mark < CODED_MARK + CODED_DIGITS) return;
    decode(mark + CODED_MARK, CODED_DIGITS, digits);
    memcpy(time, digits, TIME_DIGITS);
    uint32_t number = strtoul(digits + TIME_DIGITS, NULL, 16);
    if (number >= sent || messages[number].delivered == members()) {
        fail("a message came too often");
        return;
    }
    deliveries++;
    client->delivered++;
    sample(arrived_ns - strtoull(time, NULL, 16));
    if (++messages[number].delivered == members()) complete(&messages[number]);
}

/* ----------------------------------------------------------------------------------------------- the conversation */

static void log_in(struct Client *client) {
    char name[24], coded[40], text[SEND_BYTES];
    snprintf(name, sizeof name, "u%d", client->number);
    encode(name, coded);
    snprintf(text, sizeof text, "[\"login\",{\"verb\":\"login\",\"actor\":{\"id\":\"%s\",\"displayName\":\"%s\"}},1]",
             name, coded);
    client->state = LOGGING_IN;
    send_text(client, text);
}

static void join(struct Client *client) {
    char text[SEND_BYTES];
    snprintf(text, sizeof text, "[\"join\",{\"verb\":\"join\",\"target\":{\"id\":\"%s\"}},2]",
             options.rooms[room_of(client)]);
    client->state = JOINING;
    send_text(client, text);
}

static void ask(struct Client *client) {
    client->asked_ns = now_ns();
    sent++;
    send_text(client, options.request);
}

static void on_answer(struct Client *client) {
    sample(arrived_ns - client->asked_ns);
    completed++;
    if (arrived_ns < sending_until_ns) ask(client);
}

/* Whether a frame begins with `["EVENT",`. */
static bool is(const char *event, const char *text, size_t size) {
    size_t length = strlen(event);
    return size > length + 4 && memcmp(text, "[\"", 2) == 0 && memcmp(text + 2, event, length) == 0 &&
           memcmp(text + 2 + length, "\",", 2) == 0;
}

static bool succeeded(const char *text, size_t size) {
    if (memmem(text, size < 80 ? size : 80, OK, sizeof OK - 1) != NULL) return true;
    if (failure == NULL) fprintf(stderr, "refused: %.*s\n", (int)(size < 300 ? size : 300), text);
    fail("a request was refused");
    return false;
}

/* Events that a client does not wait for are read and forgotten. */
static void on_text(struct Client *client, const char *text, size_t size) {
    static const char *const awaited[] = {[GREETING] = "gn_connect", [LOGGING_IN] = "gn_login", [JOINING] = "gn_join"};
    if (is("message", text, size)) {
        on_delivery(client, text, size);
    } else if (client->state == READY) {
        if (is("gn_message", text, size) || is("gn_error", text, size)) succeeded(text, size);
        if (options.mode == VERB && is(options.event, text, size) && succeeded(text, size)) on_answer(client);
    } else if (is(awaited[client->state], text, size) && succeeded(text, size)) {
        if (client->state == GREETING) {
            log_in(client);
        } else if (client->state == LOGGING_IN) {
            join(client);
        } else {
            client->state = READY;
            ready++;
        }
    }
}

/* ----------------------------------------------------------------------------------------------------------- reading */

static void on_frame(struct Client *client, uint8_t first, const char *payload, size_t size) {
    if (first == (FINAL | TEXT)) {
        on_text(client, payload, size);
    } else if (first == (FINAL | PING)) {
        send_frame(client, PONG, payload, size);
    } else if (first == (FINAL | CLOSE)) {
        if (failure == NULL && size >= 2)
            fprintf(stderr, "closed: %d\n", (uint8_t)payload[0] << 8 | (uint8_t)payload[1]);
        leave(client);
    } else if (first != (FINAL | PONG)) {
        fail("a frame that the server should not send");
    }
}

/* The size of the header of the frame at `bytes`, and of its payload; 0 while the header is not complete. */
static size_t read_header(const uint8_t *bytes, size_t size, size_t *payload_size) {
    size_t header = size < 2 ? 2 : bytes[1] == 126 ? 4 : bytes[1] == 127 ? 10 : 2;
    if (size < header) return 0;
    *payload_size = header == 2 ? bytes[1] : 0;
    for (size_t i = 2; i < header; i++) *payload_size = *payload_size << 8 | bytes[i];
    return header;
}

/* Handle the whole frames; returns how many bytes they are. */
static size_t take_frames(struct Client *client, const char *bytes, size_t size) {
    size_t used = 0, payload, header;
    while (client->state != CLOSED && (header = read_header((const uint8_t *)bytes + used, size - used, &payload))) {
        if (payload > READ_BYTES / 2) die("a frame is too long");
        if (size - used - header < payload) break;
        on_frame(client, bytes[used], bytes + used + header, payload);
        used += header + payload;
    }
    return used;
}

/* The answer to the upgrade, if it is complete; returns how many bytes it is. */
static size_t take_response(struct Client *client, const char *bytes, size_t size) {
    const char *end = memmem(bytes, size, "\r\n\r\n", 4);
    if (end == NULL) return 0;
    if (memmem(bytes, 12, " 101", 4) == NULL) {
        fail("the upgrade was refused");
        leave(client);
    }
    client->state = GREETING;
    return end + 4 - bytes;
}

static void keep_rest(struct Client *client, const char *bytes, size_t size) {
    if (size != client->rest_size) client->rest = realloc(client->rest, size + 1);
    memcpy(client->rest, bytes, size);
    client->rest_size = size;
}

static void read_from(struct Client *client) {
    static char bytes[READ_BYTES];
    size_t used = 0, size = client->rest_size;
    memcpy(bytes, client->rest, size);
    ssize_t got = recv(client->fd, bytes + size, sizeof bytes - size, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        leave(client);
        return;
    }
    size += got;
    arrived_ns = now_ns();
    if (client->state == UPGRADING) used = take_response(client, bytes, size);
    if (client->state != UPGRADING) used += take_frames(client, bytes + used, size - used);
    keep_rest(client, bytes + used, size - used);
}

/* ---------------------------------------------------------------------------------------------------------- the loop */

/* Handle what has come, waiting for it at most `wait_ms`. */
static void turn(int wait_ms) {
    struct epoll_event events[EVENTS_PER_TURN];
    int count = epoll_wait(epoll_set, events, EVENTS_PER_TURN, wait_ms);
    for (int i = 0; i < count; i++) {
        struct Client *client = events[i].data.ptr;
        if (client->state != CLOSED) read_from(client);
    }
}

/* Whether to go on waiting for something that the server owes. */
static bool awaiting(bool owed) {
    static uint64_t begun_ns;
    uint64_t now = now_ns();
    if (begun_ns == 0) begun_ns = now;
    if (owed && now > arrived_ns + ns(options.stall_s)) fail("the server stalled");
    if (now > begun_ns + ns(options.limit_s)) fail("the run took too long");
    return owed && failure == NULL;
}

static void wait_for_quiet(void) {
    while (failure == NULL && now_ns() < arrived_ns + ns(QUIET_S)) turn(20);
}

/* Loopback connects at once, so that this may block. */
static void start(struct Client *client, int number) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    char request[256];
    int yes = 1;
    *client = (struct Client){.fd = socket(AF_INET, SOCK_STREAM, 0), .number = number, .rest = malloc(1)};
    if (client->fd < 0) die("socket");
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + number % options.sources);
    if (bind(client->fd, (struct sockaddr *)&address, sizeof address) < 0) die("bind");
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(options.port);
    if (connect(client->fd, (struct sockaddr *)&address, sizeof address) < 0) die("connect");
    fcntl(client->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    epoll_ctl(epoll_set, EPOLL_CTL_ADD, client->fd, &event);
    int size = snprintf(request, sizeof request,
                        "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                        options.port);
    send_bytes(client, request, size);
}

/* Let the clients up to `last` connect, log in and join, at most `parallel` at the same time. */
static void bring_in(int last) {
    int started = ready;
    arrived_ns = now_ns();
    while (awaiting(ready < last)) {
        for (; started < last && started - ready < options.parallel; started++) start(&clients[started], started);
        turn(100);
    }
    wait_for_quiet();
}

/* ------------------------------------------------------------------------------------------------------------- modes */

static void run_fanout(void) {
    for (int i = 0; i < options.window; i++) send_message(&clients[i % options.senders], now_ns());
}

static void run_rate(void) {
    uint64_t begun_ns = now_ns(), due_ns = begun_ns;
    for (int i = 0; due_ns < sending_until_ns && failure == NULL; i++) {
        for (uint64_t now = now_ns(); now < due_ns; now = now_ns()) turn((due_ns - now) / 1000000);
        send_message(&clients[i % options.senders], due_ns);
        due_ns = begun_ns + ns((i + 1) / options.rate);
        turn(0);
    }
}

static void run_verb(void) {
    for (int i = 0; i < options.clients; i++) ask(&clients[i]);
}

static void run_join(void) {
    bring_in(options.clients + options.extra);
    sent = options.extra;
    completed = ready - options.clients;
}

static void run_idle(void) {}

static void hold(void) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLHUP}, events[1];
    int waiting = epoll_create1(0);
    if (epoll_ctl(waiting, EPOLL_CTL_ADD, STDIN_FILENO, &event) < 0) return;
    while (failure == NULL && epoll_wait(waiting, events, 1, 0) == 0) turn(50);
}

/* Every member of a room is to have got what was sent to it. */
static void check_deliveries(void) {
    for (int i = 0; i < options.clients; i++)
        if (clients[i].delivered != sent_to[room_of(&clients[i])]) fail("a message did not come");
}

/* One part of a run: the mode's work for some seconds, counted from nothing. */
static void work(double seconds) {
    static void (*const run[MODES])(void) = {run_fanout, run_rate, run_verb, run_join, run_idle};
    memset(histogram, 0, sizeof histogram);
    sent = completed = deliveries = samples = slowest_ns = 0;
    arrived_ns = now_ns();
    sending_until_ns = arrived_ns + ns(seconds);
    run[options.mode]();
    while (awaiting(completed < sent)) turn(100);
    check_deliveries();
}

/* -------------------------------------------------------------------------------------------------------- the report */

struct Reading {
    double time_s, cpu_s, own_cpu_s;
    long rss_kb;
};

static struct Reading look(void) {
    return (struct Reading){now_ns() / 1e9, server_cpu_s(), own_cpu_s(), server_rss_kb()};
}

static void report(const struct Reading *empty, const struct Reading *joined, const struct Reading *begun,
                   const struct Reading *ended) {
    printf("{\"mode\":\"%s\",\"clients\":%d,\"members\":%d,\"senders\":%d,\"window\":%d,", mode_names[options.mode],
           options.clients, members(), options.senders, options.window);
    printf("\"setup_s\":%.3f,\"setup_cpu_s\":%.2f,\"rss_kb\":%ld,\"joined_rss_kb\":%ld,\"end_rss_kb\":%ld,",
           joined->time_s - empty->time_s, joined->cpu_s - empty->cpu_s, empty->rss_kb, joined->rss_kb, ended->rss_kb);
    printf("\"elapsed_s\":%.3f,\"cpu_s\":%.2f,\"own_cpu_s\":%.2f,\"completed\":%u,\"deliveries\":%llu,",
           ended->time_s - begun->time_s, ended->cpu_s - begun->cpu_s, ended->own_cpu_s - begun->own_cpu_s,
           completed, (unsigned long long)deliveries);
    printf("\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f,\"lost\":%u,\"failure\":\"%s\"}\n",
           percentile_us(0.5), percentile_us(0.99), slowest_ns / 1000.0, sent - completed,
           failure == NULL ? "" : failure);
    fflush(stdout);
}

static enum Mode mode_named(const char *name) {
    for (int mode = 0; mode < MODES; mode++)
        if (strcmp(name, mode_names[mode]) == 0) return mode;
    fprintf(stderr, "there is no mode %s\n", name);
    exit(2);
}

static void read_options(int count, char **words) {
    static const struct option known[] = {
        {"mode", 1, 0, 'm'},    {"port", 1, 0, 'p'},    {"pid", 1, 0, 'P'},      {"clients", 1, 0, 'n'},
        {"extra", 1, 0, 'x'},   {"room", 1, 0, 'r'},    {"senders", 1, 0, 's'},  {"window", 1, 0, 'w'},
        {"rate", 1, 0, 'R'},    {"seconds", 1, 0, 't'}, {"warmup", 1, 0, 'u'},   {"event", 1, 0, 'e'},
        {"request", 1, 0, 'q'}, {"sources", 1, 0, 'S'}, {"parallel", 1, 0, 'c'}, {"stall", 1, 0, 'l'},
        {"limit", 1, 0, 'L'},   {"ids", 0, 0, 'i'},     {0}};
    for (int key; (key = getopt_long(count, words, "", known, NULL)) != -1;) switch (key) {
            case 'm': options.mode = mode_named(optarg); break;
            case 'p': options.port = atoi(optarg); break;
            case 'P': options.pid = atoi(optarg); break;
            case 'n': options.clients = atoi(optarg); break;
            case 'x': options.extra = atoi(optarg); break;
            case 'r': if (options.room_count < ROOMS_MAX) options.rooms[options.room_count++] = optarg; break;
            case 's': options.senders = atoi(optarg); break;
            case 'w': options.window = atoi(optarg); break;
            case 'R': options.rate = atof(optarg); break;
            case 't': options.seconds = atof(optarg); break;
            case 'u': options.warmup_s = atof(optarg); break;
            case 'e': options.event = optarg; break;
            case 'q': options.request = optarg; break;
            case 'S': options.sources = atoi(optarg); break;
            case 'c': options.parallel = atoi(optarg); break;
            case 'l': options.stall_s = atof(optarg); break;
            case 'L': options.limit_s = atof(optarg); break;
            case 'i': options.ids = true; break;
            default: exit(2);
        }
    if (options.room_count == 0 || options.clients % options.room_count || options.senders > options.clients) {
        fprintf(stderr, "give --room, as many clients in each room, and no more senders than clients\n");
        exit(2);
    }
}

int main(int count, char **words) {
    read_options(count, words);
    for (int i = 0; i < 64; i++) base64_value[(uint8_t)base64[i]] = i;
    encode(MARK, coded_mark);
    clients = calloc(options.clients + options.extra, sizeof *clients);
    messages = calloc(MESSAGES_MAX, sizeof *messages);
    epoll_set = epoll_create1(0);

    struct Reading empty = look();
    bring_in(options.clients);
    struct Reading joined = look();
    if (failure == NULL && options.mode != JOIN) work(options.warmup_s);
    struct Reading begun = look();
    if (failure == NULL) work(options.seconds);
    struct Reading ended = look();
    report(&empty, &joined, &begun, &ended);
    if (failure == NULL && options.mode == IDLE) hold();
    return failure == NULL ? 0 : 1;
}
