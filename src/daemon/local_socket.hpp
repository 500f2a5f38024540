// System calls on a unix stream socket, for both ends of the control socket. Private to src/daemon.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <cstddef>
#include <string>

namespace lbconverge::daemon {

/// Calls bind(2) or connect(2) with this path. Returns 0 or errno.
int at_address(int (*call)(int, const sockaddr*, socklen_t), int fd, const std::string& path);
/// Appends what has arrived, or a part of it. Returns the number of octets; 0: the other end has closed; -1: see errno.
ssize_t take(int fd, std::string& text);
/// Sends the text from octet `sent` on, as much as the socket takes now, and adds that to `sent`. A socket that blocks
/// takes all of it. Returns 0 or errno.
int give(int fd, const std::string& text, std::size_t& sent);

}  // namespace lbconverge::daemon
