/* Load for the benchmarks: compiled, so that what is measured is the balancer and not the load.

   load serve                         echo and source servers; prints their two ports
   load echo  PORT CONNECTIONS SECS   each sends 64 octets, waits for them, and again
   load churn PORT CONNECTIONS SECS   each connects, sends 64 octets, waits for them, closes
   load bulk  PORT                    reads from the source until it ends

   A client prints what it did in one second: exchanges, connections, or octets. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 64, CHUNK = 1 << 18, MOST = 1 << 16 };
static const long long BULK = 1LL << 30;
static char buffer[CHUNK];
static long long left[MOST]; /* of the source: octets still to send; -1: an echo */

static void fail(const char *what) { perror(what); exit(1); }

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static struct sockaddr_in at(unsigned long host, int port) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    a.sin_addr.s_addr = htonl(host);
    return a;
}

static void at_once(int fd) {
    int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

static int listening(void) {
    struct sockaddr_in a = at(INADDR_LOOPBACK, 0);
    socklen_t length = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (bind(fd, (void *)&a, sizeof a) || listen(fd, 4096)) fail("listen");
    getsockname(fd, (void *)&a, &length);
    printf("%d\n", ntohs(a.sin_port));
    fflush(stdout);
    return fd;
}

static void watch(int epoll, int fd, int events) {
    struct epoll_event e = {.events = events, .data.fd = fd};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e)) fail("epoll_ctl");
}

static void serve(void) {
    int epoll = epoll_create1(0), echo = listening(), source = listening();
    struct epoll_event ready[256];
    watch(epoll, echo, EPOLLIN);
    watch(epoll, source, EPOLLIN);
    for (;;) {
        int count = epoll_wait(epoll, ready, 256, -1);
        for (int i = 0; i < count; i++) {
            int fd = ready[i].data.fd;
            if (fd == echo || fd == source) {
                int peer;
                while ((peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK)) >= 0 && peer < MOST) {
                    at_once(peer);
                    left[peer] = fd == echo ? -1 : BULK;
                    watch(epoll, peer, fd == echo ? EPOLLIN : EPOLLOUT);
                }
            } else if (left[fd] < 0) {
                ssize_t got = read(fd, buffer, CHUNK);
                if (got > 0) got = write(fd, buffer, got);
                if (got <= 0) close(fd);
            } else {
                ssize_t sent = write(fd, buffer, left[fd] < CHUNK ? left[fd] : CHUNK);
                if (sent > 0) left[fd] -= sent;
                if (sent <= 0 || !left[fd]) close(fd);
            }
        }
    }
}

static int dial(int port) {
    static unsigned long host; /* many addresses: one has too few ports */
    struct sockaddr_in from = at(INADDR_LOOPBACK + host++ % 200, 0), to = at(INADDR_LOOPBACK, port);
    int yes = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    at_once(fd);
    if (bind(fd, (void *)&from, sizeof from)) fail("bind");
    if (connect(fd, (void *)&to, sizeof to) && errno != EINPROGRESS) fail("connect");
    return fd;
}

static double exchange(int port, int connections, double seconds, int again) {
    int epoll = epoll_create1(0);
    struct epoll_event ready[256];
    long done = 0;
    for (int i = 0; i < connections; i++) watch(epoll, dial(port), EPOLLOUT);
    double start = now();
    while (now() - start < seconds) {
        int count = epoll_wait(epoll, ready, 256, 1000);
        if (count <= 0) fail("nothing within a second");
        for (int i = 0; i < count; i++) {
            int fd = ready[i].data.fd;
            struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
            if (ready[i].events & EPOLLOUT) {
                if (write(fd, buffer, SIZE) != SIZE) fail("write");
                epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &e);
                continue;
            }
            if (read(fd, buffer, CHUNK) != SIZE) fail("read");
            done++;
            if (!again) {
                if (write(fd, buffer, SIZE) != SIZE) fail("write");
                continue;
            }
            close(fd);
            watch(epoll, dial(port), EPOLLOUT);
        }
    }
    return done / (now() - start);
}

static double bulk(int port) {
    struct sockaddr_in to = at(INADDR_LOOPBACK, port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    long long all = 0;
    ssize_t got;
    double start = now();
    if (connect(fd, (void *)&to, sizeof to)) fail("connect");
    while ((got = read(fd, buffer, CHUNK)) > 0) all += got;
    if (all != BULK) fail("octets are missing");
    return all / (now() - start);
}

int main(int count, char **words) {
    signal(SIGPIPE, SIG_IGN); /* who was only knocking has gone again */
    if (count == 2 && !strcmp(words[1], "serve")) serve();
    else if (count == 3 && !strcmp(words[1], "bulk")) printf("%.0f\n", bulk(atoi(words[2])));
    else if (count == 5)
        printf("%.0f\n", exchange(atoi(words[2]), atoi(words[3]), atof(words[4]),
                                  !strcmp(words[1], "churn")));
    else return 2;
}
