#include "spawn.hpp"

#include "fd.hpp"
#include "lbconverge/daemon/trust.hpp"
#include "lbconverge/kernel/file.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <pwd.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <sstream>
#include <utility>

namespace lbconverge::daemon {

namespace {

constexpr std::size_t largest_environment_file = 64 * 1024;
constexpr std::size_t stack_size = 64 * 1024;

Error failed(const std::string& what) { return {ErrorKind::failed, what, {}}; }

// ---- the user -----------------------------------------------------------------------------------------------------

struct User {
    std::string name, home;
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;
    bool change = false;  ///< it is not our own user
};

Result<User> find_user(const std::string& wanted) {
    const std::string name = wanted.empty() && ::geteuid() == 0 ? default_user : wanted;
    std::vector<char> room(16384);
    passwd entry{};
    passwd* found = nullptr;
    const int error = name.empty() ? ::getpwuid_r(::geteuid(), &entry, room.data(), room.size(), &found)
                                   : ::getpwnam_r(name.c_str(), &entry, room.data(), room.size(), &found);
    if (found == nullptr) {
        return tl::unexpected(failed("there is no user " + (name.empty() ? "with our number" : "\"" + name + "\"") +
                                     (error != 0 ? std::string(": ") + std::strerror(error) : "")));
    }
    User user{.name = entry.pw_name, .home = entry.pw_dir, .uid = entry.pw_uid, .gid = entry.pw_gid, .groups = {}};
    user.change = user.uid != ::geteuid();
    int count = 64;
    user.groups.resize(static_cast<std::size_t>(count));
    if (::getgrouplist(entry.pw_name, user.gid, user.groups.data(), &count) < 0) {
        user.groups.resize(static_cast<std::size_t>(count));
        ::getgrouplist(entry.pw_name, user.gid, user.groups.data(), &count);
    }
    user.groups.resize(static_cast<std::size_t>(count));
    return user;
}

// ---- the environment ----------------------------------------------------------------------------------------------

Result<std::string> read_trusted(const std::string& path, uid_t user) {
    if (const auto reason = distrust(path, user)) return tl::unexpected(failed("environment_file: " + reason->why));
    Result<std::string> text = kernel::read_file(path, {.most = largest_environment_file});
    if (!text) return tl::unexpected(failed("environment_file: " + text.error().what));
    return text;
}

Result<std::vector<std::string>> environment_of(const ChildCommand& command, const User& user) {
    std::map<std::string, std::string> all{{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
                                           {"HOME", user.home},
                                           {"USER", user.name},
                                           {"LOGNAME", user.name},
                                           {"SHELL", "/bin/sh"}};
    for (const auto& [name, value] : command.environment) all[name] = value;
    if (!command.environment_file.empty()) {
        auto more = read_trusted(command.environment_file, user.uid).and_then(parse_environment);
        RETURN_IF_ERROR(more);
        for (const auto& [name, value] : *more) all[name] = value;
    }
    std::vector<std::string> lines;
    lines.reserve(all.size());
    for (const auto& [name, value] : all) lines.push_back(name + "=" + value);
    return lines;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    out.reserve(texts.size() + 1);
    for (std::string& each : texts) out.push_back(each.data());
    out.push_back(nullptr);
    return out;
}

// ---- the child ----------------------------------------------------------------------------------------------------

/// What the child needs. The parent prepares it: until the child becomes the program, it runs in the parent's memory
/// and may neither allocate memory nor take a lock.
struct ChildSetup {
    const char* program;
    char* const* argv;
    char* const* environment;
    const User* user;
    int input, output;
    sigset_t no_signals;
    const char* volatile step = nullptr;  ///< the step that failed, and its errno; nullptr: none
    volatile int error = 0;
};

/// Changes the user by system calls: the functions of the C library would change it for all threads of the parent.
bool become(const User& user) {
    if (::syscall(SYS_setgroups, user.groups.size(), user.groups.data()) != 0) return false;
    if (::syscall(SYS_setresgid, user.gid, user.gid, user.gid) != 0) return false;
    if (::syscall(SYS_setresuid, user.uid, user.uid, user.uid) != 0) return false;
    // A change of the user clears the permitted and effective capabilities, but not the inheritable ones
    // (capabilities(7)).
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3]{};
    return ::syscall(SYS_capset, &header, none) == 0;
}

/// Signals that are ignored would stay ignored in the new program, and handlers must not run in the parent's memory.
void default_signals() {
    struct sigaction normal {};
    normal.sa_handler = SIG_DFL;
    for (int each = 1; each < NSIG; ++each) ::sigaction(each, &normal, nullptr);
}

#if defined(__clang__) || defined(__GNUC__)
__attribute__((no_sanitize("address", "undefined")))
#endif
int child(void* argument) {
    ChildSetup& setup = *static_cast<ChildSetup*>(argument);
    const auto give_up = [&](const char* step) {
        setup.error = errno;
        setup.step = step;
        ::_exit(127);
    };
    ::setsid();
    default_signals();
    const sched_param ordinary{};
    ::sched_setscheduler(0, SCHED_OTHER, &ordinary);  // memory locks end with execve (mlockall(2))
    if (::dup2(setup.input, 0) < 0 || ::dup2(setup.output, 1) < 0 || ::dup2(setup.output, 2) < 0) give_up("dup2");
    ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
    ::umask(022);
    if (::chdir("/") != 0) give_up("chdir");
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) give_up("no_new_privs");
    if (setup.user->change && !become(*setup.user)) give_up("becoming the user");
    ::sigprocmask(SIG_SETMASK, &setup.no_signals, nullptr);
    ::execve(setup.program, setup.argv, setup.environment);
    give_up("execve");
    return 127;
}

/// Returns the pid. The child shares our memory, and this thread waits until the child has become the program (as in
/// posix_spawn(3)). So no memory is copied, even if much of it is locked.
Result<int> make_child(ChildSetup& setup, int& process) {
    const auto stack = std::make_unique<std::byte[]>(stack_size);
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    const int pid = ::clone(child, stack.get() + stack_size, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &setup,
                            &process, nullptr, nullptr);
    const int error = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (pid < 0) return tl::unexpected(failed(std::string("clone: ") + std::strerror(error)));
    if (setup.step == nullptr) return pid;
    ::syscall(SYS_waitid, P_PIDFD, process, nullptr, WEXITED, nullptr);
    ::close(process);
    return tl::unexpected(failed(std::string(setup.step) + ": " + std::strerror(setup.error)));
}

bool is_name(const std::string& text) {
    if (text.empty() || std::isdigit(static_cast<unsigned char>(text.front())) != 0) return false;
    for (const char each : text) {
        if (std::isalnum(static_cast<unsigned char>(each)) == 0 && each != '_') return false;
    }
    return true;
}

std::string trimmed(const std::string& text) {
    const auto first = text.find_first_not_of(" \t\r");
    return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

Result<std::map<std::string, std::string>> parse_environment(const std::string& text) {
    std::map<std::string, std::string> out;
    std::istringstream lines(text);
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
        line = trimmed(line);
        if (line.empty() || line.front() == '#') continue;
        const std::size_t sign = line.find('=');
        const std::string name = sign == std::string::npos ? "" : line.substr(0, sign);
        if (!is_name(name) || line.find('\0') != std::string::npos) {
            return tl::unexpected(failed("environment_file: line " + std::to_string(number) + " is not NAME=VALUE"));
        }
        std::string value = line.substr(sign + 1);
        const bool quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'');
        if (quoted && value.back() == value.front()) value = value.substr(1, value.size() - 2);
        out[name] = value;
    }
    return out;
}

