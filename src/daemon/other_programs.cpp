#include "lbconverge/daemon/other_programs.hpp"

#include "lbconverge/kernel/file.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <optional>
#include <thread>

namespace lbconverge::daemon {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::milliseconds process_patience{2000};
constexpr std::chrono::milliseconds process_look{2};

struct ProcessSeen {
    int pid = 0;
    int parent = 0;
    char state = '?';  ///< as in proc(5): T is stopped, Z has ended
    std::string name;
};

std::string proc(int pid, const char* file) { return "/proc/" + std::to_string(pid) + "/" + file; }

/// /proc/PID/stat: "12 (keepalived) S 1 ...". The name may have brackets and spaces.
std::optional<ProcessSeen> process(int pid) {
    const Result<std::string> text = kernel::read_file(proc(pid, "stat"));
    if (!text) return std::nullopt;
    const std::size_t open = text->find('(');
    const std::size_t close = text->rfind(')');
    if (open == std::string::npos || close == std::string::npos || close + 4 >= text->size()) return std::nullopt;
    ProcessSeen found{.pid = pid, .state = (*text)[close + 2], .name = text->substr(open + 1, close - open - 1)};
    std::from_chars(text->data() + close + 4, text->data() + text->size(), found.parent);
    return found;
}

std::vector<ProcessSeen> processes() {
    std::vector<ProcessSeen> all;
    std::error_code error;
    for (fs::directory_iterator at("/proc", error), end; !error && at != end; at.increment(error)) {
        const std::string name = at->path().filename().string();
        int pid = 0;
        const auto [rest, wrong] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (wrong != std::errc{} || rest != name.data() + name.size()) continue;
        if (auto found = process(pid)) all.push_back(std::move(*found));
    }
    return all;
}

/// Whether the process is in the network namespace of this one.
bool is_here(int pid) {
    struct stat theirs {};
    struct stat ours {};
    return ::stat(proc(pid, "ns/net").c_str(), &theirs) == 0 && ::stat("/proc/thread-self/ns/net", &ours) == 0 &&
           theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

std::vector<std::string> command_of(int pid) {
    std::vector<std::string> words;
    const std::string text = kernel::read_file(proc(pid, "cmdline")).value_or("");
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\0', at), text.size());
        words.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

bool process_becomes(const std::function<bool()>& done) {
    for (std::chrono::milliseconds waited{0}; waited < process_patience; waited += process_look) {
        if (done()) return true;
        std::this_thread::sleep_for(process_look);
    }
    return done();
}

bool is_in_state(int pid, std::string_view states) {
    const auto found = process(pid);
    return found ? states.find(found->state) != std::string_view::npos : states.find('Z') != std::string_view::npos;
}

/// For exec, which changes no word.
std::vector<char*> words_of(const std::vector<std::string>& command) {
    std::vector<char*> words;
    words.reserve(command.size() + 1);
    for (const std::string& each : command) words.push_back(const_cast<char*>(each.c_str()));
    words.push_back(nullptr);
    return words;
}

}  // namespace

std::string unit_in(const std::string& control_groups) {
    std::string path = control_groups.substr(0, control_groups.find('\n'));
    path.erase(0, path.rfind('/') + 1);
    return path.ends_with(".service") ? path : "";
}

Result<RunningKeepalived> find_keepalived() {
    constexpr std::string_view name = "keepalived";
    const std::vector<ProcessSeen> all = processes();
    std::vector<int> found;
    for (const ProcessSeen& each : all) {
        if (each.name != name || each.state == 'Z' || !is_here(each.pid)) continue;
        const bool child = std::any_of(all.begin(), all.end(), [&](const ProcessSeen& other) {
            return other.pid == each.parent && other.name == name;
        });
        if (!child) found.push_back(each.pid);
    }
    if (found.empty()) return fail(ErrorKind::failed, "keepalived does not run in this network namespace");
    if (found.size() > 1) {
        return fail(ErrorKind::failed,
                    "several instances of keepalived run here: processes " + std::to_string(found[0]) + " and " +
                        std::to_string(found[1]),
                    "a takeover is possible from one that has everything");
    }
    return RunningKeepalived{.pid = found.front(),
                             .unit = unit_in(kernel::read_file(proc(found.front(), "cgroup")).value_or("")),
                             .command = command_of(found.front())};
}

Result<void> kill_keepalived(const RunningKeepalived& keepalived) {
    const int pid = keepalived.pid;
    if (::kill(pid, SIGSTOP) != 0 || !process_becomes([&] { return is_in_state(pid, "TtZ"); })) {
        ::kill(pid, SIGCONT);
        return fail(ErrorKind::failed, "process " + std::to_string(pid) + " of keepalived does not stop");
    }
    // A stopped parent does not wait for its children, so that their numbers cannot mean other processes.
    std::vector<int> children;
    for (const ProcessSeen& each : processes()) {
        if (each.parent == pid) children.push_back(each.pid);
    }
    for (const int each : children) ::kill(each, SIGKILL);
    const bool ended = process_becomes(
        [&] { return std::all_of(children.begin(), children.end(), [](int each) { return is_in_state(each, "Z"); }); });
    ::kill(pid, SIGKILL);
    if (ended && process_becomes([&] { return is_in_state(pid, "Z"); })) return {};
    return fail(ErrorKind::failed, "keepalived does not end", "look at its processes");
}

bool run_command(const std::vector<std::string>& command) {
    std::vector<char*> words = words_of(command);
    pid_t pid = 0;
    if (::posix_spawnp(&pid, words[0], nullptr, nullptr, words.data(), environ) != 0) return false;
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int start_alone(const std::vector<std::string>& command, const std::string& output) {
    std::vector<char*> words = words_of(command);
    posix_spawnattr_t how;
    ::posix_spawnattr_init(&how);
    ::posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF);
    sigset_t all;
    ::sigfillset(&all);
    ::posix_spawnattr_setsigdefault(&how, &all);  // what is ignored here is not ignored there
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
    pid_t pid = -1;
    if (::posix_spawnp(&pid, words[0], &files, &how, words.data(), environ) != 0) pid = -1;
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&how);
    return pid;
}

void ignore_hangup() {
    for (const int each : {SIGHUP, SIGINT, SIGTERM, SIGPIPE}) ::signal(each, SIG_IGN);
}

void end_child(int pid, std::chrono::milliseconds patience) {
    ::kill(pid, SIGTERM);
    for (std::chrono::milliseconds waited{0}; waited < patience; waited += process_look) {
        if (::waitpid(pid, nullptr, WNOHANG) != 0) return;
        std::this_thread::sleep_for(process_look);
    }
    ::kill(pid, SIGKILL);
}

}  // namespace lbconverge::daemon
