// Real children of this process, but small ones: nothing here waits for more than what it asks for.
#include "processes.hpp"

#include "spawn.hpp"

#include "lbconverge/daemon/trust.hpp"
#include "support/text.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace lbconverge;
using namespace lbconverge::daemon;
using std::chrono::milliseconds;

namespace {

/// A directory of our own that nobody else may write, gone at the end.
class Directory {
public:
    Directory() {
        char name[] = "/tmp/lbconverge-unit-XXXXXX";
        REQUIRE(::mkdtemp(name) != nullptr);
        path_ = name;
        ::chmod(name, 0755);
    }
    ~Directory() { std::filesystem::remove_all(path_); }
    [[nodiscard]] std::string write(const std::string& name, const std::string& text, mode_t mode) const {
        const std::string path = path_ + "/" + name;
        std::ofstream(path) << text;
        ::chmod(path.c_str(), mode);
        return path;
    }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

ChildCommand shell(const std::string& script) {
    return {.argv = {"/bin/sh", "-c", script}, .user = {}, .timeout = std::chrono::seconds(20)};
}

Ended run(const ChildCommand& command) {
    Loop loop;
    Processes processes(loop);
    Ended result;
    int calls = 0;
    processes.start(command, [&](const Ended& ended) {
        result = ended;
        ++calls;
        loop.stop();
    });
    CHECK(calls == 0);
    loop.run();
    CHECK(calls == 1);
    CHECK(processes.running() == 0);
    return result;
}

bool alive(int pid) { return ::kill(pid, 0) == 0; }

}  // namespace

TEST_CASE("a child's exit status comes back with the end of what it wrote") {
    const Ended ended = run(shell("echo first; echo second >&2; exit 3"));
    CHECK(ended.how == Ended::How::exited);
    CHECK(ended.status == 3);
    CHECK_FALSE(ended.good());
    CHECK(ended.said == "first\nsecond\n");
    CHECK(to_text(ended) == "exit status 3: second");
    CHECK(run(shell("exit 0")).good());
}

TEST_CASE("what a child writes without end is not kept, nor does it hold anything up") {
    const Ended ended = run(shell("i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done; echo end"));
    CHECK(ended.good());
    CHECK(ended.said.size() == said_room);
    CHECK(ended.said.substr(ended.said.size() - 4) == "end\n");
}

TEST_CASE("control characters of a child do not reach a terminal") {
    CHECK(to_text(run(shell("printf 'a\\033[2Jb'; exit 1"))) == "exit status 1: a [2Jb");
}

TEST_CASE("a signal that kills a child is named") {
    const Ended ended = run(shell("kill -9 $$"));
    CHECK(ended.how == Ended::How::killed);
    CHECK(ended.status == 9);
}

TEST_CASE("after its time a child is ended with everything that it started") {
    ChildCommand command = shell("sleep 1000 & echo $!; trap '' TERM; sleep 1000; sleep 1000");
    command.timeout = milliseconds(100);
    const Ended ended = run(command);
    CHECK(ended.how == Ended::How::timed_out);
    CHECK(ended.took >= milliseconds(1000));  // it ignored SIGTERM
    const int sleeper = std::atoi(ended.said.c_str());
    REQUIRE(sleeper > 1);
    for (int tries = 0; alive(sleeper) && tries < 1'000'000; ++tries) ::usleep(10);  // until init has reaped it
    CHECK_FALSE(alive(sleeper));
}

TEST_CASE("a child can be called off, before it was started and later") {
    Loop loop;
    Processes processes(loop);
    std::vector<Ended::How> ends;
    const auto done = [&](const Ended& ended) {
        ends.push_back(ended.how);
        loop.stop();
    };
    processes.end(processes.start(shell("sleep 1000"), done));
    const auto second = processes.start(shell("sleep 1000"), done);
    loop.run();
    REQUIRE(ends.size() == 1);
    processes.end(second);
    processes.end(second);
    processes.end(4711);
    loop.run();
    CHECK(ends == std::vector{Ended::How::called_off, Ended::How::called_off});
}

TEST_CASE("the environment is clean, and the file comes on top of the table") {
    const Directory directory;
    ::setenv("LBCONVERGE_UNIT_SECRET", "leak", 1);
    ChildCommand command = shell("env | sort");
    command.environment = {{"LBCONVERGE_STATE", "master"}, {"KEY", "table"}};
    command.environment_file = directory.write("hook.env", R"(
        # provider

        KEY="from file"
        OTHER=a=b
    )"_text,
                                               0600);
    const Ended ended = run(command);
    CHECK(ended.said.find("LBCONVERGE_STATE=master\n") != std::string::npos);
    CHECK(ended.said.find("KEY=from file\n") != std::string::npos);
    CHECK(ended.said.find("OTHER=a=b\n") != std::string::npos);
    CHECK(ended.said.find("leak") == std::string::npos);
    CHECK(ended.said.find("PATH=/usr/local/sbin:") != std::string::npos);
}

