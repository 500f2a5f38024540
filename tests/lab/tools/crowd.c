/* crowd FROM CLIENTS SERVICES COMMAND...: many clients, from CLIENTS consecutive source addresses beginning with FROM,
 * ask all services at once, and each remembers which server has answered it.
 * SERVICES is a file (or "-") with lines LABEL PROTOCOL ADDRESS PORT SOURCE_PORT; PROTOCOL is tcp, udp or sctp;
 * SOURCE_PORT 0: a new one for each connection. A request of TCP and SCTP is a new connection with "GET /".
 *
 *   once [TIMEOUT_MS]                          one request of each client to each service (800)
 *     LABEL SERVER...                          the server of each client; "-": no answer, "x": refused or reset
 *   load INTERVAL_MS SECONDS [TIMEOUT_MS]      a request of each client to each service per interval
 *     LABEL SENT LOST GAP_MS FIRST LAST MOVES  LOST: not answered; GAP_MS: the longest time of a client between two
 *                                              answers; FIRST, LAST: the servers of all clients, with commas; MOVES:
 *                                              answers that came from another server than the last: "a>b:N,a>c:M"
 *   hold SECONDS                               one connection of each client; prints "ready" when all stand, and waits
 *                                              for a line on standard input; then each asks once more
 *     LABEL SERVER=OUTCOME...                  "ok", "reset" or "hang" for each client, with the milliseconds that it
 *                                              took: "ws1=reset:3"
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "address.h"

enum { services_max = 512, clients_max = 64, names_max = 32, name_length = 32, text_max = 512, moves_max = 64 };
enum { no_answer = -1, refused = -2, nothing_yet = -3 };
enum state { idle, waiting, held };

struct service {
	char label[64];
	int type, protocol, source_port;
	struct sockaddr_storage to;
	socklen_t length;
	struct { int from, to; long times; } moves[moves_max];
};
struct client { /* of one service */
	enum state state;
	int s, server, first, last, got;
	long sent, lost, number;
	double began, deadline, due, answered, gap, took;
	char text[text_max];
};

static struct service services[services_max];
static struct client clients[services_max][clients_max];
static char names[names_max][name_length];
static struct sockaddr_storage from;
static int service_count, client_count, events, open_talks;
static double timeout_s = 0.8;

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static const char *name_of(int server)
{
	if (server >= 0) return names[server];
	return server == refused ? "x" : server == no_answer ? "-" : "?";
}

static int number_of(const char *text)
{
	char name[name_length];

	snprintf(name, sizeof name, "%.*s", (int)strcspn(text, " \r\n"), text);
	for (int i = 0; i < names_max; i++) {
		if (!names[i][0]) strcpy(names[i], name);
		if (strcmp(names[i], name) == 0) return i;
	}
	return refused;
}

static void read_services(const char *path)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char protocol[8], address[64], port[8];

	if (!file) die(path);
	while (service_count < services_max) {
		struct service *s = &services[service_count];
		if (fscanf(file, "%63s %7s %63s %7s %d", s->label, protocol, address, port, &s->source_port) != 5) break;
		s->type = strcmp(protocol, "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM;
		s->protocol = strcmp(protocol, "sctp") == 0 ? IPPROTO_SCTP : 0;
		s->length = numeric_address(address, port, &s->to);
		if (!s->length) die(address);
		service_count++;
	}
	if (file != stdin) fclose(file);
}

static struct sockaddr_storage source_of(int client, int port)
{
	struct sockaddr_storage source = from;

	if (from.ss_family == AF_INET) {
		struct sockaddr_in *v4 = (struct sockaddr_in *)&source;
		v4->sin_addr.s_addr = htonl(ntohl(v4->sin_addr.s_addr) + (unsigned)client);
		v4->sin_port = htons((in_port_t)port);
	} else {
		struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&source;
		v6->sin6_addr.s6_addr[15] = (unsigned char)(v6->sin6_addr.s6_addr[15] + client);
		v6->sin6_port = htons((in_port_t)port);
	}
	return source;
}

