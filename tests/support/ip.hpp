// Only for tests.
#pragma once

#include "lbconverge/model/address.hpp"

#include <string_view>

namespace lbconverge::test {

/// An address that is known to be one.
inline IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

}  // namespace lbconverge::test
