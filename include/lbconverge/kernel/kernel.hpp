// The kernel of this host, over netlink and /proc/sys.
#pragma once

#include "lbconverge/plan/kernel.hpp"

#include <functional>
#include <memory>

namespace lbconverge::kernel {

/// For a caller that needs every kind: an Error where something could not be read.
inline Result<std::shared_ptr<const kinds::Observed>> complete(Result<std::shared_ptr<const kinds::Observed>> seen) {
    if (seen && !(*seen)->unread.empty()) return tl::unexpected((*seen)->unread.front().second);
    return seen;
}

/// How the real kernel is talked to.
struct LinuxOptions {
    bool may_load_ipvs = false;           ///< resolving the IPVS family loads module ip_vs; a dry run must not
    std::size_t batch_bytes = 64 * 1024;  ///< of netlink messages per system call; 0: one step at a time
    /// Told once what cannot be read because libnftables is not installed; the rest is read then. Without it, an error.
    std::function<void(const Error&)> left_out{};
};

/// The kernel of the network namespace that the calling thread is in. Sockets are opened at the first use.
std::unique_ptr<plan::Kernel> linux_kernel(LinuxOptions options);

}  // namespace lbconverge::kernel
