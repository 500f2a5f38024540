// The kernel of this host, over netlink and /proc/sys.
#pragma once

#include "lbconverge/plan/kernel.hpp"

#include <atomic>
#include <functional>
#include <memory>

namespace lbconverge::kernel {

/// For callers that need all kinds: an Error if a kind could not be read.
inline Result<std::shared_ptr<const kinds::Observed>> complete(Result<std::shared_ptr<const kinds::Observed>> seen) {
    if (seen && !(*seen)->unread.empty()) return tl::unexpected((*seen)->unread.front().second);
    return seen;
}

/// Options for the real kernel.
struct LinuxOptions {
    bool may_load_ipvs = false;           ///< resolving the IPVS family loads module ip_vs; a dry run must not
    std::size_t batch_bytes = 64 * 1024;  ///< of netlink messages per system call; 0: one step at a time
    /// Called once if libnftables is not installed; the rest of the kernel is read then. If it is empty, that is an
    /// error.
    std::function<void(const Error&)> left_out{};
    /// While this is true, reading fails as soon as it can; writing does not. It must outlive the kernel.
    const std::atomic<bool>* cut_short = nullptr;
    bool only_needed = false;  ///< facts() tells of the needed interfaces only, and costs nothing for the others
};

/// The kernel of the network namespace that the calling thread is in. Sockets are opened at the first use.
std::unique_ptr<plan::Kernel> linux_kernel(LinuxOptions options);

}  // namespace lbconverge::kernel
