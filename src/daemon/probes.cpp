#include "probes.hpp"

#include "endpoint.hpp"
#include "fd.hpp"
#include "http_probes.hpp"
#include "lbconverge/kernel/file.hpp"
#include "lbconverge/wire/dns.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace lbconverge::daemon {

using config::CheckType;
using health::ProbeAnswer;
using health::ProbeRequest;

namespace {

/// Answers that come within this time are handed over together: they cause 200 turns of the loop a second at most.
constexpr auto flush_interval = std::chrono::milliseconds(5);
/// No more of a file is read, in octets: its content should be one word.
constexpr std::size_t most_of_file = 64;
constexpr std::size_t most_of_datagram = 4096;

ProbeAnswer bad(const ProbeRequest& request, std::string what) {
    return {request.id, request.run, false, std::move(what), {}};
}
ProbeAnswer good(const ProbeRequest& request, std::string what) {
    return {request.id, request.run, true, std::move(what), {}};
}

/// One question through one socket. It ends with an answer, an error or the time-out, whichever comes first.
class Ask : public std::enable_shared_from_this<Ask> {
public:
    Ask(Loop& loop, int type, ProbeRequest request, OnAnswer report)
        : request_(std::move(request)), loop_(loop), type_(type), report_(std::move(report)), timer_(loop) {}
    virtual ~Ask() = default;
    Ask(const Ask&) = delete;
    Ask& operator=(const Ask&) = delete;

    void begin() {
        const bool through_vip = request_.mark != 0;
        const Endpoint to(through_vip ? request_.vip : request_.address, request_.port);
        const int fd = ::socket(to.storage.ss_family, type_ | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0) return end(not_asked(request_, std::strerror(errno)));
        socket_.emplace(loop_, fd);
        if (through_vip && !mark()) return end(not_asked(request_, std::strerror(errno)));
        prepare(fd);
        if (::connect(fd, to.get(), to.size) != 0 && errno != EINPROGRESS) return refused(errno);
        timer_.start(request_.check->timeout, [self = shared_from_this()] { self->timed_out(); });
        socket_->when_writable([self = shared_from_this()] { self->connect_ended(); });
    }

private:
    /// For a check through the VIP: sets the mark, and a source that is not the VIP. False: see errno.
    bool mark() {
        if (::setsockopt(fd(), SOL_SOCKET, SO_MARK, &request_.mark, sizeof request_.mark) != 0) return false;
        const auto source = source_towards(request_.address);
        if (!source) return true;
        const Endpoint from(*source, 0);
        return ::bind(fd(), from.get(), from.size) == 0;
    }
    void connect_ended() {
        int error = 0;
        socklen_t size = sizeof error;
        ::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &size);
        error != 0 ? refused(error) : connected();
    }

protected:
    virtual void prepare(int) {}
    virtual void connected() = 0;
    virtual void timed_out() { end(bad(request_, "connect timed out")); }

    [[nodiscard]] int fd() const { return socket_->fd(); }
    [[nodiscard]] bool ended() const { return ended_; }
    void when_readable(Callback ready) { socket_->when_readable(std::move(ready)); }
    void refused(int error) {
        end(is_of_this_host(error) ? not_asked(request_, std::strerror(error))
                                   : bad(request_, "connect " + reason_text(error)));
    }
    void end(const ProbeAnswer& answer) {
        if (std::exchange(ended_, true)) return;
        timer_.cancel();
        socket_.reset();
        report_(answer);
    }

    ProbeRequest request_;

private:
    Loop& loop_;
    int type_;
    OnAnswer report_;
    std::optional<Descriptor> socket_;
    Timer timer_;
    bool ended_ = false;
};

