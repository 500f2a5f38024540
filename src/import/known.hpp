// What the readers of ipvsadm's commands and of ldirectord.cf share. Private to import.
#pragma once

#include "model.hpp"

#include <algorithm>

namespace lbconverge::importer {

constexpr std::string_view known_schedulers[] = {"rr", "wrr", "lc",  "wlc", "lblc", "lblcr", "dh",
                                                 "sh", "mh",  "sed", "nq",  "fo",   "ovf",   "twos"};

/// That of most servers becomes the service's, so that few servers need a word of their own.
inline Forwarding commonest_forwarding(const std::vector<ServerBlock>& servers) {
    const auto count = [&](Forward method) {
        return std::ranges::count_if(servers,
                                     [&](const ServerBlock& each) { return each.forwarding->method == method; });
    };
    Forwarding best{.method = Forward::direct};
    for (const Forward each : {Forward::masquerade, Forward::tunnel}) {
        if (count(each) > count(best.method)) best.method = each;
    }
    return best;
}

}  // namespace lbconverge::importer
