// A unix stream socket, as both ends of the control socket use it. Private to src/daemon.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <cstddef>
#include <string>

namespace lbconverge::daemon {

/// bind(2) or connect(2). 0 or errno.
int at_address(int (*call)(int, const sockaddr*, socklen_t), int fd, const std::string& path);
/// Appends what has arrived, or a part of it. 0: the other end has closed; -1: errno.
ssize_t take(int fd, std::string& text);
/// Sends from `sent` on as much as can be sent, which all is on a socket that blocks. 0 or errno.
int give(int fd, const std::string& text, std::size_t& sent);

}  // namespace lbconverge::daemon
