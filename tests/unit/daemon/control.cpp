#include "lbconverge/daemon/control.hpp"

#include "control_server.hpp"
#include "local_socket.hpp"
#include "status_desk.hpp"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <thread>

using namespace lbconverge;
using namespace lbconverge::daemon;
using namespace std::chrono_literals;

namespace {

const bool is_root_here = ::geteuid() == 0;

/// A server on a thread of its own.
class Server {
public:
    using Serve = std::function<void(ControlServer&, const ControlRequest&, Admission::Client)>;

    explicit Server(Serve serve, const Admission::Bounds& limits = {})
        : server_(
              loop_,
              [this, serve = std::move(serve)](const auto& request, auto client, bool is_root) {
                  CHECK(is_root == is_root_here);
                  serve(server_, request, client);
              },
              limits) {
        char name[] = "/tmp/lbconverge-unit-XXXXXX";
        REQUIRE(::mkdtemp(name) != nullptr);
        path_ = name;
        REQUIRE(server_.listen(path_ + "/control").has_value());
    }
    ~Server() {
        end();
        std::filesystem::remove_all(path_);
    }
    /// After that nothing runs any more, and what has timers on the loop can go before it.
    void end() {
        if (!thread_.joinable()) return;
        loop_.post([this] {
            server_.close();
            loop_.stop();
        });
        thread_.join();
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }
    Loop& loop() { return loop_; }
    ControlServer& control() { return server_; }

private:
    std::string path_;
    Loop loop_;
    ControlServer server_;
    std::thread thread_{[this] { loop_.run(); }};
};

/// A client that does as it likes.
class Stranger {
public:
    explicit Stranger(
        const Server& server, const std::function<void()>& before = [] {})
        : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        before();
        REQUIRE(at_address(&::connect, fd_, server.path() + "/control") == 0);
    }
    ~Stranger() { ::close(fd_); }
    Stranger(const Stranger&) = delete;
    Stranger& operator=(const Stranger&) = delete;

    void say(const std::string& text) const {
        std::size_t sent = 0;
        give(fd_, text, sent);
    }
    /// What comes until the other end closes.
    [[nodiscard]] std::string hear() const {
        std::string text;
        while (take(fd_, text) > 0) {
        }
        return text;
    }
    /// The other end has closed.
    [[nodiscard]] bool is_gone() const {
        pollfd wait{.fd = fd_, .events = POLLIN, .revents = 0};
        return ::poll(&wait, 1, 0) == 1 && (wait.revents & POLLHUP) != 0;
    }

private:
    int fd_;
};

bool within(std::chrono::milliseconds time, const std::function<bool()>& what) {
    for (const auto end = std::chrono::steady_clock::now() + time; !what();) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(5ms);
    }
    return true;
}

ControlReply asked(const Server& server, const ControlRequest& request = StatusRequest{}) {
    const auto reply = ask_daemon(server.path(), request);
    REQUIRE((reply && *reply));
    return **reply;
}

void say_hello(ControlServer& control, const ControlRequest&, Admission::Client client) {
    control.answer(client, ControlReply{.texts = {"hello"}});
}

}  // namespace

