#include "lbconverge/daemon/control.hpp"

#include "control_server.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

using namespace lbconverge;
using namespace lbconverge::daemon;

namespace {

/// A server on a thread of its own.
class Server {
public:
    explicit Server(ControlServer::Handler handler) : server_(loop_, std::move(handler)) {
        char name[] = "/tmp/lbconverge-unit-XXXXXX";
        REQUIRE(::mkdtemp(name) != nullptr);
        path_ = name;
        REQUIRE(server_.listen(path_ + "/control").has_value());
        thread_ = std::thread([this] { loop_.run(); });
    }
    ~Server() {
        loop_.post([this] {
            server_.close();
            loop_.stop();
        });
        thread_.join();
        std::filesystem::remove_all(path_);
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
    Loop loop_;
    ControlServer server_;
    std::thread thread_;
};

}  // namespace

TEST_CASE("the daemon answers, more than a socket holds as well") {
    const std::string long_answer(3 << 20, 'x');
    const Server server([&](const std::string& line, const ControlServer::ClientPtr& client) {
        const ControlRequest asked = parse_request(line);
        CHECK(client->is_root() == (::geteuid() == 0));
        ControlServer::answer(client,
                              asked.command == "status" ? long_answer : to_text(ControlReply{3, {asked.file}, {"no"}}));
    });
    const auto status = ask_daemon(server.path(), {.command = "status"});
    REQUIRE((status && *status));
    CHECK(**status == long_answer);
    const auto applied = ask_daemon(server.path(), {.command = "apply", .file = std::string(20'000, 'f')});
    REQUIRE((applied && *applied));
    const auto reply = parse_reply(**applied);
    REQUIRE(reply.has_value());
    CHECK(reply->exit == 3);
    CHECK(reply->outputs == std::vector{std::string(20'000, 'f')});
    CHECK(reply->errors == std::vector<std::string>{"no"});
}

TEST_CASE("who says too much is not listened to") {
    const Server server([](const std::string&, const ControlServer::ClientPtr&) { CHECK(false); });
    const auto answer = ask_daemon(server.path(), {.command = std::string(100'000, 'x')});
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().what.starts_with("the daemon did not answer: "));
}

TEST_CASE("where no daemon is there is no answer") {
    const auto nowhere = ask_daemon("/tmp/lbconverge-nowhere", {.command = "status"});
    REQUIRE(nowhere.has_value());
    CHECK_FALSE(nowhere->has_value());
    CHECK_FALSE(ask_daemon(std::string(200, 'x'), {.command = "status"}).has_value());
}

TEST_CASE("a request that makes no sense has no command") {
    for (const char* line : {"", "{", "[]", "7", "null", R"({"command":7})", R"({"command":["apply"]})"}) {
        CAPTURE(line);
        CHECK(parse_request(line).command.empty());
    }
    const ControlRequest odd = parse_request(R"({"command":"drain","server":7,"json":"yes"})");
    CHECK(odd.command == "drain");
    CHECK(odd.server.empty());
    CHECK_FALSE(odd.json);
}

TEST_CASE("what programs say may be any bytes") {
    const auto reply = parse_reply(to_text(ControlReply{0, {"\xff"}, {}}));
    REQUIRE(reply.has_value());
    CHECK(reply->outputs.front() == "\xef\xbf\xbd");
    CHECK_FALSE(parse_reply("{}").has_value());
    CHECK_FALSE(parse_reply("{").has_value());
}
