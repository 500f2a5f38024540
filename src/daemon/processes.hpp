// The child processes of the daemon: hooks, and tracks and checks that are commands. A thread of its own starts them,
// so the loop never waits, not even for a name service. Each child has its own session, process group, user,
// environment and time limit. Private to src/daemon; used on the loop's thread, which also calls back.
#pragma once

#include "lbconverge/model/instant.hpp"
#include "loop.hpp"
#include "worker.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace lbconverge::daemon {

/// The user for commands if the configuration names none. Only a daemon that runs as root can change the user.
constexpr const char* default_user = "nobody";

struct ChildCommand {
    std::vector<std::string> argv;                     ///< argv[0] is an absolute path; no shell is used
    std::string user;                                  ///< empty: default_user if we are root, else our own user
    std::map<std::string, std::string> environment{};  ///< besides PATH, HOME, USER, LOGNAME and SHELL; no others
    std::string environment_file{};                    ///< more lines NAME=VALUE, which win; read with our rights
    Duration timeout = std::chrono::seconds(30);       ///< then the whole process group is ended
};

struct Ended {
    enum class How : std::uint8_t {
        exited,       ///< by itself, with exit status `status`
        killed,       ///< by signal `status`, which we did not send
        timed_out,    ///< we ended it because it took too long
        called_off,   ///< we ended it because end() was called
        not_started,  ///< `said` says why
    };
    How how = How::not_started;
    int status = 0;
    std::string said;  ///< the end of its output on stdout and stderr, at most said_room octets
    Duration took{0};

    [[nodiscard]] bool good() const { return how == How::exited && status == 0; }
};
constexpr std::size_t said_room = 1024;
/// "exit status 3: curl: (7) Failed to connect": how it ended, and the last line of its output.
std::string to_text(const Ended& ended);

class Processes {
public:
    using Id = std::uint64_t;
    using Done = std::function<void(const Ended&)>;

    explicit Processes(Loop& loop);
    /// Kills the children that still run, and does not call back any more.
    ~Processes();
    Processes(const Processes&) = delete;
    Processes& operator=(const Processes&) = delete;

    /// `done` is called once, on the loop, and never before this returns.
    Id start(ChildCommand command, Done done);
    /// Ends the child and all its descendants in its process group: with SIGTERM, and a second later with SIGKILL.
    /// `done` is called when the child is gone. Does nothing if it is gone already.
    void end(Id id);
    [[nodiscard]] std::size_t running() const { return children_.size(); }

private:
    struct Child;
    struct Started;
    void started(Id id, const std::shared_ptr<Started>& how);
    void listen(Child& child);
    void limit(Child& child, Duration wait);
    void terminate(Child& child, Ended::How why);
    void gone(Id id);
    void finish(Id id, const Ended& ended);

    Loop& loop_;
    std::map<Id, std::unique_ptr<Child>> children_;
    Id last_ = 0;
    Worker spawner_;
};

}  // namespace lbconverge::daemon
