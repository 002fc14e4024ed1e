/* Load for live connections, as wrk is for HTTP: one process, one epoll loop, any number of clients.
 *
 *     live_clients ws|silent|tcp <port> <target> <connections>
 *
 * ws:     WebSocket clients that open <target>, answer pings and count what they are sent.
 * silent: the same, but they read nothing once they are open.
 * tcp:    plain streams to a server that sends back what it gets; <target> is ignored.
 *
 * Prints "ready" when all are open, then obeys one line of input after the other, each answered with one line:
 *
 *     echo <seconds> <size>               each keeps one message of that size on its way and compares what comes back
 *     cast <messages> <size> <seconds>    the first sends messages, each when it has got the one before back itself,
 *                                         to a server that sends each to all
 *     expect <messages> <seconds>         waits until so many messages have come, in all and since the last command
 *     check                               tells whether all are open
 *
 * The answer to the first three is an object of JSON; see print_result(). It ends with its input. Whatever a client
 * gets that it should not ends the program, with the reason in place of the answer.
 */
#define _GNU_SOURCE
#include "live_wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* One source address has some 28,000 ports for one destination, and connections of a former run still hold theirs. */
enum { PER_SOURCE = 2500, AT_ONCE = 64, OPENING_SECONDS = 60, BUCKETS = 200000, BUCKET_NS = 10000 };
enum kind { WEBSOCKET, SILENT, STREAM };
enum state { CONNECTING, SHAKING, OPEN, CLOSED };

struct client
{
    int fd;
    enum state state;
    unsigned sequence; /* of the message on its way */
    long long sent_ns; /* when it left; 0: none is */
    size_t rest_size;  /* bytes of an incomplete frame or answer */
    char accept[ACCEPT_SIZE + 1];
    unsigned char rest[FRAME_ROOM];
};

static enum kind kind;
static int port, epoll, client_count, opened, shaking, begun, closed_count;
static const char *target;
static struct client *clients;
static unsigned char input[256 * 1024];
static char command[256];
static size_t command_size;

static int is_echoing;     /* whether what comes back is compared, and a next one is sent */
static int cast_left = -1; /* messages that the first has yet to send; -1: nobody casts */
static size_t message_size;
static long long received, last_ns; /* messages, and when the last came */
static unsigned latencies[BUCKETS];

static long long now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

__attribute__((format(printf, 1, 2), noreturn)) static void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    exit(1);
}

static int number_of(const struct client *client)
{
    return (int)(client - clients);
}

static void send_all(struct client *client, const void *bytes, size_t size)
{
    const ssize_t sent = send(client->fd, bytes, size, MSG_NOSIGNAL);
    if (sent != (ssize_t)size)
        fail("client %d: sent %zd of %zu bytes: %s", number_of(client), sent, size, sent < 0 ? strerror(errno) : "");
}

/* What the message on its way says: other bytes for each client and each turn. */
static void make_payload(const struct client *client, char *payload)
{
    char start[40];
    const int size = snprintf(start, sizeof start, "%08d %08u ", number_of(client), client->sequence);
    for (size_t at = 0; at < message_size; ++at)
        payload[at] = at < (size_t)size ? start[at] : (char)('a' + (at + client->sequence) % 26);
}

static void send_next(struct client *client)
{
    char payload[LONGEST];
    unsigned char frame[FRAME_ROOM];
    ++client->sequence;
    make_payload(client, payload);
    client->sent_ns = now_ns();
    if (kind == STREAM)
        send_all(client, payload, message_size);
    else
        send_all(client, frame, make_frame(frame, TEXT, payload, message_size));
}

static void take_echo(struct client *client, const unsigned char *payload, size_t size, long long now)
{
    char expected[LONGEST];
    if (client->sent_ns == 0)
        fail("client %d: a message that it did not send", number_of(client));
    make_payload(client, expected);
    if (size != message_size || memcmp(payload, expected, size) != 0)
        fail("client %d: \"%.*s\" came back in place of \"%.*s\"", number_of(client), (int)size, payload,
             (int)message_size, expected);
    const long long bucket = (now - client->sent_ns) / BUCKET_NS;
    ++latencies[bucket < BUCKETS ? bucket : BUCKETS - 1];
    client->sent_ns = 0;
    if (is_echoing)
        send_next(client);
}

static void take_message(struct client *client, const unsigned char *payload, size_t size, long long now)
{
    if (client->sent_ns == 0 && is_echoing)
        fail("client %d: a message too many", number_of(client));
    ++received;
    last_ns = now;
    if (is_echoing || (client->sent_ns != 0 && cast_left < 0)) {
        take_echo(client, payload, size, now);
    } else if (cast_left >= 0) {
        char expected[LONGEST];
        make_payload(clients, expected);
        /* Those that the others get late are of an earlier turn. */
        if (size != message_size || (client == clients && memcmp(payload, expected, size) != 0))
            fail("client %d: \"%.*s\" was not cast", number_of(client), (int)size, payload);
        if (client == clients) {
            client->sent_ns = 0;
            if (cast_left > 0 && --cast_left > 0)
                send_next(client);
        }
    }
}

