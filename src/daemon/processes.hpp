// Child processes of the daemon: hooks, tracks and checks that are commands. They are started by a thread of their own,
// so the loop never waits, not even for a name service; each has its own session and process group, user, environment
// and time limit. Private to src/daemon; lives on the loop, which calls back.
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

/// Who a command runs as when the configuration does not say; only root can choose.
constexpr const char* default_user = "nobody";

struct ChildCommand {
    std::vector<std::string> argv;                     ///< argv[0]: an absolute path. No shell
    std::string user;                                  ///< empty: default_user if this process is root's, else its own
    std::map<std::string, std::string> environment{};  ///< besides PATH, HOME, USER, LOGNAME and SHELL; nothing else
    std::string environment_file{};                    ///< lines NAME=VALUE that come on top; read with our rights
    Duration timeout = std::chrono::seconds(30);       ///< after it the whole process group is ended
};

struct Ended {
    enum class How : std::uint8_t {
        exited,       ///< by itself, with `status`
        killed,       ///< by signal `status`, which was not ours
        timed_out,    ///< ended since it took too long
        called_off,   ///< ended since end() was called
        not_started,  ///< `said` says why
    };
    How how = How::not_started;
    int status = 0;
    std::string said;  ///< the last part of what it wrote, on stdout or stderr, at most said_room octets
    Duration took{0};

    [[nodiscard]] bool good() const { return how == How::exited && status == 0; }
};
constexpr std::size_t said_room = 1024;
/// "exit status 3: curl: (7) Failed to connect"; of what it said the last line.
std::string to_text(const Ended& ended);

class Processes {
public:
    using Id = std::uint64_t;
    using Done = std::function<void(const Ended&)>;

    explicit Processes(Loop& loop);
    /// Kills what still runs; nobody is called back any more.
    ~Processes();
    Processes(const Processes&) = delete;
    Processes& operator=(const Processes&) = delete;

    /// `done` is called once, on the loop, and never before this returns.
    Id start(ChildCommand command, Done done);
    /// Ends it and all its descendants in its process group: SIGTERM, and a second later SIGKILL. `done` is called
    /// when it is gone. Harmless when it already is.
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
