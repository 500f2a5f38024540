// The file of keys that a VRRP instance names (auth_key_file): its text as values. Pure; no message has a part of a
// key.
#pragma once

#include "lbconverge/config/config.hpp"
#include "lbconverge/model/result.hpp"

#include <string_view>

namespace lbconverge::config {

/// Puts the keys of the file's text into the instance, and says which of them signs. A line is the id of a key, a
/// space, and the key: "hex:" and its octets, or its text. invalid_input: "FILE:3: a key has 32 to 64 octets".
Result<void> take_auth_keys(std::string_view text, Vrrp& vrrp);

}  // namespace lbconverge::config