TEST_CASE("a child has no file of ours, no terminal, no signal blocked and a session of its own") {
    const Ended ended =
        run(shell("ls /proc/self/fd | tr '\\n' ' '; grep -E '^(SigBlk|SigIgn|NoNewPrivs)' /proc/self/status;"
                  "[ $(ps -o sid= -p $$) = $$ ] && pwd"));
    CHECK(ended.said.find("0 1 2 3 \n") == std::string::npos);
    CHECK(ended.said.find("0 1 2 3 SigBlk:\t0000000000000000\n") == 0);
    CHECK(ended.said.find("SigIgn:\t0000000000000000\nNoNewPrivs:\t1\n/\n") != std::string::npos);
}

TEST_CASE("what cannot be started says why") {
    const auto said = [](const ChildCommand& command) {
        const Ended ended = run(command);
        CHECK(ended.how == Ended::How::not_started);
        return ended.said;
    };
    CHECK(said({.argv = {"/nowhere/program"}, .user = {}}).find("/nowhere/program: No such file") == 0);
    CHECK(said({.argv = {"program"}, .user = {}}) == R"("program" is not an absolute path)");
    CHECK(said({.argv = {"/bin/true"}, .user = "no-such-user"}) == R"(there is no user "no-such-user")");
    ChildCommand command = shell("true");
    command.environment_file = "/nowhere/file";
    CHECK(said(command).find("environment_file: /nowhere/file: No such file") == 0);
    const Directory directory;
    CHECK(said({.argv = {directory.write("text", "no program", 0755)}, .user = {}}).find("Exec format error") !=
          std::string::npos);
}

TEST_CASE("as root, a command runs as the user that it says, or as nobody, without any right of root") {
    if (::geteuid() != 0) {
        MESSAGE("skipped: only root can become another user");
        return;
    }
    const std::string script = "id -u; id -G; grep -E '^Cap(Inh|Prm|Eff|Amb)' /proc/self/status | cut -f2 | sort -u";
    CHECK(run(shell(script)).said == R"(
        65534
        65534
        0000000000000000
    )"_text);
    ChildCommand command = shell("id -u");
    command.user = "root";
    CHECK(run(command).said == "0\n");
    command.user = "daemon";
    CHECK(run(command).said == "1\n");
}

TEST_CASE("files that others may write are not trusted") {
    const Directory directory;
    const unsigned self = ::geteuid();
    const auto why = [&](const std::string& path) {
        const auto reason = distrust(path, self);
        return reason ? reason->why : "";
    };
    const std::string hook = directory.write("hook", "#!/bin/sh\n", 0755);
    CHECK(why(hook).empty());
    ::chmod(hook.c_str(), 0757);
    CHECK(why(hook) == hook + " may be written by everybody");
    ::chmod(hook.c_str(), 0755);
    ::chmod(directory.path().c_str(), 01777);  // even a sticky one, when it is the file's own
    CHECK(why(hook) == directory.path() + " may be written by everybody");
    ::chmod(directory.path().c_str(), 0755);
    if (self == 0) {
        CHECK(::chown(hook.c_str(), 1, 1) == 0);
        CHECK(why(hook) == hook + " belongs to user 1");
        CHECK_FALSE(distrust(hook, 1));
        ::chmod(hook.c_str(), 0775);
        CHECK(distrust(hook, 1)->why == hook + " may be written by its group");
    }
    CHECK(distrust(directory.path() + "/gone", self)->missing);
    CHECK_FALSE(distrust("hook", self)->missing);

    // Where a link leads counts as well.
    const std::string open = directory.path() + "/open";
    ::mkdir(open.c_str(), 0777);
    ::chmod(open.c_str(), 0777);
    std::ofstream(open + "/real") << "#!/bin/sh\n";
    std::filesystem::create_symlink(open + "/real", directory.path() + "/link");
    CHECK(why(directory.path() + "/link") == open + " may be written by everybody");
    if (self != 0) return;
    // And whose the link is: it can be led elsewhere.
    CHECK(::lchown((directory.path() + "/link").c_str(), 1, 1) == 0);
    CHECK(why(directory.path() + "/link") == directory.path() + "/link belongs to user 1");
}

