#include "lbconverge/cli/main.hpp"

#include "commands.hpp"
#include "options.hpp"
#include "print.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <unistd.h>

namespace lbconverge::cli {

namespace {

Result<void> enter_namespace(const std::string& name) {
    const std::string path = "/run/netns/" + name;
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail(ErrorKind::failed, "there is no network namespace " + name, "ip netns lists them");
    const bool entered = ::setns(fd, CLONE_NEWNET) == 0;
    ::close(fd);
    if (!entered)
        return fail(ErrorKind::not_permitted, "entering network namespace " + name + " is not permitted",
                    "run as root");
    return {};
}

/// Large tables are built and freed one after the other. The memory is not given back to the kernel in between, since
/// fresh pages cost more time than anything else here.
void keep_memory() {
    mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the largest that glibc takes
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, 1 << 20);
}

}  // namespace

int run(int argc, char** argv) {
    keep_memory();
    const Result<Options> options = parse_options(argc, argv);
    if (!options) return report(options.error());
    if (options->help) {
        print(*options->help);
        return exit_good;
    }
    if (!options->netns.empty()) {
        if (const auto entered = enter_namespace(options->netns); !entered) return report(entered.error());
    }
    const Command& command = *command_named(options->command);
    if (command.root.refused_at_once && ::geteuid() != 0) {
        return report(
            {ErrorKind::not_permitted, options->command + " " + std::string(command.root.does), "run as root"});
    }
    return command.run(*options);
}

}  // namespace lbconverge::cli
