#include "picture.hpp"

#include <doctest/doctest.h>

namespace lbconverge::daemon {

TEST_CASE("of several pictures the loop is told once, and takes the newest") {
    HostPictures pictures;
    const auto config = std::make_shared<const config::Config>();
    const auto old = std::make_shared<const kinds::Observed>();
    const auto newer = std::make_shared<const kinds::Observed>();
    CHECK(pictures.take() == nullptr);
    CHECK(pictures.draw(old, config));
    CHECK_FALSE(pictures.draw(newer, config));
    const HostPicturePtr taken = pictures.take();
    REQUIRE(taken != nullptr);
    CHECK(taken->seen == newer);
    CHECK(taken->config == config);
    CHECK(pictures.take() == nullptr);
    CHECK(pictures.draw(old, config));
}

}  // namespace lbconverge::daemon
