#include "lbconverge/daemon/other_programs.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <thread>

namespace lbconverge::daemon {

TEST_CASE("the unit of a process is in the name of its control group") {
    CHECK(unit_in("0::/system.slice/keepalived.service\n") == "keepalived.service");
    CHECK(unit_in("0::/user.slice/user-0.slice/session-3.scope\n").empty());
    CHECK(unit_in("").empty());
}

TEST_CASE("a command says whether it has succeeded") {
    CHECK(run_command({"true"}));
    CHECK_FALSE(run_command({"false"}));
    CHECK_FALSE(run_command({"/nonexistent/program"}));
}

TEST_CASE("a program that is started alone has its output in a file, and is ended") {
    const std::string output = "/tmp/lbconverge-start-alone." + std::to_string(::getpid());
    const int pid = start_alone({"sh", "-c", "echo here; exec sleep 30"}, output);
    REQUIRE(pid > 0);
    std::string said;
    for (int i = 0; i < 500 && said.empty(); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        std::getline(std::ifstream(output) >> std::ws, said);
    }
    CHECK(said == "here");
    end_child(pid, std::chrono::seconds(5));
    CHECK(::kill(pid, 0) != 0);
    ::unlink(output.c_str());
}

}  // namespace lbconverge::daemon
