#include "probes.hpp"

#include "http_probes.hpp"
#include "lbconverge/wire/dns.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/post.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace lbconverge::daemon {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;
using config::CheckType;
using health::ProbeAnswer;
using health::ProbeRequest;

namespace {

/// Answers are handed over together: the loop has a hundred turns a second from them at most.
constexpr auto flush_interval = std::chrono::milliseconds(5);
/// More of a file is not read: it is to say one word.
constexpr std::size_t most_of_file = 64;
constexpr std::size_t most_of_datagram = 4096;

void set_mark(int socket, std::uint32_t mark, boost::system::error_code& error) {
    if (::setsockopt(socket, SOL_SOCKET, SO_MARK, &mark, sizeof mark) != 0) {
        error.assign(errno, boost::system::system_category());
    }
}

ProbeAnswer bad(const ProbeRequest& request, std::string what) {
    return {request.id, request.run, false, std::move(what), {}};
}
ProbeAnswer good(const ProbeRequest& request, std::string what) {
    return {request.id, request.run, true, std::move(what), {}};
}

asio::ip::address address_of(const IpAddress& address) {
    if (address.family == Family::ipv4) {
        asio::ip::address_v4::bytes_type bytes{};
        std::copy_n(address.bytes.begin(), bytes.size(), bytes.begin());
        return asio::ip::address_v4(bytes);
    }
    asio::ip::address_v6::bytes_type bytes{};
    std::copy_n(address.bytes.begin(), bytes.size(), bytes.begin());
    return asio::ip::address_v6(bytes);
}

/// One question over one socket: it ends with the first of answer, error and time-out.
template <class Protocol>
class Ask : public std::enable_shared_from_this<Ask<Protocol>> {
public:
    Ask(asio::io_context& loop, ProbeRequest request, OnAnswer report)
        : request_(std::move(request)), report_(std::move(report)), socket_(loop), timer_(loop) {}
    virtual ~Ask() = default;

    void begin() {
        const auto self = this->shared_from_this();
        timer_.expires_after(request_.check->timeout);
        timer_.async_wait([self](const boost::system::error_code& error) {
            if (!error) self->timed_out();
        });
        boost::system::error_code error;
        const bool through_vip = request_.mark != 0;
        const typename Protocol::endpoint to(address_of(through_vip ? request_.vip : request_.address), request_.port);
        socket_.open(to.protocol(), error);
        if (!error && through_vip) mark(error);
        if (error) return end(not_asked(request_, std::strerror(error.value())));
        prepare(socket_);
        socket_.async_connect(to, [self](const boost::system::error_code& failed) {
            if (self->ended_) return;
            failed ? self->refused(failed) : self->connected();
        });
    }

private:
    void mark(boost::system::error_code& error) {
        set_mark(socket_.native_handle(), request_.mark, error);
        const auto source = error ? std::nullopt : source_towards(request_.address);
        if (source) socket_.bind(typename Protocol::endpoint(address_of(*source), 0), error);
    }

protected:
    virtual void prepare(typename Protocol::socket&) {}
    virtual void connected() = 0;
    virtual void timed_out() { end(bad(request_, "connect timed out")); }

    void refused(const boost::system::error_code& error) {
        const bool here = is_of_this_host(error.value());
        end(here ? not_asked(request_, std::strerror(error.value()))
                 : bad(request_, "connect " + reason_text(error.value())));
    }
    void end(const ProbeAnswer& answer) {
        if (std::exchange(ended_, true)) return;
        timer_.cancel();
        boost::system::error_code ignored;
        socket_.close(ignored);
        report_(answer);
    }

    ProbeRequest request_;
    OnAnswer report_;
    typename Protocol::socket socket_;
    asio::steady_timer timer_;
    bool ended_ = false;
};

class TcpAsk : public Ask<tcp> {
public:
    using Ask::Ask;

private:
    /// Ended with a reset: ten thousand checks a second would leave half a million sockets in TIME_WAIT.
    void prepare(tcp::socket& socket) override {
        boost::system::error_code ignored;
        socket.set_option(tcp::socket::linger(true, 0), ignored);
    }
    void connected() override { end(good(request_, "connected")); }
};

/// A datagram goes out; what comes of it the kinds of checks judge.
class DatagramAsk : public Ask<udp> {
public:
    using Ask::Ask;

protected:
    virtual std::string question() = 0;
    virtual void heard(std::string_view text) = 0;
    void connected() override {
        const auto self = shared_from_this();
        question_ = question();
        socket_.async_send(asio::buffer(question_), [this, self](const boost::system::error_code& error, std::size_t) {
            if (ended_) return;
            if (error) return refused(error);
            listen();
        });
    }
    /// Whatever is not the answer is not listened to; an ICMP error comes as an error of the connected socket.
    void listen() {
        const auto self = shared_from_this();
        socket_.async_receive(asio::buffer(answer_),
                              [this, self](const boost::system::error_code& error, std::size_t size) {
                                  if (ended_) return;
                                  if (error) return refused(error);
                                  heard({answer_.data(), size});
                                  if (!ended_) listen();
                              });
    }

private:
    std::string question_;
    std::array<char, most_of_datagram> answer_{};
};

/// Nobody has to answer a datagram that means nothing; but a port where nobody listens is refused (ICMP).
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
        // Who refuses to speak of the root is well; of the name that the file has it has to know something.
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
    asio::io_context loop;
    udp::socket socket(loop);
    boost::system::error_code error;
    const udp::endpoint to(address_of(address), 9);  // nothing is sent: the port does not matter
    socket.connect(to, error);
    const auto from = error ? udp::endpoint() : socket.local_endpoint(error);
    if (error) return std::nullopt;
    return IpAddress::parse(from.address().to_string());
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

/// keepalived's convention for checks that give a weight, so that such scripts can stay as they are.
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
      work_(loop_.get_executor()),
      flush_(loop_),
      http_(std::make_unique<HttpProbes>(loop_)),
      processes_(loop_),
      thread_([this] { loop_.run(); }) {}

Probes::~Probes() {
    loop_.stop();
    thread_.join();
}

void Probes::ask(std::vector<ProbeRequest> requests) {
    asio::post(loop_, [this, all = std::move(requests)] {
        for (const ProbeRequest& each : all) begin(each);
    });
}

/// Without an answer through the VIP the server itself is asked: which of the two is wrong?
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
    Command command{.argv = request.check->command, .user = request.check->user, .timeout = request.check->timeout};
    command.environment["LBCONVERGE_SERVER"] = to_text(request.address);
    command.environment["LBCONVERGE_PORT"] = std::to_string(request.port);
    processes_.start(std::move(command),
                     [this, request](const Ended& ended) { answer(answer_of_command(request, ended)); });
}

/// A file may lie where reading takes time.
void Probes::read_file(const ProbeRequest& request) {
    files_.post([this, request] {
        std::ifstream in(request.check->path, std::ios::binary);
        std::string text(most_of_file, '\0');
        in.read(text.data(), static_cast<std::streamsize>(text.size()));
        text.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
        const bool there = in.is_open();
        asio::post(loop_, [this, request, text, there] {
            answer(there ? answer_of_file(request, text) : bad(request, request.check->path + " cannot be read"));
        });
    });
}

void Probes::answer(ProbeAnswer answer) {
    answers_.push_back(std::move(answer));
    if (answers_.size() > 1) return;
    flush_.expires_after(flush_interval);
    flush_.async_wait([this](const boost::system::error_code& error) {
        if (!error) done_(std::exchange(answers_, {}));
    });
}

}  // namespace lbconverge::daemon
