// A real child of this process comes and goes, and is noticed: by the kernel's word where there is one, else by
// looking.
#include "lbconverge/kernel/process_watch.hpp"

#include <doctest/doctest.h>
#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <condition_variable>
#include <csignal>
#include <map>
#include <mutex>
#include <string>

using namespace lbconverge::kernel;
using namespace std::chrono_literals;

namespace {

/// What was told, to wait for.
class Told {
public:
    void seen(const std::string& name, bool running) {
        const std::lock_guard guard(mutex_);
        last_[name] = running;
        ++calls_;
        news_.notify_all();
    }
    bool comes(const std::string& name, bool running) {
        std::unique_lock lock(mutex_);
        return news_.wait_for(lock, 10s, [&] { return last_.contains(name) && last_[name] == running; });
    }
    int calls() {
        const std::lock_guard guard(mutex_);
        return calls_;
    }

private:
    std::mutex mutex_;
    std::condition_variable news_;
    std::map<std::string, bool> last_;
    int calls_ = 0;
};

class Sleeper {
public:
    explicit Sleeper(const std::string& name) {
        std::string argv0 = "/opt/somewhere/" + name;
        std::string time = "1000";
        const std::array<char*, 3> argv{argv0.data(), time.data(), nullptr};
        REQUIRE(::posix_spawn(&pid_, "/bin/sleep", nullptr, nullptr, argv.data(), nullptr) == 0);
    }
    ~Sleeper() { end(); }
    void kill() const { ::kill(pid_, SIGKILL); }
    void end() {
        if (pid_ == 0) return;
        kill();
        ::waitpid(pid_, nullptr, 0);
        pid_ = 0;
    }

private:
    pid_t pid_ = 0;
};

}  // namespace

TEST_CASE("a process is noticed when it starts and when it ends, even as a zombie that nobody has taken") {
    Told told;
    std::string why = "?";
    const auto watch = ProcessWatch::start(
        {"lbc-unit-no-such", "lbc-unit-longer-than-15-characters"}, 20ms,
        {.seen = [&](const std::string& name, bool running) { told.seen(name, running); },
         .means = [&](bool events, const std::string& reason) { why = events ? "by its word" : reason; }});
    CHECK(told.comes("lbc-unit-no-such", false));
    CHECK(told.comes("lbc-unit-longer-than-15-characters", false));
    CHECK(told.calls() == 2);
    MESSAGE("the kernel tells: ", why);
    Sleeper first("lbc-unit-longer-than-15-characters");
    CHECK(told.comes("lbc-unit-longer-than-15-characters", true));
    Sleeper second("lbc-unit-longer-than-15-characters");
    first.kill();
    second.kill();
    CHECK(told.comes("lbc-unit-longer-than-15-characters", false));
    CHECK(told.calls() == 4);  // a second one of the same name is no news, nor is its end
}

TEST_CASE("a process that is there already is seen at once") {
    const Sleeper sleeper("lbc-unit-early");
    Told told;
    const auto watch =
        ProcessWatch::start({"lbc-unit-early"}, 20ms,
                            {.seen = [&](const std::string& name, bool running) { told.seen(name, running); },
                             .means = [](bool, const std::string&) {}});
    CHECK(told.comes("lbc-unit-early", true));
    CHECK(told.calls() == 1);
}
