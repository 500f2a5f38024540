// Checks against sockets of this process on 127.0.0.1.
#include "probes.hpp"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>

using namespace lbconverge;
using namespace lbconverge::daemon;

namespace {

/// A socket with a port of its own.
class Port {
public:
    explicit Port(int type) : fd_(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
        sockaddr_in here{};
        here.sin_family = AF_INET;
        here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof here;
        REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&here), size) == 0);
        if (type == SOCK_STREAM) REQUIRE(::listen(fd_, 8) == 0);
        REQUIRE(::getsockname(fd_, reinterpret_cast<sockaddr*>(&here), &size) == 0);
        number_ = ntohs(here.sin_port);
    }
    ~Port() { close(); }
    Port(const Port&) = delete;
    Port& operator=(const Port&) = delete;
    void close() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }
    [[nodiscard]] std::uint16_t number() const { return number_; }

private:
    int fd_;
    std::uint16_t number_ = 0;
};

health::ProbeAnswer ask(config::Check check, std::uint16_t port) {
    std::promise<health::ProbeAnswer> answered;
    Probes probes([&](std::vector<health::ProbeAnswer> all) { answered.set_value(all.front()); });
    check.timeout = std::chrono::milliseconds(300);
    probes.ask({{.id = 1,
                 .run = 1,
                 .check = std::make_shared<const config::Check>(std::move(check)),
                 .address = *IpAddress::parse("127.0.0.1"),
                 .port = port}});
    auto answer = answered.get_future();
    REQUIRE(answer.wait_for(std::chrono::seconds(20)) == std::future_status::ready);
    return answer.get();
}

config::Check of_type(config::CheckType type) {
    config::Check check;
    check.type = type;
    return check;
}

}  // namespace

TEST_CASE("a TCP check is a connection") {
    Port port(SOCK_STREAM);
    const auto good = ask(of_type(config::CheckType::tcp), port.number());
    CHECK(good.good);
    CHECK(good.what == "connected");
    port.close();
    const auto bad = ask(of_type(config::CheckType::tcp), port.number());
    CHECK_FALSE(bad.good);
    CHECK(bad.asked);
    CHECK(bad.what == "connect refused");
}

TEST_CASE("a datagram that nobody refuses is good, unless an answer is expected") {
    Port port(SOCK_DGRAM);
    config::Check check = of_type(config::CheckType::udp);
    CHECK(ask(check, port.number()).what == "not refused");
    check.expect = "pong";
    CHECK(ask(check, port.number()).what == R"(no answer with "pong")");
    port.close();
    CHECK(ask(check, port.number()).what == "connect refused");
    CHECK(ask(of_type(config::CheckType::dns), port.number()).what == "connect refused");
}

TEST_CASE("a name server that says nothing is down") {
    const Port port(SOCK_DGRAM);
    CHECK(ask(of_type(config::CheckType::dns), port.number()).what == "DNS: no answer");
}