TEST_CASE("an access control list lets others write as well") {
    const Directory directory;
    const std::string hook = directory.write("hook", "#!/bin/sh\n", 0755);
    // linux/posix_acl_xattr.h: a version, then tag, permissions and id of each entry, all little-endian.
    const auto set_list = [&](std::uint8_t tag, std::uint8_t permissions, std::uint8_t id, std::uint8_t mask) {
        using Entry = std::array<std::uint8_t, 8>;
        const Entry named{tag, 0, permissions, 0, id, 0, 0, 0};
        const Entry of_group{4, 0, 5, 0, 0xff, 0xff, 0xff, 0xff};
        std::vector<std::uint8_t> list{2, 0, 0, 0};
        for (const Entry& each : {Entry{1, 0, 7, 0, 0xff, 0xff, 0xff, 0xff},  // the owner
                                  tag < 4 ? named : of_group, tag < 4 ? of_group : named,
                                  Entry{16, 0, mask, 0, 0xff, 0xff, 0xff, 0xff},  // chmod sets it as the group's bits
                                  Entry{32, 0, 5, 0, 0xff, 0xff, 0xff, 0xff}}) {  // others
            list.insert(list.end(), each.begin(), each.end());
        }
        return ::setxattr(hook.c_str(), "system.posix_acl_access", list.data(), list.size(), 0) == 0;
    };
    constexpr std::uint8_t user = 2;
    constexpr std::uint8_t group = 8;
    const auto why = [&] {
        const auto reason = distrust(hook, ::geteuid());
        return reason ? reason->why : "";
    };
    if (!set_list(user, 7, 7, 7)) {
        MESSAGE("skipped: no access control lists here");
        return;
    }
    CHECK(why() == hook + " may be written by user 7");
    CHECK(set_list(user, 7, 7, 5));  // masked
    CHECK(why().empty());
    CHECK(set_list(user, 5, 7, 7));
    CHECK(why().empty());
    CHECK(set_list(user, 7, 0, 7));  // root may in any case
    CHECK(why().empty());
    CHECK(set_list(group, 7, 7, 7));
    CHECK(why() == hook + " may be written by group 7");
    CHECK(set_list(group, 7, 0, 7));
    CHECK(why().empty());
}

TEST_CASE("an environment file is a list of names and values") {
    const auto good = parse_environment("A=1\r\n  B = x \n#C=2\nD='q \"z'\nE=\nF_1=a#b");
    REQUIRE_FALSE(good.has_value());  // a blank is no part of a name
    CHECK(good.error().what == "environment_file: line 2 is not NAME=VALUE");
    const auto more = parse_environment("A=1\r\n#C=2\nD='q \"z'\nE=\nF_1=a#b");
    REQUIRE(more.has_value());
    CHECK(*more == std::map<std::string, std::string>{{"A", "1"}, {"D", R"(q "z)"}, {"E", ""}, {"F_1", "a#b"}});
    CHECK_FALSE(parse_environment("export A=1\n").has_value());
    CHECK_FALSE(parse_environment("s3cret\n").has_value());
    CHECK(parse_environment("s3cret\n").error().what.find("s3cret") == std::string::npos);
}