static void closes(struct client *client)
{
    close(client->fd);
    if (client->state != OPEN)
        fail("client %d: closed before it was open", number_of(client));
    client->state = CLOSED;
    ++closed_count;
}

static size_t take_frames(struct client *client, const unsigned char *bytes, size_t size)
{
    size_t at = 0;
    struct frame frame;
    const long long now = now_ns();
    while (client->state == OPEN && at < size) {
        if (kind == STREAM) {
            if (size - at < message_size || message_size == 0)
                break;
            at += message_size;
            take_message(client, bytes + at - message_size, message_size, now);
            continue;
        }
        const long length = parse_frame(bytes + at, size - at, &frame);
        if (length == 0)
            break;
        if (length < 0 || frame.compressed)
            fail("client %d: not a frame that it can take: %02x %02x", number_of(client), bytes[at], bytes[at + 1]);
        at += (size_t)length;
        if (frame.opcode == TEXT || frame.opcode == BINARY) {
            take_message(client, frame.payload, frame.size, now);
        } else if (frame.opcode == PING) {
            unsigned char pong[FRAME_ROOM];
            send_all(client, pong, make_frame(pong, PONG, frame.payload, frame.size));
        } else if (frame.opcode == CLOSE) {
            closes(client);
        }
    }
    return at;
}

static void is_open(struct client *client)
{
    client->state = OPEN;
    --shaking;
    ++opened;
    if (kind == SILENT)
        epoll_ctl(epoll, EPOLL_CTL_DEL, client->fd, NULL);
}

static void take_bytes(struct client *client)
{
    memcpy(input, client->rest, client->rest_size);
    const ssize_t count = read(client->fd, input + client->rest_size, sizeof input - client->rest_size);
    if (count <= 0) {
        if (count == 0 || errno != EAGAIN)
            closes(client);
        return;
    }
    const size_t size = client->rest_size + (size_t)count;
    size_t taken = 0;
    if (client->state == SHAKING) {
        const long length = check_answer((const char *)input, size, client->accept);
        if (length < 0)
            fail("client %d: refused: %.60s", number_of(client), input);
        taken = (size_t)length;
        if (length > 0)
            is_open(client);
    }
    if (client->state == OPEN)
        taken += take_frames(client, input + taken, size - taken);
    client->rest_size = client->state == CLOSED ? 0 : size - taken;
    if (client->rest_size > sizeof client->rest)
        fail("client %d: %zu bytes that are no whole message", number_of(client), client->rest_size);
    memcpy(client->rest, input + taken, client->rest_size);
}

static void begin(struct client *client)
{
    const int on = 1;
    const int bind_no_port = 24; /* IP_BIND_ADDRESS_NO_PORT */
    struct sockaddr_in address = {.sin_family = AF_INET};
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd < 0)
        fail("client %d: socket: %s", number_of(client), strerror(errno));
    setsockopt(client->fd, IPPROTO_IP, bind_no_port, &on, sizeof on);
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (unsigned)(number_of(client) / PER_SOURCE));
    if (bind(client->fd, (struct sockaddr *)&address, sizeof address) < 0)
        fail("client %d: bind: %s", number_of(client), strerror(errno));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((unsigned short)port);
    if (connect(client->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS)
        fail("client %d: connect: %s", number_of(client), strerror(errno));
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = client};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, client->fd, &event) < 0)
        fail("client %d: epoll_ctl: %s", number_of(client), strerror(errno));
    client->state = CONNECTING;
    ++shaking;
}

static void connected(struct client *client)
{
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0)
        fail("client %d: connect: %s", number_of(client), strerror(error));
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    epoll_ctl(epoll, EPOLL_CTL_MOD, client->fd, &event);
    if (kind == STREAM) {
        is_open(client);
        return;
    }
    char head[1024];
    client->state = SHAKING;
    send_all(client, head, make_handshake(head, sizeof head, target, client->accept));
}

/* One line of input, without its end, when there is a whole one. */
static int has_command(void)
{
    const ssize_t count = read(STDIN_FILENO, command + command_size, sizeof command - 1 - command_size);
    if (count == 0)
        exit(0);
    if (count < 0)
        return 0;
    command_size += (size_t)count;
    command[command_size] = '\0';
    char *const end = strchr(command, '\n');
    if (!end && command_size == sizeof command - 1)
        fail("a command too long");
    if (end)
        *end = '\0';
    return end != NULL;
}

