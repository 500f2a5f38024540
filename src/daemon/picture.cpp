#include "picture.hpp"

#include "links.hpp"

#include <utility>

namespace lbconverge::daemon {

bool HostPictures::draw(kernel::Surroundings seen, node::ConfigPtr config) {
    auto picture = std::make_shared<HostPicture>();
    picture->memberships = read_memberships(config->vrrp);
    picture->links = links_of(*seen, *config);
    picture->config = std::move(config);
    picture->seen = std::move(seen);
    const std::lock_guard guard(mutex_);
    return std::exchange(newest_, std::move(picture)) == nullptr;
}

HostPicturePtr HostPictures::take() {
    const std::lock_guard guard(mutex_);
    return std::exchange(newest_, nullptr);
}

}  // namespace lbconverge::daemon
