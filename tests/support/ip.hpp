// Addresses in tests. Only for tests.
#pragma once

#include "lbconverge/model/address.hpp"

#include <string_view>

namespace lbconverge::test {

/// The address of a text that is a valid address.
inline IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

}  // namespace lbconverge::test
