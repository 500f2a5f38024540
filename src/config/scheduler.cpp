#include "lbconverge/config/mistakes.hpp"
#include "sections.hpp"

#include <algorithm>

namespace lbconverge::config {

namespace {

// Those of Linux 6.1 and 6.12, and "none": a service that takes no new connections.
constexpr std::string_view schedulers[] = {"rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh",  "sh",
                                           "mh", "sed", "nq", "fo",  "ovf",  "twos",  "none"};

struct Flag {
    std::string_view word;
    std::string_view scheduler;  ///< empty: any
    std::uint32_t bit;           ///< IP_VS_SVC_F_SCHED1..3 (linux/ip_vs.h)
};
constexpr Flag flags[] = {{"sh-fallback", "sh", fallback_flag},
                          {"sh-port", "sh", 0x10},
                          {"mh-fallback", "mh", fallback_flag},
                          {"mh-port", "mh", 0x10},
                          {"flag-1", "", 0x8},
                          {"flag-2", "", 0x10},
                          {"flag-3", "", 0x20}};

void read_flag(const std::string& word, Source source, Service& service, Diagnostics& problems) {
    const auto* const flag =
        std::find_if(std::begin(flags), std::end(flags), [&](const Flag& f) { return f.word == word; });
    if (flag == std::end(flags)) {
        std::vector<std::string_view> words;
        for (const Flag& each : flags) words.push_back(each.word);
        problems.error(source, "no scheduler has a flag " + in_quotes(word), suggestion(word, words));
        return;
    }
    if (!flag->scheduler.empty() && service.scheduler.view() != flag->scheduler) {
        problems.error(source, "scheduler " + in_quotes(service.scheduler.view()) + " has no flag " + in_quotes(word),
                       "it belongs to scheduler = " + in_quotes(flag->scheduler));
    }
    service.scheduler_flags |= flag->bit;
}

}  // namespace

void read_scheduler(Reader& in, Service& service) {
    std::string name;
    if (in.text("scheduler", name)) {
        if (std::find(std::begin(schedulers), std::end(schedulers), name) == std::end(schedulers)) {
            in.problems().error(in.place("scheduler"),
                                "there is no scheduler " + in_quotes(name) + ": the service could not be created",
                                suggestion(name, schedulers), mistake("LVS27").code);
        }
        service.scheduler = ShortName(name);
    }
    std::vector<std::string> words;
    // Without it the clients of a server of weight 0, such as one that is drained, would be refused (ip_vs_mh.c,
    // ip_vs_sh.c).
    const bool set = in.texts("scheduler_flags", words);
    if (!set && has_fallback_flag(service.scheduler)) service.scheduler_flags = fallback_flag;
    for (const std::string& word : words) read_flag(word, in.place("scheduler_flags"), service, in.problems());
}

}  // namespace lbconverge::config
