// HTTP on real sockets: what is asked, who may ask, and for how long.
#include "metrics_server.hpp"

#include "endpoint.hpp"
#include "fd.hpp"
#include "local_socket.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

using namespace lbconverge;
using namespace lbconverge::daemon;
using namespace std::chrono_literals;

namespace {

/// Connects, however long the server takes to listen.
int connected(const config::ListenAddress& where) {
    for (int i = 0; i < 2000; ++i) {
        Fd fd(::socket(where.path.empty() ? static_cast<int>(where.address.family) : AF_UNIX,
                       SOCK_STREAM | SOCK_CLOEXEC, 0));
        const Endpoint at(where.address, where.port);
        const int error = !where.path.empty()                           ? at_address(&::connect, fd.get(), where.path)
                          : ::connect(fd.get(), at.get(), at.size) == 0 ? 0
                                                                        : errno;
        if (error == 0) return fd.release();
        std::this_thread::sleep_for(5ms);
    }
    return -1;
}

class Caller {
public:
    explicit Caller(const config::ListenAddress& where) : fd_(connected(where)) { REQUIRE(fd_.get() >= 0); }
    void say(const std::string& text) const {
        std::size_t sent = 0;
        give(fd_.get(), text, sent);
    }
    /// What comes until the other end closes.
    [[nodiscard]] std::string hear() const {
        std::string text;
        while (take(fd_.get(), text) > 0) {
        }
        return text;
    }
    [[nodiscard]] int fd() const { return fd_.get(); }

private:
    Fd fd_;
};

/// A server with a node that is well and has so many services.
class Site {
public:
    explicit Site(std::size_t services = 1, const Admission::Bounds& limits = MetricsServer::usual_limits)
        : server_({.picture =
                       [this, services](const auto& done) {
                           ++pictures;
                           if (hold) return;
                           done(picture(services));
                       },
                   .bulletin = [this](const auto& done) { done(bulletin); }},
                  limits, {.picture = 20ms, .bulletin = 20ms}) {
        char name[] = "/tmp/lbconverge-unit-XXXXXX";
        REQUIRE(::mkdtemp(name) != nullptr);
        folder = name;
        where.path = folder + "/metrics";
        server_.move_to(where);
    }
    ~Site() { std::filesystem::remove_all(folder); }
    Site(const Site&) = delete;
    Site& operator=(const Site&) = delete;

    [[nodiscard]] std::string ask(const std::string& request) const {
        const Caller caller(where);
        caller.say(request);
        return caller.hear();
    }
    [[nodiscard]] std::string get(const std::string& path) const {
        return ask("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    MetricsServer& server() { return server_; }

    std::string folder;
    config::ListenAddress where;
    metrics::Bulletin bulletin{metrics::Condition::ok, "OK: good"};
    std::atomic<int> pictures = 0;
    std::atomic<bool> hold = false;  ///< no picture is ever ready

private:
    static MetricsServer::Pictured picture(std::size_t services) {
        auto config = std::make_shared<config::Config>();
        config->services.resize(services);
        auto made = std::make_shared<metrics::MetricsPicture>();
        made->version = "1";
        made->config = config;
        made->board.services.resize(services);
        for (std::size_t i = 0; i < services; ++i) config->services[i].port = static_cast<std::uint16_t>(i);
        return metrics::MetricsPicturePtr(made);
    }
    MetricsServer server_;
};

std::uint16_t free_port() {
    const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&at), size) == 0);
    REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&at), &size) == 0);
    return ntohs(at.sin_port);
}

std::string status_of(const std::string& answer) { return answer.substr(0, answer.find('\r')); }
std::string body_of(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

/// The content of the chunks; empty: they are not as they should be.
std::string unchunked(std::string_view chunks) {
    std::string all;
    for (;;) {
        const std::size_t length = std::strtoul(std::string(chunks.substr(0, 8)).c_str(), nullptr, 16);
        const std::size_t start = chunks.find("\r\n");
        if (start == std::string_view::npos || chunks.size() < start + 2 + length + 2) return {};
        if (length == 0) return chunks.size() == start + 4 ? all : "";
        all += chunks.substr(start + 2, length);
        chunks.remove_prefix(start + 2 + length + 2);
    }
}

}  // namespace

