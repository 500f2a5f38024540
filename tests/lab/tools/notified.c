/* notified SOCKET: print what a service tells systemd, one line per message, until it is killed. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_un here = {.sun_family = AF_UNIX};
	char message[4096];
	int s = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (argc != 2 || strlen(argv[1]) >= sizeof here.sun_path) return 2;
	strcpy(here.sun_path, argv[1]);
	unlink(here.sun_path);
	if (bind(s, (struct sockaddr *)&here, sizeof here) != 0) {
		perror(argv[1]);
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (;;) {
		ssize_t size = recv(s, message, sizeof message - 1, 0);

		if (size < 0) return 1;
		message[size] = 0;
		for (char *at = message; (at = strchr(at, '\n')) != NULL;) *at = ' ';
		puts(message);
	}
}