Result<Spawned> spawn(const ChildCommand& command) {
    const auto user = find_user(command.user);
    RETURN_IF_ERROR(user);
    const std::string& path = command.argv.front();
    if (const auto reason = distrust(path, user->uid)) return tl::unexpected(failed(reason->why));
    auto environment = environment_of(command, *user);
    RETURN_IF_ERROR(environment);
    // The program is started by its real path: a link in the path may be changed from now on.
    const std::unique_ptr<char, void (*)(void*)> program(::realpath(path.c_str(), nullptr), std::free);
    if (program == nullptr) return tl::unexpected(failed(path + ": " + std::strerror(errno)));

    const Fd input(::open("/dev/null", O_RDWR | O_CLOEXEC));
    int ends[2] = {-1, -1};
    if (input.get() < 0 || ::pipe2(ends, O_CLOEXEC) != 0) return tl::unexpected(failed(std::strerror(errno)));
    Fd ours(ends[0]);
    const Fd theirs(ends[1]);
    ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);

    std::vector<std::string> arguments = command.argv;
    const auto argv = pointers(arguments);
    const auto variables = pointers(*environment);
    ChildSetup setup{.program = program.get(),
                     .argv = argv.data(),
                     .environment = variables.data(),
                     .user = &*user,
                     .input = input.get(),
                     .output = theirs.get(),
                     .no_signals = {}};
    ::sigemptyset(&setup.no_signals);
    int process = -1;
    const auto pid = make_child(setup, process);
    if (!pid) return tl::unexpected(failed(path + ": " + pid.error().what));
    return Spawned{*pid, process, ours.release()};
}

}  // namespace lbconverge::daemon
