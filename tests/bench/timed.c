/* bench_timed [-i FILE] [-o FILE] [-s STATUS] LABEL COMMAND [ARG...]: run a command once and print one line,
 *   LABEL <tab> seconds <tab> peak resident set in KiB <tab> minor page faults
 * From before fork to after wait4, CLOCK_MONOTONIC: what a caller waits for. A shell's own arithmetic with date(1)
 * would add a process or two, at 10 ms each in the guest.
 *   -i, -o  the command's stdin and stdout (/dev/null)
 *   -s      the exit status that it should have (0); with another one the line is not printed, and ours is 1 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void become(int fd, const char *path, int flags)
{
	const int file = open(path, flags, 0644);

	if (file < 0 || dup2(file, fd) < 0) {
		perror(path);
		_exit(126);
	}
	close(file);
}

static void run(const char *input, const char *output, char **command)
{
	become(STDIN_FILENO, input, O_RDONLY);
	become(STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_TRUNC);
	execvp(command[0], command);
	perror(command[0]);
	_exit(127);
}

int main(int argc, char **argv)
{
	const char *input = "/dev/null", *output = "/dev/null";
	int wanted = 0, status = 0, option;

	while ((option = getopt(argc, argv, "+i:o:s:")) != -1) {
		switch (option) {
		case 'i': input = optarg; break;
		case 'o': output = optarg; break;
		case 's': wanted = atoi(optarg); break;
		default: return 2;
		}
	}
	if (argc - optind < 2) return 2;
	const char *label = argv[optind];
	struct rusage usage;
	const double start = now();
	const pid_t child = fork();

	if (child == 0) run(input, output, argv + optind + 1);
	if (child < 0 || wait4(child, &status, 0, &usage) != child) {
		perror("bench_timed");
		return 1;
	}
	const double seconds = now() - start;

	if (!WIFEXITED(status) || WEXITSTATUS(status) != wanted) {
		fprintf(stderr, "bench_timed: %s: %s ended with %s %d\n", label, argv[optind + 1],
		        WIFEXITED(status) ? "status" : "signal", WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
		return 1;
	}
	printf("%s\t%.6f\t%ld\t%ld\n", label, seconds, usage.ru_maxrss, usage.ru_minflt);
	return 0;
}