TEST_CASE("metrics come in chunks, and to an old client without") {
    const Site site(20'000);  // more than a socket holds
    const std::string answer = site.get("/metrics?x=y");
    CHECK(status_of(answer) == "HTTP/1.1 200 OK");
    CHECK(answer.find("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n") != std::string::npos);
    const std::string text = unchunked(body_of(answer));
    CHECK(text.size() > 10'000'000);
    CHECK(text.starts_with("# HELP lbconverge_"));
    CHECK(text.find("lbconverge_build_info{version=\"1\"} 1\n") != std::string::npos);
    CHECK(body_of(site.ask("GET /metrics HTTP/1.0\r\n\r\n")) == text);
}

TEST_CASE("healthz is one line, and a status that a probe understands") {
    Site site;
    CHECK(status_of(site.get("/healthz")) == "HTTP/1.1 200 OK");
    CHECK(body_of(site.get("/healthz")) == "OK: good\n");
    site.bulletin = {metrics::Condition::warning, "WARNING: so"};
    CHECK(status_of(site.get("/healthz")) == "HTTP/1.1 200 OK");
    site.bulletin = {metrics::Condition::critical, "CRITICAL: bad"};
    CHECK(status_of(site.get("/healthz")) == "HTTP/1.1 503 Service Unavailable");
    CHECK(body_of(site.get("/healthz")) == "CRITICAL: bad\n");
    site.bulletin = {metrics::Condition::unknown, "UNKNOWN: new"};
    CHECK(status_of(site.get("/healthz")) == "HTTP/1.1 503 Service Unavailable");
}

TEST_CASE("what is not there, not allowed, or makes no sense") {
    const Site site;
    CHECK(status_of(site.get("/")) == "HTTP/1.1 404 Not Found");
    CHECK(status_of(site.get("/metrics/")) == "HTTP/1.1 404 Not Found");
    for (const char* method : {"POST", "HEAD", "PUT", "DELETE", "FOO"}) {
        const std::string answer = site.ask(std::string(method) + " /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
        CHECK(status_of(answer) == "HTTP/1.1 405 Method Not Allowed");
        CHECK(answer.find("\r\nAllow: GET\r\n") != std::string::npos);
    }
    for (const char* request :
         {"\r\n\r\n", "GET\r\n\r\n", "GET  HTTP/1.1\r\n\r\n", "\x16\x03\x01\r\n\r\n", "GET /metrics\r\n\r\n",
          "GET /metrics HTTP/9.9\r\n\r\n", "GET /metrics HTTP/1.1\r\nno colon\r\n\r\n"}) {
        CAPTURE(request);
        CHECK(status_of(site.ask(request)) == "HTTP/1.1 400 Bad Request");
    }
    CHECK(status_of(site.ask("GET /" + std::string(longest_http_head, 'x'))) ==
          "HTTP/1.1 431 Request Header Fields Too Large");
    const std::string body(200'000, 'x');  // it is not read, and the answer comes all the same
    CHECK(status_of(site.ask("GET /healthz HTTP/1.1\r\nContent-Length: 200000\r\n\r\n" + body)) == "HTTP/1.1 200 OK");
    CHECK(status_of(site.get("/healthz")) == "HTTP/1.1 200 OK");
}

TEST_CASE("a request may come octet by octet") {
    const Site site;
    const Caller caller(site.where);
    for (const char c : std::string("GET /healthz HTTP/1.1\r\n\r\n")) {
        caller.say(std::string(1, c));
        std::this_thread::sleep_for(1ms);
    }
    CHECK(body_of(caller.hear()) == "OK: good\n");
}

TEST_CASE("clients of one moment share a picture") {
    Site site;
    std::vector<std::unique_ptr<Caller>> callers;
    for (int i = 0; i < 10; ++i) {
        callers.push_back(std::make_unique<Caller>(site.where));
        callers.back()->say("GET /metrics HTTP/1.1\r\n\r\n");
    }
    for (const auto& each : callers) CHECK(status_of(each->hear()) == "HTTP/1.1 200 OK");
    CHECK(site.pictures < 10);
}

TEST_CASE("who says nothing, or takes nothing, is sent away, and the others are served") {
    const Admission::Bounds limits{.root = 4, .strangers = 4, .user = 4, .patience = 200ms, .grace = 50ms};
    Site site(20'000, limits);
    const Caller silent(site.where);
    CHECK(status_of(silent.hear()) == "HTTP/1.1 408 Request Timeout");
    const Caller slow(site.where);
    slow.say("GET /metrics HTTP/1.1\r\n\r\n");
    std::this_thread::sleep_for(600ms);
    CHECK(unchunked(body_of(slow.hear())).empty());
    std::vector<std::unique_ptr<Caller>> crowd;
    for (int i = 0; i < 20; ++i) crowd.push_back(std::make_unique<Caller>(site.where));
    CHECK(status_of(site.get("/healthz")) == "HTTP/1.1 200 OK");
}

TEST_CASE("a node that gives no picture holds up nobody who wants to know how it is") {
    Site site;
    site.hold = true;
    const Caller waits(site.where);
    waits.say("GET /metrics HTTP/1.1\r\n\r\n");
    CHECK(body_of(site.get("/healthz")) == "OK: good\n");
}

TEST_CASE("it serves by TCP as well, moves, and leaves nothing behind") {
    Site site;
    CHECK(status_of(site.get("/healthz")) == "HTTP/1.1 200 OK");
    const std::string first = site.where.path;
    site.where = {.address = *IpAddress::parse("127.0.0.1"), .port = free_port()};
    site.server().move_to(site.where);
    CHECK(status_of(site.get("/healthz")) == "HTTP/1.1 200 OK");
    CHECK_FALSE(std::filesystem::exists(first));
    site.server().move_to(std::nullopt);
    for (int i = 0; i < 1000; ++i) {
        const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const Endpoint gone(site.where.address, site.where.port);
        if (::connect(fd.get(), gone.get(), gone.size) != 0) return;
        std::this_thread::sleep_for(5ms);
    }
    FAIL("it still listens");
}

TEST_CASE("a socket that nobody listens at is replaced, and no other file is") {
    Site site;
    CHECK(status_of(site.get("/healthz")) == "HTTP/1.1 200 OK");
    {
        const Fd left(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        REQUIRE(at_address(&::bind, left.get(), site.folder + "/left") == 0);
    }
    site.where.path = site.folder + "/left";
    site.server().move_to(site.where);
    CHECK(status_of(site.get("/healthz")) == "HTTP/1.1 200 OK");
    const std::string precious = site.folder + "/precious";
    std::ofstream(precious) << "text";
    site.server().move_to(config::ListenAddress{.path = precious});
    for (int i = 0; i < 5000 && std::filesystem::exists(site.where.path); ++i) std::this_thread::sleep_for(1ms);
    REQUIRE_FALSE(std::filesystem::exists(site.where.path));  // it has moved
    std::this_thread::sleep_for(20ms);
    CHECK(std::filesystem::is_regular_file(precious));
}
