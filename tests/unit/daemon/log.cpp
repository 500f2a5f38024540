#include "lbconverge/daemon/log.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

namespace lbconverge::daemon {

namespace {

/// What a line of the log looks like on a terminal. A child writes it: a program has one log, and only once.
std::string on_terminal(const char* no_color) {
    const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
    REQUIRE(terminal >= 0);
    REQUIRE(::grantpt(terminal) == 0);
    REQUIRE(::unlockpt(terminal) == 0);
    const int other_side = ::open(::ptsname(terminal), O_RDWR | O_NOCTTY);
    REQUIRE(other_side >= 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(other_side, STDERR_FILENO);
        ::setenv("TERM", "xterm", 1);
        ::unsetenv("NO_COLOR");
        if (no_color != nullptr) ::setenv("NO_COLOR", no_color, 1);
        {
            const Log open("info");
            log(Level::error, "a line");
        }
        ::_exit(0);
    }
    REQUIRE(child > 0);
    CHECK(::waitpid(child, nullptr, 0) == child);
    std::string text(4096, '\0');
    pollfd waited{terminal, POLLIN, 0};
    const ssize_t size = ::poll(&waited, 1, 0) == 1 ? ::read(terminal, text.data(), text.size()) : 0;
    ::close(other_side);
    ::close(terminal);
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
}

}  // namespace

TEST_CASE("on a terminal the log has colours, unless NO_COLOR is set") {
    const std::string coloured = on_terminal(nullptr);
    CHECK(coloured.find("a line") != std::string::npos);
    CHECK(coloured.find('\033') != std::string::npos);
    for (const char* value : {"1", ""}) {
        const std::string plain = on_terminal(value);
        CHECK(plain.find("a line") != std::string::npos);
        CHECK(plain.find('\033') == std::string::npos);
    }
}

}  // namespace lbconverge::daemon
