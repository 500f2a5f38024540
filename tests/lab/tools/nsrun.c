/* nsrun [-t SECONDS] NODE COMMAND [ARG...]: run a command on a node of the lab.
 * A node is a network namespace /run/netns/NODE. To be like a machine of its own, the command also gets the host name
 * NODE, a /sys of that network, and, if there is a /run/lab, a /run that the node keeps there.
 * Nothing is forked, so the command has the caller's process id. ip-netns(8) takes twice as long.
 * -t: after that time SIGALRM ends a command that hangs. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { no_node = 125, no_command = 127 };

static void must(int result, const char *what)
{
	if (result == 0) return;
	perror(what);
	exit(no_node);
}

static void enter(const char *node)
{
	char path[256];
	int network;

	snprintf(path, sizeof path, "/run/netns/%s", node);
	network = open(path, O_RDONLY | O_CLOEXEC);
	must(network < 0 || setns(network, CLONE_NEWNET), path);
	must(unshare(CLONE_NEWNS | CLONE_NEWUTS), "unshare");
	must(sethostname(node, strlen(node)), "sethostname");
	must(mount("", "/", NULL, MS_SLAVE | MS_REC, NULL), "mounts");
	must(mount("sysfs", "/sys", "sysfs", 0, NULL), "/sys");
	if (access("/run/lab", F_OK) != 0) return;
	snprintf(path, sizeof path, "/run/lab/%s", node);
	mkdir(path, 0755);
	must(mount(path, "/run", NULL, MS_BIND, NULL), path);
	mkdir("/run/lock", 0777);
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "-t") == 0) {
		alarm((unsigned)atoi(argv[2]));
		argv += 2;
		argc -= 2;
	}
	if (argc < 3) return no_node;
	enter(argv[1]);
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return no_command;
}
