// What the loop learns about the interfaces of the host, as pictures. The thread of the watch draws them, since that
// takes time. The loop takes only the newest picture, so older ones cost it nothing. Private to src/daemon.
#pragma once

#include "lbconverge/kernel/watch.hpp"
#include "lbconverge/node/messages.hpp"
#include "memberships.hpp"

#include <memory>
#include <mutex>

namespace lbconverge::daemon {

struct HostPicture {
    node::ConfigPtr config;  ///< the configuration for which it was drawn
    kernel::Surroundings seen;
    node::Links links;
    Memberships memberships;
};
using HostPicturePtr = std::shared_ptr<const HostPicture>;

class HostPictures {
public:
    /// From any thread. True: the loop has taken all earlier pictures, and must be told that there is a new one.
    bool draw(kernel::Surroundings seen, node::ConfigPtr config);
    /// The newest picture; nullptr: there is none since the last call.
    HostPicturePtr take();

private:
    std::mutex mutex_;
    HostPicturePtr newest_;
};

}  // namespace lbconverge::daemon
