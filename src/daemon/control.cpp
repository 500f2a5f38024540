// The command line's end of the control socket.
#include "lbconverge/daemon/control.hpp"

#include "fd.hpp"
#include "local_socket.hpp"

#include <sys/time.h>

#include <cerrno>
#include <cstring>

namespace lbconverge::daemon {

namespace {

void limit_waiting(int fd, std::chrono::seconds patience) {
    const timeval time{.tv_sec = patience.count(), .tv_usec = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

}  // namespace

Result<std::optional<ControlReply>> ask_daemon(const std::string& run_directory, const ControlRequest& request,
                                               std::optional<std::chrono::seconds> patience) {
    const auto failed = [](const std::string& why) {
        return fail(ErrorKind::failed, "the daemon did not answer: " + why);
    };
    const Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (fd.get() < 0) return failed(std::strerror(errno));
    if (patience) limit_waiting(fd.get(), *patience);
    int error = at_address(&::connect, fd.get(), run_directory + "/control");
    if (error == ENOENT || error == ECONNREFUSED) return std::nullopt;
    std::size_t sent = 0;
    if (error == 0) error = give(fd.get(), to_text(request) + "\n", sent);
    const bool sent_away = error == EPIPE || error == ECONNRESET;  // there may be an answer all the same
    if (error != 0 && !sent_away) return failed(std::strerror(error));
    std::string line;
    for (std::size_t seen = 0; line.find('\n', seen) == std::string::npos;) {
        seen = line.size();
        const ssize_t size = take(fd.get(), line);
        if (size < 0 && errno == EAGAIN)
            return failed("it took longer than " + std::to_string(patience->count()) + " s");
        if (size <= 0) return failed(size == 0 ? "End of file" : std::strerror(errno));
    }
    line.resize(line.find('\n'));
    return parse_reply(line);
}

}  // namespace lbconverge::daemon
