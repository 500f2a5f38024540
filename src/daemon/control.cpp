#include "lbconverge/daemon/control.hpp"

#include "control_server.hpp"
#include "fd.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace lbconverge::daemon {

namespace {

/// A request with more octets is not listened to.
constexpr std::size_t longest_request = 64 * 1024;

/// bind(2) or connect(2). 0 or errno.
int at_address(int (*call)(int, const sockaddr*, socklen_t), int fd, const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return ENAMETOOLONG;
    path.copy(address.sun_path, path.size());
    return call(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

/// Appends what has arrived. 0: the other end has closed; -1: errno.
ssize_t take(int fd, std::string& text) {
    std::array<char, 4096> room;
    ssize_t size = 0;
    do {
        size = ::recv(fd, room.data(), room.size(), 0);
    } while (size < 0 && errno == EINTR);
    if (size > 0) text.append(room.data(), static_cast<std::size_t>(size));
    return size;
}

/// Sends from `sent` on as much as can be sent, which all is on a socket that blocks. 0 or errno.
int give(int fd, const std::string& text, std::size_t& sent) {
    while (sent < text.size()) {
        const ssize_t size = ::send(fd, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
        if (size < 0 && errno != EINTR) return errno;
        if (size > 0) sent += static_cast<std::size_t>(size);
    }
    return 0;
}

}  // namespace

bool ControlServer::Client::is_root() const {
    ucred who{};
    socklen_t size = sizeof who;
    return ::getsockopt(socket_.fd(), SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && who.uid == 0;
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
    ::chmod(path.c_str(), 0666);  // who may do what is decided by who asks
    accept();
    return {};
}

void ControlServer::close() {
    pause_.cancel();
    listener_.reset();
    ::unlink(path_.c_str());
}

void ControlServer::accept() {
    listener_->when_readable([this] {
        const int fd = ::accept4(listener_->fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        const bool short_of_something = fd < 0 && errno != EAGAIN && errno != ECONNABORTED && errno != EINTR;
        if (fd >= 0) read(std::make_shared<Client>(loop_, fd));
        if (!short_of_something) return accept();
        pause_.start(std::chrono::seconds(1), [this] { accept(); });  // descriptors, for example
    });
}

void ControlServer::read(const ClientPtr& client) {
    client->socket_.when_readable([this, client] {
        std::string& request = client->request_;
        const ssize_t size = take(client->socket_.fd(), request);
        if (size == 0 || (size < 0 && errno != EAGAIN)) return;  // gone
        if (const std::size_t end = request.find('\n'); end != std::string::npos) {
            handler_(request.substr(0, end), client);
        } else if (request.size() < longest_request) {
            read(client);
        }
    });
}

void ControlServer::answer(const ClientPtr& client, const std::string& line) {
    client->reply_ = line + '\n';
    write(client);
}

void ControlServer::write(const ClientPtr& client) {
    if (give(client->socket_.fd(), client->reply_, client->sent_) != EAGAIN) return;  // all, or the client is gone
    client->socket_.when_writable([client] { write(client); });
}

Result<std::optional<std::string>> ask_daemon(const std::string& run_directory, const ControlRequest& request) {
    const auto failed = [](const std::string& why) {
        return fail(ErrorKind::failed, "the daemon did not answer: " + why);
    };
    const Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (fd.get() < 0) return failed(std::strerror(errno));
    int error = at_address(&::connect, fd.get(), run_directory + "/control");
    if (error == ENOENT || error == ECONNREFUSED) return std::nullopt;
    std::size_t sent = 0;
    if (error == 0) error = give(fd.get(), to_text(request) + "\n", sent);
    if (error != 0) return failed(std::strerror(error));
    std::string reply;
    while (reply.find('\n') == std::string::npos) {
        const ssize_t size = take(fd.get(), reply);
        if (size <= 0) return failed(size == 0 ? "End of file" : std::strerror(errno));
    }
    reply.resize(reply.find('\n'));
    return reply;
}

}  // namespace lbconverge::daemon
