#include "control_server.hpp"

#include "caught.hpp"
#include "fd.hpp"
#include "lbconverge/daemon/log.hpp"
#include "lbconverge/model/exit.hpp"
#include "local_socket.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace lbconverge::daemon {

namespace {

/// The largest request that is accepted, in octets. The name of a file may need most of it.
constexpr std::size_t longest_request = std::size_t{64} * 1024;
/// The pause after an error of accept(2). The error will most likely come again: descriptors or memory are short, or
/// the call is forbidden.
constexpr std::chrono::milliseconds pause_after_error{250};

constexpr const char* too_many = "too many clients of the control socket; try again";
constexpr const char* too_slow = "the request took too long";

/// The user of the client; nullopt: the kernel does not say.
std::optional<unsigned> user_of(int fd) {
    ucred who{};
    socklen_t size = sizeof who;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return std::nullopt;
    return who.uid;
}

/// Only for a client that was sent nothing yet: such a short text always fits into the socket.
void say_no(int fd, const char* why) {
    std::size_t sent = 0;
    give(fd, *ControlServer::line_of({.exit = exit_busy, .errors = {why}}), sent);
}

}  // namespace

ControlServer::SharedReply ControlServer::line_of(const ControlReply& reply) {
    return std::make_shared<const std::string>(to_text(reply) + '\n');
}

Result<void> ControlServer::listen(const std::string& path) {
    path_ = path;
    ::unlink(path.c_str());
    const auto failed = [&](int error) { return fail(ErrorKind::failed, path + ": " + std::strerror(error)); };
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return failed(errno);
    listener_.emplace(loop_, fd);
    const int error = at_address(&::bind, fd, path);
    if (error != 0) return failed(error);
    if (::listen(fd, SOMAXCONN) != 0) return failed(errno);
    ::chmod(path.c_str(), 0666);  // any user may connect; the handler decides what a user may do
    accept();
    return {};
}

void ControlServer::close() {
    pause_.cancel();
    overdue_.cancel();
    listener_.reset();
    clients_.clear();
    ::unlink(path_.c_str());
}

void ControlServer::accept() {
    listener_->when_readable([this] {
        const auto error = caught([this] { return accept_one(); });
        const int what = error.value_or(ENOMEM);
        const bool good = what == 0 || what == EAGAIN || what == ECONNABORTED || what == EINTR;
        if (good) return accept();
        complain(what);
        pause_.start(pause_after_error, [this] { accept(); });
    });
}

/// Logs the error, once a minute at most.
void ControlServer::complain(int error) {
    const auto now = std::chrono::steady_clock::now();
    if (complained_ && now - *complained_ < std::chrono::minutes(1)) return;
    complained_ = now;
    log(Level::error, path_ + ": " + std::strerror(error));
}

/// Returns 0 or errno.
int ControlServer::accept_one() {
    Fd fd(::accept4(listener_->fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd.get() < 0) return errno;
    if (const auto user = user_of(fd.get())) admit(fd.release(), *user);
    return 0;
}

void ControlServer::admit(int fd, unsigned user) {
    Connection connection(loop_, fd, user == 0);
    const auto [admitted, gives_way] = admission_.admit(user, std::chrono::steady_clock::now());
    if (gives_way) send_away(*gives_way, too_many);
    if (!admitted) return say_no(fd, too_many);
    clients_.emplace(*admitted, std::move(connection));
    watch_the_clock();
    read(*admitted);  // most clients have sent their request already
}

void ControlServer::read(Admission::Client client) {
    const auto at = clients_.find(client);
    if (at == clients_.end()) return;
    Connection& connection = at->second;
    const std::size_t before = connection.request.size();
    const ssize_t size = take(connection.socket.fd(), connection.request);
    if (size == 0 || (size < 0 && errno != EAGAIN)) return send_away(client, nullptr);
    if (connection.request.find('\n', before) != std::string::npos) return heard(client, connection);
    if (connection.request.size() < longest_request) {
        connection.socket.when_readable([this, client] { read(client); });
    } else {
        admission_.asked(client);
        refuse(client, {ErrorKind::usage, "the request is too long", {}});
    }
}

void ControlServer::heard(Admission::Client client, Connection& connection) {
    admission_.asked(client);
    std::string line = std::move(connection.request);
    line.resize(line.find('\n'));
    connection.request = {};
    const auto done = caught([&, is_root = connection.is_root] {
        if (const auto request = parse_request(line)) {
            handler_(*request, client, is_root);
        } else {
            refuse(client, request.error());
        }
    });
    if (done) return;
    log(Level::error, "a request on the control socket: " + done.error().what);
    refuse(client, done.error());
}

void ControlServer::answer(Admission::Client client, const ControlReply& reply) { answer(client, line_of(reply)); }

void ControlServer::refuse(Admission::Client client, const Error& error) {
    answer(client, ControlReply{.exit = exit_code(error.kind), .errors = {error.what}});
}

void ControlServer::answer(Admission::Client client, const SharedReply& line) {
    const auto at = clients_.find(client);
    if (at == clients_.end() || at->second.reply != nullptr) return;
    at->second.reply = line;
    const auto now = std::chrono::steady_clock::now();
    for (const Admission::Client each : admission_.answered(client, line.get(), line->size(), now))
        send_away(each, nullptr);
    write(client);
    watch_the_clock();
}

void ControlServer::write(Admission::Client client) {
    const auto at = clients_.find(client);
    if (at == clients_.end()) return;
    Connection& connection = at->second;
    const int error = give(connection.socket.fd(), *connection.reply, connection.sent);
    if (error != EAGAIN) return send_away(client, nullptr);  // the client has all of it, or is gone
    connection.socket.when_writable([this, client] { write(client); });
}

/// A client that was sent nothing yet is told why, if there is a reason to tell.
void ControlServer::send_away(Admission::Client client, const char* why) {
    admission_.gone(client);
    const auto at = clients_.find(client);
    if (at == clients_.end()) return;
    if (why != nullptr && at->second.reply == nullptr) say_no(at->second.socket.fd(), why);
    clients_.erase(at);
}

void ControlServer::watch_the_clock() {
    const auto next = admission_.next();
    if (!next) return overdue_.cancel();
    overdue_.start(*next - std::chrono::steady_clock::now(), [this] {
        for (const Admission::Client each : admission_.overdue(std::chrono::steady_clock::now()))
            send_away(each, too_slow);
        watch_the_clock();
    });
}

}  // namespace lbconverge::daemon
