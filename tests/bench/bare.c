/* bench_bare: the least that it takes to load and to read an IPVS table over generic netlink. No configuration, no
 * comparison, no decoding beyond what is needed to ask on: the floor that lbconverge is measured against.
 *   bench_bare load N M [BYTES]          the table of numbering.h, packed into sends of BYTES (64 KiB), one
 *                                        acknowledgement per send
 *   bench_bare dump                      all services, then the servers of each; one recv per datagram
 *   bench_bare dumpmm                    the same with recvmmsg: data and end of a dump in one system call
 *   bench_bare wait N M SERVICE SERVER WEIGHT SECONDS
 *                                        until that server has that weight; looks every 5 ms
 * load and dumps print: seconds <tab> system calls <tab> services <tab> servers. The time is that of the work; start
 * of the process and lookup of the family are outside. */
#define _GNU_SOURCE
#include "numbering.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	default_batch = 64 * 1024,
	largest_message = 512,
	socket_buffer = 8 * 1024 * 1024, /* room for the errors of a whole batch */
	receive_size = 256 * 1024,
};

static int socket_fd;
static uint16_t ipvs_family;
static unsigned sequence;
static long system_calls;
static unsigned services_seen, servers_seen;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void open_socket(void)
{
	struct nl_sock *resolver = nl_socket_alloc();
	const int size = socket_buffer;
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	int family;

	if (genl_connect(resolver) != 0 || (family = genl_ctrl_resolve(resolver, "IPVS")) < 0) {
		fprintf(stderr, "bench_bare: this kernel has no IPVS\n");
		exit(1);
	}
	ipvs_family = (uint16_t)family;
	nl_socket_free(resolver);
	socket_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	setsockopt(socket_fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
	setsockopt(socket_fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
	if (connect(socket_fd, (const void *)&kernel, sizeof kernel) != 0) die("connect");
}

/* ---- writing messages ------------------------------------------------------------------------------------ */

static char *batch, *end; /* messages stand in [batch, end) */

static void put(uint16_t type, const void *data, size_t size)
{
	const struct nlattr head = {.nla_len = (uint16_t)(NLA_HDRLEN + size), .nla_type = type};

	memcpy(end, &head, sizeof head);
	memset(end + NLA_HDRLEN, 0, NLA_ALIGN(size));
	memcpy(end + NLA_HDRLEN, data, size);
	end += NLA_HDRLEN + NLA_ALIGN(size);
}

static void put_u16(uint16_t type, uint16_t value) { put(type, &value, sizeof value); }
static void put_u32(uint16_t type, uint32_t value) { put(type, &value, sizeof value); }
static void put_address(uint16_t type, uint32_t ipv4)
{
	const uint32_t address[4] = {ipv4}; /* always 16 bytes; IPv4 in the first four */

	put(type, address, sizeof address);
}

static struct nlmsghdr *begin_message(uint8_t command, uint16_t flags)
{
	struct nlmsghdr *message = (void *)end;
	const struct genlmsghdr head = {.cmd = command, .version = IPVS_GENL_VERSION};

	*message = (struct nlmsghdr){.nlmsg_type = ipvs_family,
	                             .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
	                             .nlmsg_seq = ++sequence};
	memcpy(end + NLMSG_HDRLEN, &head, sizeof head);
	end += NLMSG_HDRLEN + GENL_HDRLEN;
	return message;
}

static void end_message(struct nlmsghdr *message) { message->nlmsg_len = (uint32_t)(end - (char *)message); }

static struct nlattr *begin_nest(uint16_t type)
{
	struct nlattr *nest = (void *)end;

	nest->nla_type = (uint16_t)(type | NLA_F_NESTED);
	end += NLA_HDRLEN;
	return nest;
}

static void end_nest(struct nlattr *nest) { nest->nla_len = (uint16_t)(end - (char *)nest); }

static void put_service_key(unsigned service)
{
	put_u16(IPVS_SVC_ATTR_AF, AF_INET);
	put_u16(IPVS_SVC_ATTR_PROTOCOL, IPPROTO_TCP);
	put_address(IPVS_SVC_ATTR_ADDR, service_address(service));
	put_u16(IPVS_SVC_ATTR_PORT, htons(service_port));
}

static struct nlmsghdr *new_service(unsigned service)
{
	const struct ip_vs_flags flags = {.flags = 0, .mask = ~0U};
	struct nlmsghdr *message = begin_message(IPVS_CMD_NEW_SERVICE, 0);
	struct nlattr *nest = begin_nest(IPVS_CMD_ATTR_SERVICE);

	put_service_key(service);
	put(IPVS_SVC_ATTR_SCHED_NAME, "rr", sizeof "rr");
	put(IPVS_SVC_ATTR_FLAGS, &flags, sizeof flags);
	put_u32(IPVS_SVC_ATTR_TIMEOUT, 0);
	put_u32(IPVS_SVC_ATTR_NETMASK, ~0U);
	end_nest(nest);
	end_message(message);
	return message;
}

static struct nlmsghdr *new_server(unsigned service, uint32_t address)
{
	struct nlmsghdr *message = begin_message(IPVS_CMD_NEW_DEST, 0);
	struct nlattr *nest = begin_nest(IPVS_CMD_ATTR_SERVICE);

	put_service_key(service);
	end_nest(nest);
	nest = begin_nest(IPVS_CMD_ATTR_DEST);
	put_u16(IPVS_DEST_ATTR_ADDR_FAMILY, AF_INET);
	put_address(IPVS_DEST_ATTR_ADDR, address);
	put_u16(IPVS_DEST_ATTR_PORT, htons(service_port));
	put_u32(IPVS_DEST_ATTR_FWD_METHOD, IP_VS_CONN_F_DROUTE);
	put_u32(IPVS_DEST_ATTR_WEIGHT, initial_weight);
	put_u32(IPVS_DEST_ATTR_U_THRESH, 0);
	put_u32(IPVS_DEST_ATTR_L_THRESH, 0);
	end_nest(nest);
	end_message(message);
	return message;
}

/* ---- loading --------------------------------------------------------------------------------------------- */

static char received[2][receive_size];

static void send_batch(void)
{
	system_calls++;
	if (send(socket_fd, batch, (size_t)(end - batch), 0) < 0) die("send");
	end = batch;
}

/* Errors come for each message that failed, asked for or not; the acknowledgement of the last ends the batch. */
static void await_acknowledgement(unsigned last)
{
	for (;;) {
		system_calls++;
		ssize_t size = recv(socket_fd, received[0], receive_size, 0);

		if (size < 0) die("recv");
		for (struct nlmsghdr *at = (void *)received[0]; NLMSG_OK(at, (unsigned)size); at = NLMSG_NEXT(at, size)) {
			const struct nlmsgerr *answer = NLMSG_DATA(at);

			if (at->nlmsg_type != NLMSG_ERROR) continue;
			if (answer->error != 0) {
				errno = -answer->error;
				die("the kernel refused a message");
			}
			if (at->nlmsg_seq == last) return;
		}
	}
}

static void finish_batch(struct nlmsghdr *last)
{
	const unsigned number = last->nlmsg_seq;

	last->nlmsg_flags |= NLM_F_ACK;
	send_batch();
	await_acknowledgement(number);
}

static void load(unsigned services, unsigned servers, size_t batch_size)
{
	struct nlmsghdr *last = NULL;

	for (unsigned i = 0; i < services; i++) {
		last = new_service(i);
		for (unsigned j = 0; j < servers; j++) {
			if ((size_t)(end - batch) > batch_size - largest_message) finish_batch(last);
			last = new_server(i, server_address(i, j, servers));
		}
		if ((size_t)(end - batch) > batch_size - largest_message || i + 1 == services) finish_batch(last);
	}
	services_seen = services;
	servers_seen = services * servers;
}

/* ---- reading --------------------------------------------------------------------------------------------- */

/* What the request for a service's servers has to repeat of the service. */
struct service_key {
	uint16_t family, protocol, port;
	uint32_t address[4], fwmark;
};

static struct service_key *keys;
static unsigned keys_room;

static struct service_key *new_key(void)
{
	if (services_seen == keys_room) {
		keys_room += 1024;
		keys = realloc(keys, keys_room * sizeof *keys);
		if (keys == NULL) die("memory");
	}
	memset(&keys[services_seen], 0, sizeof *keys);
	return &keys[services_seen++];
}

typedef void attribute_reader(void *into, uint16_t type, const char *data);

/* Calls `read` with each attribute of the first nest of a message. */
static void walk(const struct nlmsghdr *message, attribute_reader *read, void *into)
{
	const struct nlattr *nest = (const void *)((const char *)NLMSG_DATA(message) + GENL_HDRLEN);
	const char *at = (const char *)nest + NLA_HDRLEN, *stop = (const char *)nest + nest->nla_len;

	while (at < stop) {
		const struct nlattr *attribute = (const void *)at;

		read(into, attribute->nla_type & NLA_TYPE_MASK, at + NLA_HDRLEN);
		at += NLA_ALIGN(attribute->nla_len);
	}
}

static void read_service(void *into, uint16_t type, const char *data)
{
	struct service_key *key = into;

	switch (type) {
	case IPVS_SVC_ATTR_AF: memcpy(&key->family, data, sizeof key->family); break;
	case IPVS_SVC_ATTR_PROTOCOL: memcpy(&key->protocol, data, sizeof key->protocol); break;
	case IPVS_SVC_ATTR_PORT: memcpy(&key->port, data, sizeof key->port); break;
	case IPVS_SVC_ATTR_ADDR: memcpy(key->address, data, sizeof key->address); break;
	case IPVS_SVC_ATTR_FWMARK: memcpy(&key->fwmark, data, sizeof key->fwmark); break;
	default: break;
	}
}

struct server {
	uint32_t address, weight;
};

static void read_server(void *into, uint16_t type, const char *data)
{
	struct server *server = into;

	if (type == IPVS_DEST_ATTR_ADDR) memcpy(&server->address, data, sizeof server->address);
	if (type == IPVS_DEST_ATTR_WEIGHT) memcpy(&server->weight, data, sizeof server->weight);
}

static struct server wanted; /* by wait */
static bool found;

static void take_service(const struct nlmsghdr *message) { walk(message, read_service, new_key()); }

static void take_server(const struct nlmsghdr *message)
{
	struct server server = {0, 0};

	walk(message, read_server, &server);
	if (server.address == wanted.address && server.weight == wanted.weight) found = true;
	servers_seen++;
}

static void ask(uint8_t command, const struct service_key *key)
{
	struct nlmsghdr *message = begin_message(command, NLM_F_DUMP);

	if (key != NULL) {
		struct nlattr *nest = begin_nest(IPVS_CMD_ATTR_SERVICE);

		put_u16(IPVS_SVC_ATTR_AF, key->family);
		if (key->fwmark != 0) {
			put_u32(IPVS_SVC_ATTR_FWMARK, key->fwmark);
		} else {
			put_u16(IPVS_SVC_ATTR_PROTOCOL, key->protocol);
			put(IPVS_SVC_ATTR_ADDR, key->address, sizeof key->address);
			put_u16(IPVS_SVC_ATTR_PORT, key->port);
		}
		end_nest(nest);
	}
	end_message(message);
	send_batch();
}

/* The messages of one datagram; true when the dump ends in it. */
static bool take(char *datagram, ssize_t size, void (*one)(const struct nlmsghdr *))
{
	for (struct nlmsghdr *at = (void *)datagram; NLMSG_OK(at, (unsigned)size); at = NLMSG_NEXT(at, size)) {
		if (at->nlmsg_type == NLMSG_DONE) return true;
		if (at->nlmsg_type == NLMSG_ERROR) {
			errno = -((struct nlmsgerr *)NLMSG_DATA(at))->error;
			die("dump");
		}
		one(at);
	}
	return false;
}

static void receive_each(void (*one)(const struct nlmsghdr *))
{
	bool done = false;

	while (!done) {
		system_calls++;
		const ssize_t size = recv(socket_fd, received[0], receive_size, 0);

		if (size < 0) die("recv");
		done = take(received[0], size, one);
	}
}

static void receive_two(void (*one)(const struct nlmsghdr *))
{
	struct iovec vectors[2] = {{received[0], receive_size}, {received[1], receive_size}};
	struct mmsghdr datagrams[2] = {{.msg_hdr = {.msg_iov = &vectors[0], .msg_iovlen = 1}},
	                               {.msg_hdr = {.msg_iov = &vectors[1], .msg_iovlen = 1}}};
	bool done = false;

	while (!done) {
		system_calls++;
		const int count = recvmmsg(socket_fd, datagrams, 2, MSG_WAITFORONE, NULL);

		if (count < 0) die("recvmmsg");
		for (int i = 0; i < count; i++) done = take(received[i], datagrams[i].msg_len, one);
	}
}

static void dump(void (*receive)(void (*)(const struct nlmsghdr *)))
{
	ask(IPVS_CMD_GET_SERVICE, NULL);
	receive(take_service);
	for (unsigned i = 0; i < services_seen; i++) {
		ask(IPVS_CMD_GET_DEST, &keys[i]);
		receive(take_server);
	}
}

static bool await(unsigned service, double seconds)
{
	const struct service_key key = {.family = AF_INET,
	                                .protocol = IPPROTO_TCP,
	                                .port = htons(service_port),
	                                .address = {service_address(service)}};
	const double deadline = now() + seconds;

	while (!found && now() < deadline) {
		ask(IPVS_CMD_GET_DEST, &key);
		receive_each(take_server);
		if (!found) usleep(5000);
	}
	return found;
}

/* ---- the command line ------------------------------------------------------------------------------------ */

static unsigned number(const char *text) { return (unsigned)strtoul(text, NULL, 10); }

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";
	const bool loads = strcmp(command, "load") == 0 && argc > 3;
	const bool waits = strcmp(command, "wait") == 0 && argc > 7;
	const size_t batch_size = loads && argc > 4 ? number(argv[4]) : default_batch;

	open_socket();
	batch = end = malloc(batch_size + largest_message);
	if (batch == NULL) die("memory");
	memset(batch, 0, batch_size + largest_message); /* fresh pages are dear in the guest, and not the work measured */
	memset(received, 0, sizeof received);
	if (waits) {
		const unsigned service = number(argv[4]);

		wanted = (struct server){server_address(service, number(argv[5]), number(argv[3])), number(argv[6])};
		return await(service, number(argv[7])) ? 0 : 1;
	}
	const double start = now();

	if (loads)
		load(number(argv[2]), number(argv[3]), batch_size);
	else if (strcmp(command, "dump") == 0)
		dump(receive_each);
	else if (strcmp(command, "dumpmm") == 0)
		dump(receive_two);
	else
		return 2;
	printf("%.6f\t%ld\t%u\t%u\n", now() - start, system_calls, services_seen, servers_seen);
	return 0;
}
