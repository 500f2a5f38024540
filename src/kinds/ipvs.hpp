// The header of a message to IPVS. Private to src/kinds.
#pragma once

#include <linux/genetlink.h>
#include <linux/ip_vs.h>

#include <cstdint>

namespace lbconverge::kinds {

/// `command`: IPVS_CMD_* of linux/ip_vs.h.
constexpr genlmsghdr ipvs_header(std::uint8_t command) {
    return {.cmd = command, .version = IPVS_GENL_VERSION, .reserved = 0};
}

}  // namespace lbconverge::kinds
