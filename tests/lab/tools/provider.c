/* provider PORT TOKEN LOG: an HTTP API with one floating address, like that of a cloud.
 *   GET  /floating_ips/ADDRESS        the node that has the address
 *   POST /floating_ips/ADDRESS/NODE   from now on NODE has it
 *   POST /mode/ok|fail|slow           the next requests are answered, refused (503), or answered after 7 s
 * All requests but /mode need "Authorization: Bearer TOKEN" (else 401). Each request writes a line to LOG:
 * milliseconds since the machine started, the request, and the status. When it listens, it goes to the background and
 * prints its process id. Each connection has a process, so that a slow one delays no other. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { slow_seconds = 7 };
static struct {
	char holder[64];
	char mode[16];
} *state;
static const char *token;
static int log_file;

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static int answer(char *request, char *body, size_t room)
{
	char method[8] = "", path[256] = "", authorized[256];

	body[0] = 0;
	if (sscanf(request, "%7s %255s", method, path) != 2) return 400;
	if (sscanf(path, "/mode/%15s", state->mode) == 1) return 200;
	snprintf(authorized, sizeof authorized, "Authorization: Bearer %s\r\n", token);
	if (!strstr(request, authorized)) return 401;
	if (!strcmp(state->mode, "fail")) return 503;
	if (!strcmp(state->mode, "slow")) sleep(slow_seconds);
	if (!strcmp(method, "GET")) {
		snprintf(body, room, "%s\n", state->holder);
	} else {
		snprintf(state->holder, sizeof state->holder, "%s", strrchr(path, '/') + 1);
	}
	return 200;
}

static void serve(int c)
{
	char request[4096], body[128], reply[512], line[512];
	size_t used = 0;
	ssize_t n;
	int status;
	long long at = now_ms();

	while (used < sizeof request - 1 && (n = read(c, request + used, sizeof request - 1 - used)) > 0) {
		used += (size_t)n;
		request[used] = 0;
		if (strstr(request, "\r\n\r\n")) break;
	}
	request[used] = 0;
	status = answer(request, body, sizeof body);
	n = snprintf(reply, sizeof reply, "HTTP/1.1 %d x\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", status,
		     strlen(body), body);
	if (write(c, reply, (size_t)n) != n) status = 0;
	n = snprintf(line, sizeof line, "%lld %.*s %d\n", at, (int)strcspn(request, "\r\n"), request, status);
	if (write(log_file, line, (size_t)n) != n) exit(1);
	exit(0);
}

int main(int argc, char **argv)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6};
	int one = 1, s = socket(AF_INET6, SOCK_STREAM, 0), c;
	pid_t child;

	if (argc != 4) return 2;
	any.sin6_port = htons((in_port_t)atoi(argv[1]));
	token = argv[2];
	log_file = open(argv[3], O_WRONLY | O_CREAT | O_APPEND, 0644);
	state = mmap(NULL, sizeof *state, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	strcpy(state->holder, "nobody");
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (log_file < 0 || bind(s, (struct sockaddr *)&any, sizeof any) != 0 || listen(s, 64) != 0) return 1;
	child = fork();
	if (child > 0) {
		printf("%d\n", (int)child);
		return 0;
	}
	if (child < 0 || !freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr)) return 1;
	signal(SIGCHLD, SIG_IGN);
	while ((c = accept(s, NULL, NULL)) >= 0) {
		if (fork() == 0) serve(c);
		close(c);
	}
	return 1;
}
