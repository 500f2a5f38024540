// checks [CHECKS [INTERVAL_MS [SECONDS]]]: what so many TCP checks cost, with the daemon's own board and probes against
// a server in a process of its own on 127.0.0.0/8. Prints the share of one core that the asking side takes, how many
// answers came, and how late the worst question was.
#include "lbconverge/config/document.hpp"
#include "lbconverge/health/board.hpp"
#include "loop.hpp"
#include "probes.hpp"
#include "support/text.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <csignal>

#include <cstdio>
#include <cstdlib>

namespace {

using namespace lbconverge;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Takes connections on every address of this host, and lets them go. Returns its port and process.
std::pair<std::uint16_t, pid_t> serve() {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in any{};
    any.sin_family = AF_INET;
    socklen_t size = sizeof any;
    if (::bind(listener, reinterpret_cast<sockaddr*>(&any), size) != 0 || ::listen(listener, 4096) != 0) std::exit(1);
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&any), &size);
    const pid_t child = ::fork();
    if (child != 0) return {ntohs(any.sin_port), child};
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) ::close(::accept(listener, nullptr, nullptr));
}

config::Config config_of(int checks, int interval, std::uint16_t port) {
    std::string toml = R"(
        role = "director"
        interface = "eth0"
        vips = ["192.0.2.20"]
    )"_text;
    for (int i = 0; i < checks; ++i) {
        if (i % 100 == 0) {
            toml += std::string(i == 0 ? "" : "]\n") + R"(
                [[service]]
                vip = "192.0.2.20"
                port = $
                forward = "masquerade"
                check = { type = "tcp", interval = "$ms" }
                real_servers = [)"_with(std::to_string(1 + i / 100), std::to_string(interval));
        }
        toml += R"("127.1.$.$:$",)"_with(std::to_string(i / 250), std::to_string(1 + i % 250), std::to_string(port));
    }
    config::Diagnostics problems;
    auto config = config::Document::parse({{"lb.toml", toml + "]\n"}}, problems).config_for("", problems);
    if (!config) std::exit(1);
    return std::move(*config);
}

Instant now() {
    return Instant(std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

double cpu_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto in_seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return in_seconds(used.ru_utime) + in_seconds(used.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
    const auto number = [&](int at, int otherwise) { return argc > at ? std::atoi(argv[at]) : otherwise; };
    const int checks = number(1, 10'000), interval = number(2, 1000), duration = number(3, 10);
    const auto [port, server] = serve();
    daemon::Loop loop;
    daemon::Timer timer(loop), end(loop);
    health::Board board;
    std::size_t asked = 0, good = 0, bad = 0;
    Duration latest{0};
    daemon::Probes probes([&](std::vector<health::ProbeAnswer> answers) {
        loop.post([&, all = std::move(answers)] {
            for (const health::ProbeAnswer& each : all) {
                ++(each.good ? good : bad);
                board.answered(each, now());
            }
        });
    });
    board.configure(config_of(checks, interval, port), now());
    board.found(health::found_in({}, board.health(now())), now());
    const std::function<void()> wait = [&] {
        timer.start(*board.wake_at() - now(), [&] {
            latest = std::max(latest, now() - *board.wake_at());
            auto requests = board.tick(now());
            asked += requests.size();
            if (!requests.empty()) probes.ask(std::move(requests));
            wait();
        });
    };
    wait();
    const auto run_for = [&](seconds time) {
        end.start(time, [&] { loop.stop(); });
        loop.run();
    };
    run_for(seconds(2));  // first questions are spread over a second
    asked = good = bad = 0;
    latest = Duration{0};
    const double before = cpu_seconds();
    run_for(seconds(duration));
    std::printf(
        "%d checks every %d ms: %.0f questions a second, %zu good and %zu bad answers, %.0f %% of one core, latest by "
        "%.1f ms\n",
        checks, interval, static_cast<double>(asked) / duration, good, bad, (cpu_seconds() - before) / duration * 100,
        std::chrono::duration<double, std::milli>(latest).count());
    ::kill(server, SIGKILL);
    return 0;
}