class TcpAsk : public Ask {
public:
    TcpAsk(Loop& loop, const ProbeRequest& request, const OnAnswer& report) : Ask(loop, SOCK_STREAM, request, report) {}

private:
    /// The connection ends with a reset: otherwise ten thousand checks a second would leave half a million sockets in
    /// TIME_WAIT.
    void prepare(int fd) override {
        const linger reset{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    }
    void connected() override { end(good(request_, "connected")); }
};

/// Sends a datagram. The classes for the types of checks judge the answers.
class DatagramAsk : public Ask {
public:
    DatagramAsk(Loop& loop, const ProbeRequest& request, const OnAnswer& report)
        : Ask(loop, SOCK_DGRAM, request, report) {}

protected:
    virtual std::string question() = 0;
    virtual void heard(std::string_view text) = 0;
    void connected() override {
        const std::string text = question();
        if (::send(fd(), text.data(), text.size(), MSG_NOSIGNAL) < 0) return refused(errno);
        listen();
    }

private:
    void listen() {
        when_readable([this, self = shared_from_this()] { receive(); });
    }
    /// Datagrams that are not the answer are ignored. An ICMP error comes as an error of the connected socket.
    void receive() {
        std::array<char, most_of_datagram> room;
        while (!ended()) {
            const ssize_t size = ::recv(fd(), room.data(), room.size(), 0);
            if (size < 0 && errno == EAGAIN) return listen();
            if (size < 0 && errno != EINTR) return refused(errno);
            if (size >= 0) heard({room.data(), static_cast<std::size_t>(size)});
        }
    }
};

/// The datagram means nothing, so a server need not answer it. But a port on which no program listens is refused
/// (ICMP).
class UdpAsk : public DatagramAsk {
public:
    using DatagramAsk::DatagramAsk;

private:
    std::string question() override { return "\n"; }
    void heard(std::string_view text) override {
        if (text.find(request_.check->expect) != std::string_view::npos) end(good(request_, "answered"));
    }
    void timed_out() override {
        const bool wanted = !request_.check->expect.empty();
        end(wanted ? bad(request_, "no answer with \"" + request_.check->expect + "\"")
                   : good(request_, "not refused"));
    }
};

class DnsAsk : public DatagramAsk {
public:
    using DatagramAsk::DatagramAsk;

private:
    [[nodiscard]] std::uint16_t id() const { return static_cast<std::uint16_t>(request_.id * 31 + request_.run); }
    [[nodiscard]] std::optional<IpAddress> expected() const { return IpAddress::parse(request_.check->expect); }

    std::string question() override {
        const auto wanted = expected();
        const bool ipv6 = wanted && wanted->family == Family::ipv6;
        const auto type = request_.check->host.empty() ? wire::DnsType::soa
                          : ipv6                       ? wire::DnsType::aaaa
                                                       : wire::DnsType::a;
        const auto bytes = wire::dns_question(id(), request_.check->host, type);
        if (!bytes) return {};
        return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
    }
    void heard(std::string_view text) override {
        const auto said = wire::read_dns_answer(std::as_bytes(std::span(text.data(), text.size())), id());
        if (!said) return;
        constexpr std::uint8_t failure = 2, no_such_name = 3;
        const bool named = !request_.check->host.empty();
        // A server may refuse the question about the root, and is up all the same. But it must know a name that the
        // file has.
        if (said->code == failure || (named && said->code != 0)) {
            return end(bad(request_, said->code == no_such_name ? "DNS: no such name"
                                                                : "DNS: error code " + std::to_string(said->code)));
        }
        const auto wanted = expected();
        const auto& all = said->addresses;
        if (wanted && std::find(all.begin(), all.end(), *wanted) == all.end()) {
            return end(bad(request_, "DNS: " + request_.check->host + " is not " + request_.check->expect));
        }
        end(good(request_, "answered"));
    }
    void timed_out() override { end(bad(request_, "DNS: no answer")); }
};

}  // namespace

std::optional<IpAddress> source_towards(const IpAddress& address) {
    const Endpoint to(address, 9);  // nothing is sent: the port does not matter
    const Fd socket(::socket(to.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (socket.get() < 0 || ::connect(socket.get(), to.get(), to.size) != 0) return std::nullopt;
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&from), &size) != 0) return std::nullopt;
    // A link-local address means nothing without its interface.
    if (from.ss_family == AF_INET6 && reinterpret_cast<const sockaddr_in6&>(from).sin6_scope_id != 0)
        return std::nullopt;
    return address_of(from);
}

bool is_of_this_host(int error) {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM || error == EADDRNOTAVAIL;
}

ProbeAnswer not_asked(const ProbeRequest& request, const std::string& why) {
    ProbeAnswer answer = bad(request, "this host could not ask: " + why);
    answer.asked = false;
    return answer;
}

std::string reason_text(int error) {
    if (error == ECONNREFUSED) return "refused";
    if (error == ETIMEDOUT) return "timed out";
    return std::string("failed: ") + std::strerror(error);
}

