#include "listening_socket.hpp"

#include "caught.hpp"
#include "endpoint.hpp"
#include "fd.hpp"
#include "lbconverge/daemon/log.hpp"
#include "local_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace lbconverge::daemon {

namespace {

/// The time between two attempts to open the socket.
constexpr std::chrono::seconds between_attempts{5};
/// After an error of accept(2), which will most likely come again: descriptors or memory are short.
constexpr std::chrono::milliseconds after_failed_accept{250};

/// A socket that nobody listens at was left by a daemon that is gone. Anything else at this path stays.
void remove_left_socket(const std::string& path) {
    struct stat what {};
    if (::lstat(path.c_str(), &what) != 0 || !S_ISSOCK(what.st_mode)) return;
    const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (at_address(&::connect, probe.get(), path) == ECONNREFUSED) ::unlink(path.c_str());
}

/// Returns 0 or errno.
int bind_to(int fd, const config::ListenAddress& where) {
    if (!where.path.empty()) {
        remove_left_socket(where.path);
        return at_address(&::bind, fd, where.path);
    }
    const int on = 1;  // a connection of the last daemon may be remembered still
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const Endpoint at(where.address, where.port);
    return ::bind(fd, at.get(), at.size) == 0 ? 0 : errno;
}

Result<int> listen_at(const config::ListenAddress& where) {
    const int family = where.path.empty() ? static_cast<int>(where.address.family) : AF_UNIX;
    Fd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    int error = fd.get() < 0 ? errno : bind_to(fd.get(), where);
    if (error == 0 && ::listen(fd.get(), SOMAXCONN) != 0) error = errno;
    if (error != 0) return fail(ErrorKind::failed, std::strerror(error));
    if (!where.path.empty()) ::chmod(where.path.c_str(), 0666);  // as the control socket, which says as much
    return fd.release();
}

}  // namespace

void ListeningSocket::move_to(const std::optional<config::ListenAddress>& where) {
    if (where == where_) return;
    close();
    where_ = where;
    if (where_) open();
}

void ListeningSocket::close() {
    pause_.cancel();
    if (socket_ && !where_->path.empty()) ::unlink(where_->path.c_str());
    socket_.reset();
    where_.reset();
    complained_.clear();
}

void ListeningSocket::open() {
    const Result<int> fd = listen_at(*where_);
    if (!fd) {
        complain(fd.error().what + "; it is tried again");
        return pause_.start(between_attempts, [this] { open(); });
    }
    socket_.emplace(loop_, *fd);
    complained_.clear();
    log(Level::info, "metrics: at " + to_text(*where_));
    accept();
}

void ListeningSocket::accept() {
    socket_->when_readable([this] {
        const auto error = caught([this] { return accept_one(); });
        const int what = error.value_or(ENOMEM);
        const bool good = what == 0 || what == EAGAIN || what == ECONNABORTED || what == EINTR;
        if (good) return accept();
        complain(std::strerror(what));
        pause_.start(after_failed_accept, [this] { accept(); });
    });
}

/// Returns 0 or errno.
int ListeningSocket::accept_one() {
    Fd fd(::accept4(socket_->fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd.get() < 0) return errno;
    came_(fd.release());
    return 0;
}

void ListeningSocket::complain(const std::string& why) {
    if (why == complained_) return;
    complained_ = why;
    log(Level::warning, "metrics: " + to_text(*where_) + ": " + why);
}

}  // namespace lbconverge::daemon
