/* jail WRITABLE SCRATCH COMMAND [ARG...]: run a guest's kernel so that it cannot change this machine.
 *
 * As root the command gets its own mount, network and PID namespaces. Every file system is read-only, except for the
 * folder WRITABLE and a new tmpfs on the folder SCRATCH (for the guest's memory). The only network device is a
 * loopback that is down. When the guest ends, all its processes end. LAB_JAILED=1 tells the guest about this: it is
 * appended to the last ARG, which is the command line of its kernel, or the last word of that.
 * For an ordinary user, or if namespaces are refused, the limit is what the user may do. Then the guest's process
 * group is killed at the end.
 * The guest's kernel must not be process 1 of its namespace: at a panic it aborts by a signal, which process 1
 * ignores. So there is a process in between, which waits. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { jail_failed = 125 };
static pid_t kernel; /* the guest, and the id of its process group, which it makes itself */

static void must(int result, const char *what)
{
	if (result == 0) return;
	fprintf(stderr, "jail: %s: %s\n", what, strerror(errno));
	_exit(jail_failed);
}

/* Later mounts must not reach the machine, so "/" becomes private. This fails in a chroot that is not a mount point (a
 * bare root made by debootstrap). There a private copy of "/" is attached over /proc, the one mount that every usable
 * chroot has, and entered. */
static void private_mounts(void)
{
	struct mount_attr apart = {.propagation = MS_PRIVATE};
	char *folder = getcwd(NULL, 0);
	int copy;

	if (mount("", "/", NULL, MS_PRIVATE | MS_REC, NULL) == 0) return;
	must(mount("", "/proc", NULL, MS_PRIVATE, NULL), "private mounts: neither / nor /proc is a mount point");
	copy = open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	must(copy < 0, "a copy of all mounts");
	must(mount_setattr(copy, "", AT_EMPTY_PATH | AT_RECURSIVE, &apart, sizeof apart), "private mounts");
	must(move_mount(copy, "", AT_FDCWD, "/proc", MOVE_MOUNT_F_EMPTY_PATH), "the copy of all mounts");
	must(chdir("/proc") || chroot(".") || folder == NULL || chdir(folder), "the copy of all mounts");
	free(folder);
}

static void shut_file_systems(const char *writable, const char *scratch)
{
	struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};
	struct mount_attr read_write = {.attr_clr = MOUNT_ATTR_RDONLY};

	private_mounts();
	must(mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &read_only, sizeof read_only), "read-only mounts");
	must(mount(writable, writable, NULL, MS_BIND, NULL), writable);
	must(mount_setattr(AT_FDCWD, writable, 0, &read_write, sizeof read_write), writable);
	must(mount("guest", scratch, "tmpfs", MS_NOSUID | MS_NODEV, "size=90%,mode=700"), scratch);
}

static void kill_guest(int signal)
{
	(void)signal;
	if (kernel > 0) kill(-kernel, SIGKILL);
	_exit(jail_failed);
}

static int keep(int namespaces, int argc, char **argv)
{
	char *command[argc + 1], last[strlen(argv[argc - 1]) + sizeof " LAB_JAILED=1"];
	int status = 0;

	/* For the case that the jail is killed: in a PID namespace, all processes end with process 1. */
	prctl(PR_SET_PDEATHSIG, namespaces ? SIGKILL : SIGTERM);
	signal(SIGTERM, kill_guest);
	if (namespaces) shut_file_systems(argv[1], argv[2]);
	memcpy(command, argv, (size_t)argc * sizeof *argv);
	command[argc] = NULL;
	if (namespaces) command[argc - 1] = strcat(strcpy(last, argv[argc - 1]), " LAB_JAILED=1");
	kernel = fork();
	if (kernel == 0) {
		signal(SIGTERM, SIG_DFL);
		execvp(command[3], command + 3);
		must(-1, argv[3]);
	}
	while (waitpid(kernel, &status, 0) < 0 && errno == EINTR) {}
	kill(-kernel, SIGKILL);
	return WIFEXITED(status) ? WEXITSTATUS(status) : jail_failed;
}

int main(int argc, char **argv)
{
	int status = 0, namespaces = 0;
	pid_t keeper;

	if (argc < 4) return jail_failed;
	if (geteuid() == 0) {
		namespaces = unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID) == 0;
		if (!namespaces) fprintf(stderr, "jail: no own namespaces (%s): only file rights protect this machine\n", strerror(errno));
	}
	keeper = fork();
	if (keeper == 0) _exit(keep(namespaces, argc, argv));
	must(keeper < 0, "fork");
	while (waitpid(keeper, &status, 0) < 0 && errno == EINTR) {}
	return WIFEXITED(status) ? WEXITSTATUS(status) : jail_failed;
}
