#include "processes.hpp"

#include "spawn.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>

namespace lbconverge::daemon {

namespace {

/// The time between SIGTERM and SIGKILL.
constexpr auto patience = std::chrono::seconds(1);

Duration since(std::chrono::steady_clock::time_point then) {
    return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - then);
}

/// The last line that a child wrote, for people. It may have any octets, so control characters become spaces.
std::string last_line(const std::string& said) {
    const std::size_t end = said.find_last_not_of(" \t\r\n");
    if (end == std::string::npos) return {};
    const std::size_t begin = said.find_last_of('\n', end);
    std::string line = said.substr(begin == std::string::npos ? 0 : begin + 1, end - (begin + 1) + 1);
    for (char& each : line) {
        if (static_cast<unsigned char>(each) < 0x20 || each == 0x7f) each = ' ';
    }
    return line;
}

}  // namespace

std::string to_text(const Ended& ended) {
    const std::string line = last_line(ended.said);
    std::string text;
    switch (ended.how) {
        case Ended::How::exited:
            text = "exit status " + std::to_string(ended.status);
            break;
        case Ended::How::killed:
            text = "killed by signal " + std::to_string(ended.status);
            break;
        case Ended::How::timed_out:
            text = "timed out";
            break;
        case Ended::How::called_off:
            text = "called off";
            break;
        case Ended::How::not_started:
            text = "not started";
            break;
    }
    return line.empty() ? text : text + ": " + line;
}

/// Brings a new child from the thread that starts it to the loop. If the loop does not take the child, the child is
/// killed and its descriptors are closed.
struct Processes::Started {
    Result<Spawned> result = Spawned{};
    bool taken = false;

    Started() = default;
    Started(const Started&) = delete;
    Started& operator=(const Started&) = delete;
    ~Started() {
        if (taken || !result || result->pid == 0) return;
        ::kill(-result->pid, SIGKILL);
        ::close(result->process);
        ::close(result->output);
    }
};

struct Processes::Child {
    Child(Loop& loop, Done call) : timer(loop), done(std::move(call)) {}

    int pid = 0;  ///< 0: not started yet
    std::optional<Descriptor> process, output;
    Timer timer;
    Done done;
    Duration timeout{0};
    std::chrono::steady_clock::time_point began{};
    std::string said;
    std::optional<Ended::How> ending;  ///< it must end, for this reason
};

Processes::Processes(Loop& loop) : loop_(loop) {}

Processes::~Processes() {
    for (const auto& [id, child] : children_) {
        if (child->pid != 0) ::kill(-child->pid, SIGKILL);
    }
}

Processes::Id Processes::start(ChildCommand command, Done done) {
    const Id id = ++last_;
    auto child = std::make_unique<Child>(loop_, std::move(done));
    child->timeout = command.timeout;
    children_.emplace(id, std::move(child));
    spawner_.post([this, id, command = std::move(command)] {
        auto how = std::make_shared<Started>();
        how->result = spawn(command);
        loop_.post([this, id, how = std::move(how)] { started(id, how); });
    });
    return id;
}

void Processes::started(Id id, const std::shared_ptr<Started>& how) {
    Child& child = *children_.at(id);
    if (!how->result) {
        return finish(id, {.how = child.ending.value_or(Ended::How::not_started), .said = how->result.error().what});
    }
    how->taken = true;
    child.pid = how->result->pid;
    child.process.emplace(loop_, how->result->process);
    child.output.emplace(loop_, how->result->output);
    child.began = std::chrono::steady_clock::now();
    child.process->when_readable([this, id] { gone(id); });
    listen(child);
    if (child.ending) {
        terminate(child, *child.ending);
    } else {
        limit(child, child.timeout);
    }
}

namespace {

/// How many pieces of output are read at once: few while the child runs, since it may write without end; when it has
/// ended, as many as the pipe can hold (64 KiB, pipe(7)).
constexpr int pieces_at_once = 2;
constexpr int pieces_at_the_end = 32;

/// False: the other end is closed, or there was an error.
bool take_output(int fd, std::string& said, int pieces) {
    std::array<char, 4096> room;
    while (pieces-- > 0) {
        const ssize_t size = ::read(fd, room.data(), room.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return errno == EAGAIN;
        if (size == 0) return false;
        said.append(room.data(), static_cast<std::size_t>(size));
        if (said.size() > said_room) said.erase(0, said.size() - said_room);
    }
    return true;
}

}  // namespace

void Processes::listen(Child& child) {
    child.output->when_readable([this, &child] {
        if (take_output(child.output->fd(), child.said, pieces_at_once)) listen(child);
    });
}

void Processes::limit(Child& child, Duration wait) {
    child.timer.start(wait, [this, &child] {
        if (!child.ending) return terminate(child, Ended::How::timed_out);
        ::kill(-child.pid, SIGKILL);
    });
}

void Processes::terminate(Child& child, Ended::How why) {
    child.ending = why;
    if (child.pid == 0) return;  // started() ends it
    ::kill(-child.pid, SIGTERM);
    limit(child, patience);
}

void Processes::end(Id id) {
    const auto at = children_.find(id);
    if (at == children_.end() || at->second->ending) return;
    terminate(*at->second, Ended::How::called_off);
}

void Processes::gone(Id id) {
    Child& child = *children_.at(id);
    // A child that was told to end must leave no descendants. They are killed before waitid(): as long as the zombie
    // exists, no other process group can have its number.
    if (child.ending) ::kill(-child.pid, SIGKILL);
    siginfo_t info{};
    ::waitid(P_PIDFD, static_cast<id_t>(child.process->fd()), &info, WEXITED | WNOHANG);
    take_output(child.output->fd(), child.said, pieces_at_the_end);
    Ended ended{.status = info.si_status, .said = std::move(child.said), .took = since(child.began)};
    ended.how = child.ending ? *child.ending : info.si_code == CLD_EXITED ? Ended::How::exited : Ended::How::killed;
    finish(id, ended);
}

void Processes::finish(Id id, const Ended& ended) {
    const auto at = children_.find(id);
    const Done done = std::move(at->second->done);
    children_.erase(at);
    done(ended);
}

}  // namespace lbconverge::daemon
