// What the readers of ipvsadm's commands and of ldirectord.cf share. Private to import.
#pragma once

#include "lbconverge/config/suggestion.hpp"
#include "model.hpp"

#include <algorithm>

namespace lbconverge::importer {

constexpr std::string_view known_schedulers[] = {"rr", "wrr", "lc",  "wlc", "lblc", "lblcr", "dh",
                                                 "sh", "mh",  "sed", "nq",  "fo",   "ovf",   "twos"};

constexpr std::string_view known_flags[] = {"sh-fallback", "sh-port", "mh-fallback", "mh-port",
                                            "flag-1",      "flag-2",  "flag-3"};

/// Words between commas, each of which must be a flag of a scheduler; the others are said.
inline std::vector<std::string> flags_of(std::string_view text, Place at, std::string_view keyword, Remarks& remarks) {
    std::vector<std::string> flags;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        const std::string_view word = text.substr(begin, end - begin);
        begin = end + 1;
        if (std::ranges::find(known_flags, word) != std::end(known_flags)) {
            flags.emplace_back(word);
        } else if (!word.empty()) {
            remarks.broken(at, std::string(keyword),
                           config::in_quotes(word) + " is no flag of a scheduler: it is left out",
                           config::suggestion(word, known_flags));
        }
    }
    return flags;
}

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
