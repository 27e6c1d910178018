/* An epoll echo server in C: the peer that netlab's own services are held against.
 *
 * It speaks to its parent as they do: a line of JSON with its port, then one with what it has used
 * for each line on its standard input, at whose end it goes.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int port;

static void say(void)
{
    struct timespec cpu;
    struct rusage used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    getrusage(RUSAGE_SELF, &used);
    printf("{\"port\": %d, \"cpu\": %ld.%09ld, \"switches\": %ld, \"resident\": 0, \"threads\": 1,"
           " \"files\": null, \"files_before\": null, \"threads_limit\": null}\n",
           port, cpu.tv_sec, cpu.tv_nsec, used.ru_nvcsw);
    fflush(stdout);
}

static void *answer(void *unused)
{
    char line[4096];
    while (read(0, line, sizeof line) > 0)
        say();
    _exit(0);
    return unused;
}

static void welcome(int door, int list)
{
    int client, yes = 1;
    while ((client = accept4(door, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct epoll_event wish = {.events = EPOLLIN, .data.fd = client};
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        epoll_ctl(list, EPOLL_CTL_ADD, client, &wish);
    }
}

static void echo(int client)
{
    static char octets[65536];
    ssize_t count = recv(client, octets, sizeof octets, 0);
    if (count <= 0 || send(client, octets, count, MSG_NOSIGNAL) != count)
        close(client);
}

int main(int count, char **words)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    struct epoll_event wish = {.events = EPOLLIN}, ready[512];
    struct rlimit files;
    pthread_t thread;
    int door, list;
    (void)count, (void)words;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    door = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (bind(door, (void *)&address, size) || listen(door, 4096))
        return 1;
    getsockname(door, (void *)&address, &size);
    port = ntohs(address.sin_port);
    list = epoll_create1(0);
    wish.data.fd = door;
    epoll_ctl(list, EPOLL_CTL_ADD, door, &wish);
    say();
    pthread_create(&thread, NULL, answer, NULL);
    for (;;)
        for (int left = epoll_wait(list, ready, 512, -1); left > 0; left--)
            if (ready[left - 1].data.fd == door)
                welcome(door, list);
            else
                echo(ready[left - 1].data.fd);
}
