#include "local_socket.hpp"

#include <sys/un.h>

#include <array>
#include <cerrno>

namespace lbconverge::daemon {

int at_address(int (*call)(int, const sockaddr*, socklen_t), int fd, const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return ENAMETOOLONG;
    path.copy(address.sun_path, path.size());
    return call(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

ssize_t take(int fd, std::string& text) {
    std::array<char, 16 * 1024> room;
    ssize_t size = 0;
    do {
        size = ::recv(fd, room.data(), room.size(), 0);
    } while (size < 0 && errno == EINTR);
    if (size > 0) text.append(room.data(), static_cast<std::size_t>(size));
    return size;
}

int give(int fd, const std::string& text, std::size_t& sent) {
    while (sent < text.size()) {
        const ssize_t size = ::send(fd, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
        if (size < 0 && errno != EINTR) return errno;
        if (size > 0) sent += static_cast<std::size_t>(size);
    }
    return 0;
}

}  // namespace lbconverge::daemon