static void begin(struct service *service, struct client *client)
{
	int one = 1;
	struct sockaddr_storage source = source_of((int)(client - clients[service - services]), service->source_port);
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};

	client->s = socket(service->to.ss_family, service->type | SOCK_NONBLOCK | SOCK_CLOEXEC, service->protocol);
	if (client->s < 0) die(service->label);
	setsockopt(client->s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (!service->source_port) setsockopt(client->s, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
	if (bind(client->s, (struct sockaddr *)&source, service->length) != 0) die("bind");
	if (service->type == SOCK_STREAM) event.events |= EPOLLOUT;
	client->state = waiting;
	client->server = nothing_yet;
	client->got = 0;
	client->sent++;
	client->number++;
	client->began = now();
	client->deadline = client->began + timeout_s;
	open_talks++;
	if (connect(client->s, (struct sockaddr *)&service->to, service->length) != 0 && errno != EINPROGRESS) {
		client->deadline = 0; /* an ICMP error that the route remembers: it ends with the next turn */
		client->server = refused;
		return;
	}
	epoll_ctl(events, EPOLL_CTL_ADD, client->s, &event);
	if (service->type == SOCK_DGRAM) dprintf(client->s, "%ld", client->number);
}

static void note_move(struct service *service, int was, int is)
{
	for (int i = 0; i < moves_max; i++) {
		if (!service->moves[i].times) {
			service->moves[i].from = was;
			service->moves[i].to = is;
		}
		if (service->moves[i].from == was && service->moves[i].to == is) {
			service->moves[i].times++;
			return;
		}
	}
}

static void finish(struct service *service, struct client *client, int server)
{
	double t = now();

	close(client->s);
	client->state = idle;
	client->server = server;
	client->took = t - client->began;
	open_talks--;
	if (server < 0) {
		client->lost++;
		return;
	}
	if (client->answered > 0 && t - client->answered > client->gap) client->gap = t - client->answered;
	client->answered = t;
	if (client->first < 0) client->first = server;
	if (client->last >= 0 && client->last != server) note_move(service, client->last, server);
	client->last = server;
}

/* -3: not yet all of it. */
static int answer_of(const struct service *service, struct client *client, const char *question)
{
	const char *body = client->text;

	if (service->type == SOCK_STREAM && question[0] == 'G') body = strstr(client->text, "\r\n\r\n");
	if (!body) return nothing_yet;
	if (body != client->text) body += 4;
	return strchr(body, '\n') || service->type == SOCK_DGRAM ? number_of(body) : nothing_yet;
}

/* Whether the answer of the datagram is that of an earlier one, which came late. */
static int is_old(const struct client *client)
{
	const char *number = strchr(client->text, ' ');
	return !number || atol(number) != client->number;
}

static void turn(struct service *service, struct client *client, unsigned what, const char *question)
{
	int error = 0;
	socklen_t length = sizeof error;
	ssize_t got;

	if (what & EPOLLOUT) {
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
		getsockopt(client->s, SOL_SOCKET, SO_ERROR, &error, &length);
		if (error || send(client->s, question, strlen(question), MSG_NOSIGNAL) < 0) {
			finish(service, client, refused);
			return;
		}
		epoll_ctl(events, EPOLL_CTL_MOD, client->s, &event);
		return;
	}
	got = read(client->s, client->text + client->got, (size_t)(text_max - 1 - client->got));
	if (got < 0 && errno == EAGAIN) return;
	if (got < 0) {
		finish(service, client, refused);
		return;
	}
	client->got += (int)got;
	client->text[client->got] = 0;
	if (service->type == SOCK_DGRAM && is_old(client)) {
		client->got = 0;
		return;
	}
	client->server = answer_of(service, client, question);
	if (question[0] != 'G' && client->server >= 0) {
		client->state = held;
		client->took = now() - client->began;
		open_talks--;
		return;
	}
	/* The server closes first, so that the client's port is free at once. */
	if (got == 0 || service->type == SOCK_DGRAM) finish(service, client, client->server >= 0 ? client->server : refused);
}

/* Serves what has come, for this time at most, and ends what has waited too long. */
static void serve_talks(int timeout_ms, const char *question)
{
	struct epoll_event list[64];
	int count = epoll_wait(events, list, 64, timeout_ms);
	double t = now();

	for (int i = 0; i < count; i++) {
		struct client *client = list[i].data.ptr;
		if (client->state == waiting) turn(&services[(client - clients[0]) / clients_max], client, list[i].events, question);
	}
	for (int s = 0; s < service_count; s++)
		for (int c = 0; c < client_count; c++)
			if (clients[s][c].state == waiting && clients[s][c].deadline < t)
				finish(&services[s], &clients[s][c], clients[s][c].server == refused ? refused : no_answer);
}

static void ask_all(const char *question)
{
	for (int c = 0; c < client_count; c++)
		for (int s = 0; s < service_count; s++) {
			begin(&services[s], &clients[s][c]);
			serve_talks(0, question);
		}
	while (open_talks > 0) serve_talks(20, question);
}

static void print_all(void (*print)(const struct client *))
{
	for (int s = 0; s < service_count; s++) {
		printf("%s", services[s].label);
		for (int c = 0; c < client_count; c++) print(&clients[s][c]);
		printf("\n");
	}
}

static void print_server(const struct client *client) { printf(" %s", name_of(client->server)); }

static void once(void)
{
	ask_all("GET / HTTP/1.0\r\n\r\n");
	print_all(print_server);
}

static void print_load(const struct service *service, const struct client *all)
{
	long sent = 0, lost = 0;
	double gap = 0;

	for (int c = 0; c < client_count; c++) {
		sent += all[c].sent;
		lost += all[c].lost;
		if (all[c].gap > gap) gap = all[c].gap;
	}
	printf("%s %ld %ld %.0f ", service->label, sent, lost, gap * 1e3);
	for (int c = 0; c < client_count; c++) printf("%s%s", c ? "," : "", name_of(all[c].first));
	printf(" ");
	for (int c = 0; c < client_count; c++) printf("%s%s", c ? "," : "", name_of(all[c].last));
	printf(" ");
	for (int i = 0; i < moves_max && service->moves[i].times; i++)
		printf("%s%s>%s:%ld", i ? "," : "", name_of(service->moves[i].from), name_of(service->moves[i].to),
		       service->moves[i].times);
	printf("%s\n", service->moves[0].times ? "" : "-");
}

/* The requests of an interval are spread over it. One that is late is sent late, never left out. */
static void load(double interval, double seconds)
{
	double start = now() + 0.1, end = start + seconds;
	int all = service_count * client_count;

	for (int i = 0; i < all; i++)
		clients[i % service_count][i / service_count].due = start + interval * i / all;
	while (now() < end || open_talks > 0) {
		double t = now();
		for (int i = 0; i < all; i++) {
			struct client *client = &clients[i % service_count][i / service_count];
			if (client->state != idle || client->due > t || client->due >= end) continue;
			client->due += interval;
			begin(&services[i % service_count], client);
		}
		serve_talks(1, "GET / HTTP/1.0\r\n\r\n");
	}
	for (int s = 0; s < service_count; s++)
		for (int c = 0; c < client_count; c++) { /* a gap that lasts until the end counts as well */
			struct client *client = &clients[s][c];
			double since = end - (client->answered > 0 ? client->answered : start);
			if (since > client->gap) client->gap = since;
		}
	for (int s = 0; s < service_count; s++) print_load(&services[s], clients[s]);
}

static void print_outcome(const struct client *client)
{
	printf(" %s=%s:%.0f", name_of(client->first), client->state == held ? "ok" : client->server == refused ? "reset" : "hang",
	       client->took * 1e3);
}

static void hold(double seconds)
{
	char line[16];

	timeout_s = 2;
	ask_all("hello\n");
	printf("ready\n");
	fflush(stdout);
	if (read(0, line, sizeof line) < 0) die("standard input");
	timeout_s = seconds;
	for (int s = 0; s < service_count; s++)
		for (int c = 0; c < client_count; c++) {
			struct client *client = &clients[s][c];
			client->first = client->server;
			if (client->state != held) continue;
			client->state = waiting;
			client->server = nothing_yet;
			client->got = 0;
			client->began = now();
			client->deadline = client->began + timeout_s;
			open_talks++;
			if (send(client->s, "again\n", 6, MSG_NOSIGNAL) < 0) finish(&services[s], client, refused);
		}
	while (open_talks > 0) serve_talks(20, "again\n");
	print_all(print_outcome);
}

int main(int argc, char **argv)
{
	struct rlimit files = {65536, 65536};

	if (argc < 5 || !numeric_address(argv[1], "0", &from)) {
		fprintf(stderr, "usage: crowd FROM CLIENTS SERVICES once|load|hold ...\n");
		return 2;
	}
	client_count = atoi(argv[2]);
	if (client_count < 1 || client_count > clients_max) return 2;
	setrlimit(RLIMIT_NOFILE, &files);
	events = epoll_create1(EPOLL_CLOEXEC);
	read_services(argv[3]);
	for (int s = 0; s < service_count; s++)
		for (int c = 0; c < client_count; c++)
			clients[s][c] = (struct client){.s = -1, .server = nothing_yet, .first = nothing_yet, .last = nothing_yet};
	if (strcmp(argv[4], "once") == 0) {
		if (argc > 5) timeout_s = atof(argv[5]) / 1e3;
		once();
	} else if (strcmp(argv[4], "load") == 0 && argc > 6) {
		timeout_s = argc > 7 ? atof(argv[7]) / 1e3 : atof(argv[5]) / 1e3;
		load(atof(argv[5]) / 1e3, atof(argv[6]));
	} else if (strcmp(argv[4], "hold") == 0 && argc > 5) {
		hold(atof(argv[5]));
	} else {
		return 2;
	}
	return 0;
}
