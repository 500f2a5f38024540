/* pinger udp|tcp|long ADDRESS PORT INTERVAL_MS SECONDS: measure an outage as a client sees it.
 * udp:  one socket, one numbered datagram per interval;
 * tcp:  a new connection per interval: it sends "GET /" and reads the server's name;
 * long: one connection for the whole time, one numbered line per interval.
 * Prints one line: sent=.. ok=.. fail=.. reset=.. maxgap_ms=.. gap_at_s=.. names=a:N,b:M
 * reset: how many of the failed requests were refused or reset; maxgap: the longest time between two answers (or
 * since the last one); gap_at: when that time began. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "address.h"

enum { sockets_max = 512, names_max = 16, name_length = 32 };
static const double give_up_s = 1.0; /* a new connection without an answer by then has failed */

static struct { char name[name_length]; long times; } names[names_max];
static struct pollfd sockets[sockets_max];
static struct { double born; int asked; } connections[sockets_max];
static struct sockaddr_storage to;
static socklen_t to_length;
static int used;
static double start, last_answer, max_gap, max_gap_at;
static long sent, answered, failed, resets;

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void note_gap(double until)
{
	if (last_answer == 0 || until - last_answer <= max_gap) return;
	max_gap = until - last_answer;
	max_gap_at = last_answer - start;
}

static void note_answer(const char *text)
{
	char name[name_length];

	note_gap(now());
	last_answer = now();
	answered++;
	snprintf(name, sizeof name, "%.*s", (int)strcspn(text, " \r\n"), text);
	for (int i = 0; i < names_max; i++) {
		if (!names[i].name[0]) strcpy(names[i].name, name);
		if (strcmp(names[i].name, name) == 0) { names[i].times++; return; }
	}
}

static void open_connection(void)
{
	int one_try = 1, s = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (s < 0 || used == sockets_max) {
		if (s >= 0) close(s);
		failed++;
		return;
	}
	setsockopt(s, IPPROTO_TCP, TCP_SYNCNT, &one_try, sizeof one_try);
	connect(s, (struct sockaddr *)&to, to_length);
	sockets[used] = (struct pollfd){.fd = s, .events = POLLOUT};
	connections[used].born = now();
	connections[used++].asked = 0;
}

/* Counts a connection that failed: it was refused or reset, or there was no answer. */
static void note_failure(int error)
{
	failed++;
	if (error == ECONNRESET || error == ECONNREFUSED || error == EPIPE) resets++;
}

/* One step of a fresh connection; 0 when it is over. */
static int step_connection(int i)
{
	static const char request[] = "GET / HTTP/1.0\r\n\r\n";
	char page[4096], *body;
	ssize_t got;

	if (!sockets[i].revents) {
		if (now() - connections[i].born <= give_up_s) return 1;
		failed++;
		return 0;
	}
	if (!connections[i].asked) {
		connections[i].asked = 1;
		sockets[i].events = POLLIN;
		if (send(sockets[i].fd, request, sizeof request - 1, MSG_NOSIGNAL) > 0) return 1;
		note_failure(errno);
		return 0;
	}
	got = recv(sockets[i].fd, page, sizeof page - 1, MSG_DONTWAIT);
	page[got > 0 ? got : 0] = 0;
	body = strstr(page, "\r\n\r\n");
	if (body) note_answer(body + 4);
	else note_failure(got < 0 ? errno : 0);
	return 0;
}

static void step_connections(void)
{
	for (int i = used - 1; i >= 0; i--) {
		if (step_connection(i)) continue;
		close(sockets[i].fd);
		sockets[i] = sockets[--used];
		connections[i] = connections[used];
	}
}

/* udp and long share one connected socket; 0 when a stream is broken. */
static int step_socket(int stream)
{
	char text[4096];
	ssize_t got;

	if (!sockets[0].revents) return 1;
	got = recv(sockets[0].fd, text, sizeof text - 1, MSG_DONTWAIT);
	text[got > 0 ? got : 0] = 0;
	if (got > 0) note_answer(text);
	if (!stream || got > 0 || (got < 0 && errno == EAGAIN)) return 1;
	note_failure(got < 0 ? errno : 0);
	printf("connection lost: %s\n", got == 0 ? "closed" : strerror(errno));
	return 0;
}

static int send_numbered(int stream)
{
	char text[32];
	int length = snprintf(text, sizeof text, "%ld\n", sent);

	if (send(sockets[0].fd, text, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL) > 0 || !stream || errno == EAGAIN) return 1;
	note_failure(errno);
	printf("connection lost: %s\n", strerror(errno));
	return 0;
}

static void measure(const char *mode, double interval, double seconds)
{
	int fresh = strcmp(mode, "tcp") == 0, stream = strcmp(mode, "long") == 0, alive = 1;
	double next = start;

	while (alive && now() - start < seconds) {
		double wait = next - now();
		if (wait <= 0) {
			next = wait + interval > 0 ? next + interval : now() + interval;
			sent++;
			if (fresh) open_connection();
			else alive = send_numbered(stream);
			wait = next - now();
		}
		if (wait < 0) wait = 0;
		ppoll(sockets, (nfds_t)used, &(struct timespec){(time_t)wait, (long)((wait - (double)(time_t)wait) * 1e9)}, NULL);
		if (fresh) step_connections();
		else alive = alive && step_socket(stream);
	}
}

int main(int argc, char **argv)
{
	int fresh, stream, one = 1;

	if (argc < 6) {
		fprintf(stderr, "usage: pinger udp|tcp|long ADDRESS PORT INTERVAL_MS SECONDS\n");
		return 2;
	}
	fresh = strcmp(argv[1], "tcp") == 0;
	stream = strcmp(argv[1], "long") == 0;
	to_length = numeric_address(argv[2], argv[3], &to);
	if (!to_length) return 2;
	start = now();
	if (!fresh) {
		sockets[0] = (struct pollfd){.fd = socket(to.ss_family, stream ? SOCK_STREAM : SOCK_DGRAM, 0), .events = POLLIN};
		used = 1;
		if (connect(sockets[0].fd, (struct sockaddr *)&to, to_length) != 0) {
			perror("connect");
			return 1;
		}
		if (stream) setsockopt(sockets[0].fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	}
	measure(argv[1], atof(argv[4]) / 1e3, atof(argv[5]));
	note_gap(now());
	printf("sent=%ld ok=%ld fail=%ld reset=%ld maxgap_ms=%.1f gap_at_s=%.3f names=", sent, answered, failed, resets, max_gap * 1e3,
	       max_gap_at);
	for (int i = 0; i < names_max && names[i].name[0]; i++) printf("%s%s:%ld", i ? "," : "", names[i].name, names[i].times);
	printf("\n");
	return 0;
}
