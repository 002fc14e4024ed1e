/* The least that any server does for "one request in, one response out": the yardstick that Quern is measured by.
 *
 *     limit_server <port> <body size in bytes>
 *
 * One process, one level-triggered epoll loop, one read() for each readiness, a search for the end of the head, one
 * write() of a constant response for each request found. It parses nothing and keeps nothing between two reads, so it
 * serves only clients that send each request in one piece, as wrk does.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static char input[64 * 1024];

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int listen_on(int port)
{
    const int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        fail("socket");
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
        fail("bind");
    if (listen(fd, 4096) < 0)
        fail("listen");
    return fd;
}

static void watch(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        fail("epoll_ctl");
}

static void take_connection(int epoll, int listener)
{
    const int on = 1;
    const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(epoll, fd);
}

static void serve(int fd, const char *response, size_t size)
{
    const ssize_t count = read(fd, input, sizeof input);
    if (count <= 0) {
        if (count == 0 || errno != EAGAIN)
            close(fd);
        return;
    }
    const char *at = input;
    const char *const end = input + count;
    while ((at = memmem(at, (size_t)(end - at), "\r\n\r\n", 4)) != NULL) {
        at += 4;
        const ssize_t written = write(fd, response, size);
        if (written != (ssize_t)size) {
            /* A response cut short would be counted as a cheap one. */
            if (written >= 0 || errno == EAGAIN) {
                fprintf(stderr, "limit_server: the send buffer is too small for a response of %zu bytes\n", size);
                exit(1);
            }
            close(fd);
            return;
        }
    }
}

int main(int argc, char **argv)
{
    const int port = argc == 3 ? atoi(argv[1]) : 0;
    const int body = argc == 3 ? atoi(argv[2]) : -1;
    if (port < 1 || port > 65535 || body < 0 || body > 1024 * 1024) {
        fprintf(stderr, "usage: limit_server <port> <body size in bytes>\n");
        return 2;
    }
    char *response = malloc((size_t)body + 256);
    if (!response)
        fail("malloc");
    const int head = snprintf(
        response, 256, "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n", body);
    memset(response + head, 'x', (size_t)body);

    const int listener = listen_on(port);
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        fail("epoll_create1");
    watch(epoll, listener);
    for (;;) {
        struct epoll_event events[256];
        const int count = epoll_wait(epoll, events, 256, -1);
        if (count < 0 && errno != EINTR)
            fail("epoll_wait");
        for (int at = 0; at < count; ++at) {
            const int fd = events[at].data.fd;
            if (fd == listener)
                take_connection(epoll, listener);
            else
                serve(fd, response, (size_t)(head + body));
        }
    }
}
