/* What a chat server can cost at the least: a WebSocket server that understands the load client and nothing else.
 *
 *   reference PORT           sends one frame per member and message
 *   reference PORT batched   joins the frames of a turn of its loop and sends them once per member
 *
 * No JSON, no checks, no storage; one room. Its events have the shape and size of the chat server's. The load client
 * always sends the same Sec-WebSocket-Key, so that the answer is a constant.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { INPUT_BYTES = 16384, FRAME_BYTES = 1024, TURN_BYTES = 1 << 20, EVENTS_PER_TURN = 512, MEMBERS_MAX = 20000 };

struct Client {
    int fd;
    bool open;
    size_t size;
    char input[INPUT_BYTES];
};

static struct Client *members[MEMBERS_MAX];
static int member_count, epoll_set;
static bool batched;
static char turn_frames[TURN_BYTES]; /* what waits for the room until the turn ends */
static size_t turn_size;
static unsigned seq;

static void die(const char *what) {
    perror(what);
    exit(1);
}

/* The load client reads everything at once: a full socket buffer is a mistake in the measurement. */
static void send_bytes(struct Client *client, const char *bytes, size_t size) {
    if (send(client->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)size) die("send");
}

/* Put the header of a text frame before `text`, which has four bytes of room in front; returns the size of all. */
static size_t frame(char *room_and_text, size_t size, char **start) {
    char *at = room_and_text + (size < 126 ? 2 : 0);
    *start = at;
    *at++ = (char)0x81;
    if (size < 126) {
        *at = (char)size;
        return size + 2;
    }
    *at++ = 126;
    *at++ = (char)(size >> 8);
    *at = (char)(size & 255);
    return size + 4;
}

static void send_reply(struct Client *client, const char *event, const char *id) {
    char text[256], *start;
    int size = snprintf(text + 4, sizeof text - 4, "[\"gn_%s\",{\"status_code\":200}%s%s]", event, id ? "," : "",
                        id ? id : "");
    send_bytes(client, start, frame(text, size, &start));
}

static void flush(void) {
    if (turn_size == 0) return;
    for (int i = 0; i < member_count; i++) send_bytes(members[i], turn_frames, turn_size);
    turn_size = 0;
}

static void post(const char *content) {
    static const char shape[] =
        "[\"message\",{\"verb\":\"send\",\"id\":\"efe0b1a0-51a5-4102-8bec-dcd4f6e0ec50\",\"published\":"
        "\"2026-01-01T00:00:00Z\",\"seq\":%u,\"actor\":{\"id\":\"u0\",\"displayName\":\"dTA=\"},\"target\":{\"id\":"
        "\"00000000-0000-4000-9000-000000000000\",\"displayName\":\"Um9vbSAw\",\"objectType\":\"room\"},\"object\":"
        "{\"content\":\"%.*s\",\"url\":\"00000000-0000-4000-8000-000000000000\",\"displayName\":\"TG9hZA==\","
        "\"objectType\":\"room\"}}]";
    char text[FRAME_BYTES], *start;
    int content_size = (int)(strchr(content, '"') - content);
    int size = snprintf(text + 4, sizeof text - 4, shape, ++seq, content_size, content);
    size_t frame_size = frame(text, size, &start);
    if (turn_size + frame_size > TURN_BYTES) flush();
    memcpy(turn_frames + turn_size, start, frame_size);
    turn_size += frame_size;
    if (!batched) flush();
}

static void on_text(struct Client *client, char *text) {
    static const char content_key[] = "\"content\":\"";
    char *id = strrchr(text, ','), *end = strrchr(text, ']'), *content = strstr(text, content_key);
    if (id == NULL || end == NULL) die("a frame that the load client does not send");
    *end = 0;
    if (content != NULL) {
        send_reply(client, "message", id + 1);
        post(content + sizeof content_key - 1);
    } else if (strncmp(text, "[\"join\"", 7) == 0) {
        flush();
        if (member_count == MEMBERS_MAX) die("too many members");
        members[member_count++] = client;
        send_reply(client, "join", id + 1);
    } else {
        send_reply(client, "login", id + 1);
    }
}

/* Handle one frame of the load client, masked and at most 64 KB; returns its size, 0 while it is not complete. */
static size_t take_frame(struct Client *client, uint8_t *bytes, size_t size) {
    char text[INPUT_BYTES];
    size_t header = 6, length;
    if (size < 8) return 0;
    length = bytes[1] & 127;
    if (length == 126) {
        length = bytes[2] << 8 | bytes[3];
        header = 8;
    }
    if (size < header + length) return 0;
    for (size_t i = 0; i < length; i++) text[i] = bytes[header + i] ^ bytes[header - 4 + (i & 3)];
    text[length] = 0;
    on_text(client, text);
    return header + length;
}

static size_t take_upgrade(struct Client *client, const char *bytes, size_t size) {
    static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                 "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    const char *end = memmem(bytes, size, "\r\n\r\n", 4);
    if (end == NULL) return 0;
    client->open = true;
    send_bytes(client, answer, sizeof answer - 1);
    send_reply(client, "connect", NULL);
    return end + 4 - bytes;
}

/* The room is for the life of the program: a client that leaves ends the measurement. */
static void leave(struct Client *client) {
    for (int i = 0; i < member_count; i++)
        if (members[i] == client) members[i--] = members[--member_count];
    close(client->fd);
    free(client);
}

static void read_from(struct Client *client) {
    size_t used = 0, step = 1;
    ssize_t got = recv(client->fd, client->input + client->size, INPUT_BYTES - 1 - client->size, MSG_DONTWAIT);
    if (got <= 0) {
        leave(client);
        return;
    }
    client->size += got;
    if (!client->open) used = take_upgrade(client, client->input, client->size);
    while (client->open && step > 0) {
        step = take_frame(client, (uint8_t *)client->input + used, client->size - used);
        used += step;
    }
    memmove(client->input, client->input + used, client->size - used);
    client->size -= used;
}

static void accept_from(int listener) {
    struct Client *client = calloc(1, sizeof *client);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    int yes = 1;
    client->fd = accept(listener, NULL, NULL);
    if (client->fd < 0) die("accept");
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    epoll_ctl(epoll_set, EPOLL_CTL_ADD, client->fd, &event);
}

int main(int count, char **words) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event events[EVENTS_PER_TURN], listening = {.events = EPOLLIN, .data.ptr = NULL};
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    if (count < 2) return 2;
    batched = count > 2 && strcmp(words[2], "batched") == 0;
    address.sin_port = htons(atoi(words[1]));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 1000) < 0) die("listen");
    epoll_set = epoll_create1(0);
    epoll_ctl(epoll_set, EPOLL_CTL_ADD, listener, &listening);
    for (;;) {
        int ready = epoll_wait(epoll_set, events, EVENTS_PER_TURN, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr == NULL) {
                accept_from(listener);
            } else {
                read_from(events[i].data.ptr);
            }
        }
        flush();
    }
}