ProbeAnswer answer_of_file(const ProbeRequest& request, const std::string& text) {
    const auto begin = text.find_first_not_of(" \t\r\n");
    const auto end = text.find_last_not_of(" \t\r\n");
    const std::string word = begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
    const std::string& path = request.check->path;
    if (word == "up") return good(request, path + " says up");
    if (word == "down") return bad(request, path + " says down");
    std::uint32_t weight = 0;
    if (!from_text(word, weight) || weight > 0x7fffffff)
        return bad(request, path + " says neither up, down nor a weight");
    ProbeAnswer answer = good(request, path + " says " + word);
    answer.weight = weight;
    return answer;
}

/// This is the convention of keepalived for checks that give a weight, so that its scripts can be used unchanged.
ProbeAnswer answer_of_command(const ProbeRequest& request, const Ended& ended) {
    const std::string said = to_text(ended);
    if (ended.good()) return good(request, said);
    if (ended.how != Ended::How::exited || ended.status < 2) return bad(request, said);
    ProbeAnswer answer = good(request, said);
    answer.weight = static_cast<std::uint32_t>(ended.status - 2);
    return answer;
}

Probes::Probes(Done done)
    : done_(std::move(done)),
      flush_(loop_),
      http_(std::make_unique<HttpProbes>(loop_)),
      processes_(loop_),
      thread_([this] { loop_.run(); }) {}

Probes::~Probes() {
    loop_.stop();
    thread_.join();
}

void Probes::ask(std::vector<ProbeRequest> requests) {
    loop_.post([this, all = std::move(requests)] {
        for (const ProbeRequest& each : all) {
            asked_[each.id] = std::chrono::steady_clock::now();
            begin(each);
        }
    });
}

/// If there is no answer through the VIP, the server itself is asked, to find out which of the two is at fault.
void Probes::begin(const ProbeRequest& request) {
    if (request.mark == 0) return ask_once(request, [this](ProbeAnswer each) { answer(std::move(each)); });
    ask_once(request, [this, request](ProbeAnswer through_vip) {
        if (through_vip.good || !through_vip.asked) return answer(std::move(through_vip));
        ProbeRequest directly = request;
        directly.mark = 0;
        ask_once(directly, [this, request, through_vip](ProbeAnswer answered) {
            if (answered.good) {
                answered.good = false;
                answered.what = to_text(request.address) + " answers, but not for VIP " + to_text(request.vip) + ": " +
                                through_vip.what;
            }
            answer(std::move(answered));
        });
    });
}

void Probes::ask_once(const ProbeRequest& request, const OnAnswer& report) {
    switch (request.check->type) {
        case CheckType::tcp:
            return std::make_shared<TcpAsk>(loop_, request, report)->begin();
        case CheckType::udp:
            return std::make_shared<UdpAsk>(loop_, request, report)->begin();
        case CheckType::dns:
            return std::make_shared<DnsAsk>(loop_, request, report)->begin();
        case CheckType::http:
        case CheckType::https:
            return http_->ask(request, report);
        case CheckType::file:
            return read_file(request);
        case CheckType::exec:
            return execute(request);
        case CheckType::none:
            return;
    }
}

void Probes::execute(const ProbeRequest& request) {
    ChildCommand command{
        .argv = request.check->command, .user = request.check->user, .timeout = request.check->timeout};
    command.environment["LBCONVERGE_SERVER"] = to_text(request.address);
    command.environment["LBCONVERGE_PORT"] = std::to_string(request.port);
    processes_.start(std::move(command),
                     [this, request](const Ended& ended) { answer(answer_of_command(request, ended)); });
}

/// Another thread reads the file, because a file system may be slow.
void Probes::read_file(const ProbeRequest& request) {
    files_.post([this, request] {
        const std::string& path = request.check->path;
        const auto text = kernel::read_file_if_any(path, {.most = most_of_file, .beginning = true});
        ProbeAnswer answered = !text    ? bad(request, text.error().what)
                               : !*text ? bad(request, path + " cannot be read")
                                        : answer_of_file(request, **text);
        loop_.post([this, answered = std::move(answered)]() mutable { answer(std::move(answered)); });
    });
}

void Probes::answer(ProbeAnswer answer) {
    if (const auto asked = asked_.extract(answer.id)) {
        const auto took = std::chrono::steady_clock::now() - asked.mapped();
        answer.took = std::chrono::duration_cast<std::chrono::microseconds>(took);
    }
    answers_.push_back(std::move(answer));
    if (answers_.size() > 1) return;
    flush_.start(flush_interval, [this] { done_(std::exchange(answers_, {})); });
}

}  // namespace lbconverge::daemon