/* One turn of the loop, of at most \a wait_ms. True if a command has come. */
static int turn(int wait_ms)
{
    struct epoll_event events[512];
    int commanded = 0;
    const int count = epoll_wait(epoll, events, 512, wait_ms);
    if (count < 0 && errno != EINTR)
        fail("epoll_wait: %s", strerror(errno));
    for (int at = 0; at < count; ++at) {
        struct client *const client = events[at].data.ptr;
        if (!client)
            commanded |= has_command();
        else if (client->state == CONNECTING)
            connected(client);
        else if (client->state != CLOSED)
            take_bytes(client);
    }
    return commanded;
}

static long long percentile(double part, long long total)
{
    long long seen = 0;
    if (total == 0)
        return 0;
    for (long long bucket = 0; bucket < BUCKETS; ++bucket) {
        seen += latencies[bucket];
        if (seen > 0 && (double)seen >= part * (double)total)
            return (bucket + 1) * BUCKET_NS;
    }
    return (long long)BUCKETS * BUCKET_NS;
}

static void print_result(long long started)
{
    long long total = 0;
    for (int bucket = 0; bucket < BUCKETS; ++bucket)
        total += latencies[bucket];
    /* Latencies are of messages that came back to their senders; in units of 10 microseconds, rounded up. */
    printf("{\"messages\": %lld, \"closed\": %d, \"seconds\": %.6f, \"p50_ms\": %.2f, \"p99_ms\": %.2f}\n", received,
           closed_count, (double)((received ? last_ns : now_ns()) - started) / 1e9,
           (double)percentile(0.5, total) / 1e6, (double)percentile(0.99, total) / 1e6);
    received = 0;
    memset(latencies, 0, sizeof latencies);
}

static int messages_under_way(void)
{
    int count = 0;
    for (int at = 0; at < client_count; ++at)
        count += clients[at].state == OPEN && clients[at].sent_ns != 0;
    return count;
}

static void echo(double seconds)
{
    const long long started = now_ns();
    const long long end = started + (long long)(seconds * 1e9);
    is_echoing = 1;
    for (int at = 0; at < client_count; ++at) {
        if (clients[at].state == OPEN)
            send_next(&clients[at]);
    }
    while (now_ns() < end)
        turn(10);
    is_echoing = 0;
    const long long grace = now_ns() + 10000000000LL;
    while (messages_under_way() > 0) {
        if (now_ns() > grace)
            fail("%d messages did not come back", messages_under_way());
        turn(10);
    }
    print_result(started);
}

static void wait_for(long long messages, double seconds, long long started)
{
    const long long end = now_ns() + (long long)(seconds * 1e9);
    while (received < messages) {
        if (now_ns() > end)
            fail("%lld of %lld messages came", received, messages);
        turn(10);
    }
    print_result(started);
}

static void obey(void)
{
    double seconds = 0;
    long long messages = 0;
    const long long started = now_ns();
    if (sscanf(command, "echo %lf %zu", &seconds, &message_size) == 2 && message_size <= LONGEST) {
        echo(seconds);
    } else if (sscanf(command, "cast %lld %zu %lf", &messages, &message_size, &seconds) == 3 && messages > 0 &&
               message_size <= LONGEST) {
        cast_left = (int)messages;
        send_next(clients);
        wait_for(messages * client_count, seconds, started);
        cast_left = -1;
    } else if (sscanf(command, "expect %lld %lf", &messages, &seconds) == 2) {
        wait_for(messages, seconds, started);
    } else if (strcmp(command, "check") == 0) {
        if (closed_count > 0)
            printf("%d of %d were closed\n", closed_count, client_count);
        else
            printf("all open\n");
    } else {
        fail("not a command: %s", command);
    }
    fflush(stdout);
    command_size = 0;
}

static void open_all(void)
{
    const long long end = now_ns() + OPENING_SECONDS * 1000000000LL;
    while (opened < client_count) {
        if (now_ns() > end)
            fail("%d of %d clients were open after %d s", opened, client_count, OPENING_SECONDS);
        while (begun < client_count && shaking < AT_ONCE)
            begin(&clients[begun++]);
        turn(10);
    }
}

int main(int argc, char **argv)
{
    const char *const name = argc == 5 ? argv[1] : "";
    kind = strcmp(name, "tcp") == 0 ? STREAM : strcmp(name, "silent") == 0 ? SILENT : WEBSOCKET;
    port = argc == 5 ? atoi(argv[2]) : 0;
    client_count = argc == 5 ? atoi(argv[4]) : 0;
    if ((kind == WEBSOCKET && strcmp(name, "ws") != 0) || port < 1 || port > 65535 || client_count < 1) {
        fprintf(stderr, "usage: live_clients ws|silent|tcp <port> <target> <connections>\n");
        return 2;
    }
    target = argv[3];
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    clients = calloc((size_t)client_count, sizeof *clients);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!clients || epoll < 0)
        fail("no memory");
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event) < 0)
        fail("standard input: %s", strerror(errno));
    open_all();
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        if (turn(-1))
            obey();
    }
}
