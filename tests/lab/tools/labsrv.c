/* labsrv NAME PORT...: a server that answers with its name, on TCP and UDP, IPv4 and IPv6; on SCTP for "PORT/sctp".
 * TCP: a request that starts with "GET" gets an HTTP answer, and the connection is closed; any other line is echoed
 * ("NAME ECHO") and the connection stays open. UDP: "NAME ECHO", from the address that was asked.
 * When it listens, it goes to the background and prints its process id, so that the caller need not wait. It has one
 * loop and no process per connection: a hundred of these servers fit into a guest. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { sockets_max = 4096, request_max = 4096, answer_max = request_max + 256 };
enum kind { listener, datagram, sctp_listener, connection };
static struct pollfd sockets[sockets_max];
static enum kind kinds[sockets_max];
static int used;
static const char *name;

static void add(int s, enum kind kind)
{
	if (used == sockets_max) {
		close(s);
		return;
	}
	sockets[used] = (struct pollfd){.fd = s, .events = POLLIN};
	kinds[used++] = kind;
}

/* The parent ends. Standard output is closed, so that a caller that reads it sees its end. */
static void go_to_background(void)
{
	pid_t child = fork();

	if (child > 0) {
		printf("%d\n", (int)child);
		exit(0);
	}
	if (child < 0 || !freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr)) exit(1);
}

static int listen_on(int port, enum kind kind)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons((in_port_t)port)};
	int one = 1, s = socket(AF_INET6, (kind == datagram ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK,
	                        kind == sctp_listener ? IPPROTO_SCTP : 0);

	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (kind == datagram) setsockopt(s, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof one);
	if (bind(s, (struct sockaddr *)&any, sizeof any) != 0 || (kind != datagram && listen(s, 512) != 0)) return -1;
	add(s, kind);
	return 0;
}

static int listen_all(const char *port)
{
	if (strchr(port, '/')) return listen_on(atoi(port), sctp_listener);
	return listen_on(atoi(port), listener) == 0 && listen_on(atoi(port), datagram) == 0 ? 0 : -1;
}

static void accept_all(int s)
{
	int c;
	while ((c = accept4(s, NULL, NULL, SOCK_NONBLOCK)) >= 0) add(c, connection);
}

static void answer_datagram(int s)
{
	char request[request_max], answer[answer_max], control[256];
	struct sockaddr_in6 from;
	struct iovec data = {request, sizeof request - 1};
	struct msghdr message = {&from, sizeof from, &data, 1, control, sizeof control, 0};
	ssize_t got = recvmsg(s, &message, 0);

	if (got < 0) return;
	request[got] = 0;
	data.iov_base = answer;
	data.iov_len = (size_t)snprintf(answer, sizeof answer, "%s %s", name, request);
	/* The answer comes from the address that was asked, on the interface to which the route back leads. */
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c))
		if (c->cmsg_type == IPV6_PKTINFO) ((struct in6_pktinfo *)(void *)CMSG_DATA(c))->ipi6_ifindex = 0;
	sendmsg(s, &message, 0);
}

/* 0: the connection is over. */
static int answer_stream(int s)
{
	char request[request_max], answer[answer_max];
	ssize_t got = read(s, request, sizeof request - 1);
	int length;

	if (got <= 0) return 0;
	request[got] = 0;
	if (strncmp(request, "GET", 3) == 0) {
		length = snprintf(answer, sizeof answer,
		                  "HTTP/1.0 200 OK\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s\n",
		                  strlen(name) + 1, name);
		return send(s, answer, (size_t)length, MSG_NOSIGNAL) < 0 ? 0 : shutdown(s, SHUT_WR) == 0;
	}
	length = snprintf(answer, sizeof answer, "%s %s", name, request);
	return send(s, answer, (size_t)length, MSG_NOSIGNAL) > 0;
}

int main(int argc, char **argv)
{
	struct rlimit files = {sockets_max + 16, sockets_max + 16};

	setrlimit(RLIMIT_NOFILE, &files);
	if (argc < 3) {
		fprintf(stderr, "usage: labsrv NAME PORT...\n");
		return 2;
	}
	name = argv[1];
	for (int i = 2; i < argc; i++)
		if (listen_all(argv[i]) != 0) {
			perror(argv[i]);
			return 1;
		}
	go_to_background();
	for (;;) {
		poll(sockets, (nfds_t)used, -1);
		/* Downwards: when a connection ends, the last one takes its place, and that was served already. */
		for (int i = used - 1; i >= 0; i--) {
			if (!sockets[i].revents) continue;
			if (kinds[i] == listener || kinds[i] == sctp_listener) accept_all(sockets[i].fd);
			else if (kinds[i] == datagram) answer_datagram(sockets[i].fd);
			else if (!answer_stream(sockets[i].fd)) {
				close(sockets[i].fd);
				sockets[i] = sockets[--used];
				kinds[i] = kinds[used];
			}
		}
	}
}
