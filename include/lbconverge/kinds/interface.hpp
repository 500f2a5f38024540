// What rtnetlink says of an interface, in a list and in a notification.
#pragma once

#include "lbconverge/model/host_facts.hpp"
#include "lbconverge/wire/attributes.hpp"

#include <optional>

namespace lbconverge::kinds {

/// A whole RTM_NEWLINK, without the address: that is in other messages. nullopt: it is another message, or has no name.
std::optional<Interface> read_interface(wire::Bytes message);

}  // namespace lbconverge::kinds
