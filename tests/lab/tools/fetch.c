/* fetch http://ADDRESS[:PORT]/PATH [N]: fetch a page and print it. With N: fetch it N times, each time with a new
 * connection, and print how often each page came, sorted: "ws1=5 ws2=5"; a failure counts as "none". Status 0: every
 * fetch worked. In the guest it starts ten times as fast as curl. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include "address.h"

enum { servers_max = 64, name_max = 64, page_max = 4096, answer_timeout_s = 2 };
struct count { char name[name_max]; long times; };
struct target { struct sockaddr_storage address; socklen_t length; char request[1024]; };

/* http://[v6]:port/path or http://v4:port/path */
static int parse(const char *url, struct target *target)
{
	char host[256], port[16] = "80";
	const char *path, *end;

	if (strncmp(url, "http://", 7) != 0) return -1;
	url += 7;
	path = strchr(url, '/');
	if (!path) path = url + strlen(url);
	end = *url == '[' ? strchr(url, ']') : url + strcspn(url, ":/");
	if (!end) return -1;
	if (*url == '[') url++;
	snprintf(host, sizeof host, "%.*s", (int)(end - url), url);
	if (*end == ']') end++;
	if (*end == ':') snprintf(port, sizeof port, "%.*s", (int)(path - end - 1), end + 1);
	snprintf(target->request, sizeof target->request, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", *path ? path : "/", host);
	target->length = numeric_address(host, port, &target->address);
	return target->length ? 0 : -1;
}

static int fetch(const struct target *target, char *page)
{
	struct timeval limit = {.tv_sec = answer_timeout_s};
	size_t got = 0;
	ssize_t part = -1;
	char *body;
	int s = socket(target->address.ss_family, SOCK_STREAM, 0);

	setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit); /* holds for connect(), too */
	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	if (connect(s, (const struct sockaddr *)&target->address, target->length) == 0 &&
	    write(s, target->request, strlen(target->request)) > 0)
		while (got < page_max - 1 && (part = read(s, page + got, page_max - 1 - got)) > 0) got += (size_t)part;
	close(s);
	page[got] = 0;
	body = strstr(page, "\r\n\r\n");
	if (part < 0 || !body) return -1;
	memmove(page, body + 4, strlen(body + 4) + 1);
	return 0;
}

static void add(struct count *counts, const char *page)
{
	char name[name_max];

	snprintf(name, sizeof name, "%.*s", (int)strcspn(page, " \r\n"), page);
	for (int i = 0; i < servers_max; i++) {
		if (!counts[i].name[0]) strcpy(counts[i].name, name);
		if (strcmp(counts[i].name, name) == 0) { counts[i].times++; return; }
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct count *)a)->name, ((const struct count *)b)->name);
}

int main(int argc, char **argv)
{
	static struct count counts[servers_max];
	struct target target;
	char page[page_max];
	long times = argc > 2 ? atol(argv[2]) : 1, failures = 0, used = 0;

	if (argc < 2 || parse(argv[1], &target) != 0) {
		fprintf(stderr, "usage: fetch http://ADDRESS[:PORT]/PATH [N]\n");
		return 2;
	}
	for (long i = 0; i < times; i++) {
		int failed = fetch(&target, page) != 0;
		failures += failed;
		if (argc == 2) {
			if (failed) fprintf(stderr, "fetch: no answer from %s\n", argv[1]);
			else fputs(page, stdout);
			return failed;
		}
		add(counts, failed ? "none" : page);
	}
	while (used < servers_max && counts[used].name[0]) used++;
	qsort(counts, (size_t)used, sizeof counts[0], by_name);
	for (long i = 0; i < used; i++) printf("%s%s=%ld", i ? " " : "", counts[i].name, counts[i].times);
	printf("\n");
	return failures != 0;
}