TEST_CASE("the daemon answers, more than a socket holds as well") {
    const std::string much(std::size_t{3} << 20, 'x');
    const std::string file(20'000, '\xff');
    const Server server([&](ControlServer& control, const ControlRequest& request, Admission::Client client) {
        const auto* apply = std::get_if<ApplyRequest>(&request);
        if (apply != nullptr) CHECK(apply->file == file);
        control.answer(client, apply == nullptr ? ControlReply{.texts = {much}}
                                                : ControlReply{.exit = 3, .errors = {"no"}, .texts = {"\xff"}});
        control.answer(client, ControlReply{.texts = {"once is enough"}});
    });
    CHECK(asked(server).texts == std::vector{much});
    CHECK(asked(server, ApplyRequest{.file = file, .node = {}, .host = {}}) ==
          ControlReply{.exit = 3, .errors = {"no"}, .texts = {"\uFFFD"}});
}

TEST_CASE("who says too much, or what makes no sense, gets a word and is sent away") {
    const Server server([](auto&&...) { CHECK(false); });
    CHECK(asked(server, DrainRequest{.server = std::string(100'000, 'x')}).errors ==
          std::vector<std::string>{"the request is too long"});
    const Stranger stranger(server);
    stranger.say("\xff\n");
    CHECK(parse_reply(stranger.hear())->exit == 64);
}

TEST_CASE("a request that meets an exception ends, and the daemon does not") {
    std::atomic<int> requests = 0;
    const Server server([&](ControlServer& control, const ControlRequest& request, Admission::Client client) {
        if (++requests == 1) throw std::runtime_error("a mistake");
        say_hello(control, request, client);
    });
    CHECK(asked(server).errors == std::vector<std::string>{"internal error: a mistake"});
    CHECK(asked(server).texts == std::vector<std::string>{"hello"});
}

TEST_CASE("there is a time for a request, and one for taking the answer") {
    const std::string much(std::size_t{3} << 20, 'x');
    const Server server([&](ControlServer& control, const ControlRequest&,
                            Admission::Client client) { control.answer(client, ControlReply{.texts = {much}}); },
                        {.patience = 200ms});
    const Stranger silent(server), slow(server), deaf(server);
    deaf.say(to_text(StatusRequest{}) + "\n");
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 1000 && !slow.is_gone(); ++i) {  // half a request, for ever
        slow.say(" ");
        std::this_thread::sleep_for(5ms);
    }
    CHECK(std::chrono::steady_clock::now() - begin >= 150ms);
    CHECK(parse_reply(slow.hear())->errors == std::vector<std::string>{"the request took too long"});
    CHECK(parse_reply(silent.hear())->exit == 75);
    CHECK(within(5s, [&] { return deaf.is_gone(); }));
    CHECK(deaf.hear().size() < much.size());
}

TEST_CASE("however many say nothing, the next one is served") {
    const Server server(&say_hello);
    std::vector<std::unique_ptr<Stranger>> crowd;
    crowd.reserve(100);
    for (int i = 0; i < 100; ++i) crowd.push_back(std::make_unique<Stranger>(server));
    CHECK(asked(server).texts == std::vector<std::string>{"hello"});
    CHECK(parse_reply(crowd.front()->hear())->errors ==
          std::vector<std::string>{"too many clients of the control socket; try again"});
    CHECK_FALSE(crowd.back()->is_gone());
}

TEST_CASE("who does not take a large answer makes room for the next one") {
    const std::string much(std::size_t{3} << 20, 'x');
    const Server server([&](ControlServer& control, const ControlRequest&,
                            Admission::Client client) { control.answer(client, ControlReply{.texts = {much}}); },
                        {.octets = 1});
    const Stranger first(server);
    first.say(to_text(StatusRequest{}) + "\n");
    const Stranger second(server);
    second.say(to_text(StatusRequest{}) + "\n");
    CHECK(within(20s, [&] { return first.is_gone(); }));
    CHECK(parse_reply(second.hear())->texts == std::vector{much});
}

TEST_CASE("without descriptors nobody is accepted, and afterwards everybody") {
    const Server server(&say_hello);
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
    const Stranger waits(server, [&] { ::setrlimit(RLIMIT_NOFILE, &none); });
    waits.say(to_text(StatusRequest{}) + "\n");
    std::this_thread::sleep_for(50ms);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(parse_reply(waits.hear())->texts == std::vector<std::string>{"hello"});
    CHECK(asked(server).texts == std::vector<std::string>{"hello"});
}

TEST_CASE("who asks for the status within a moment gets the same picture, taken after all of them asked") {
    std::atomic<int> looks = 0;
    Worker writer;
    std::optional<StatusDesk> desk;
    Server server([&](ControlServer&, const ControlRequest&, Admission::Client client) { desk->ask(client, writer); });
    desk.emplace(server.loop(), server.control(), [&]() -> StatusDesk::Text {
        const int look = ++looks;
        if (look == 4) throw std::runtime_error("another mistake");
        return [look]() -> std::string {
            if (look == 3) throw std::runtime_error("a mistake");
            return std::to_string(look);
        };
    });
    CHECK(asked(server).values == std::vector<std::string>{"1"});
    std::vector<std::unique_ptr<Stranger>> many;
    for (int i = 0; i < 10; ++i) {
        many.push_back(std::make_unique<Stranger>(server));
        many.back()->say(to_text(StatusRequest{}) + "\n");
    }
    for (const auto& each : many) CHECK(parse_reply(each->hear())->values == std::vector<std::string>{"2"});
    CHECK(asked(server).errors == std::vector<std::string>{"internal error: a mistake"});
    CHECK(asked(server).errors == std::vector<std::string>{"internal error: another mistake"});
    CHECK(asked(server).values == std::vector<std::string>{"5"});
    server.end();
    desk.reset();
}

TEST_CASE("where no daemon is there is no answer") {
    const auto nowhere = ask_daemon("/tmp/lbconverge-nowhere", StatusRequest{});
    REQUIRE(nowhere.has_value());
    CHECK_FALSE(nowhere->has_value());
    CHECK_FALSE(ask_daemon(std::string(200, 'x'), StatusRequest{}).has_value());
}
