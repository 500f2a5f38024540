#include "lbconverge/sim/fault.hpp"

#include "lbconverge/sim/simulation.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace lbconverge::sim {

using std::chrono::milliseconds;

namespace {

constexpr std::uint64_t most_faults = 10;
constexpr Duration least_duration = milliseconds(20);

std::uint64_t parameter_of(FaultKind kind, Random& random) {
    switch (kind) {
        case FaultKind::loss:
        case FaultKind::duplicate:
            return 100 + random.below(901);
        case FaultKind::failing:
            return 100 + random.below(700);
        case FaultKind::delay:
        case FaultKind::reorder:
            return 1 + random.below(random.chance(200) ? 3000 : 200);
        case FaultKind::slow:
            return 1 + random.below(random.chance(200) ? 300 : 30);
        case FaultKind::pause:
            return random.below(3);
        case FaultKind::clock:
            return 500'000 + random.below(1'500'000);
        case FaultKind::setting:
        case FaultKind::step:
        case FaultKind::foreign:
        case FaultKind::peer:
            return random.below(64);
        case FaultKind::untold:
            return random.chance(300) ? 1000 + random.below(2) : 100 + random.below(800);
        case FaultKind::address:
        case FaultKind::mac:
        case FaultKind::no_socket:
        case FaultKind::unsent:
        case FaultKind::gone:
        case FaultKind::refused:
        case FaultKind::route:
        case FaultKind::server:
        case FaultKind::link:
        case FaultKind::track:
        case FaultKind::reload:
            return random.below(8);
        default:
            return 0;
    }
}

/// Some for one node only; partitions for any group.
std::uint64_t nodes_of(FaultKind kind, std::size_t nodes, Random& random) {
    const std::uint64_t one = std::uint64_t{1} << random.below(nodes);
    const std::uint64_t all = (std::uint64_t{1} << nodes) - 1;
    const bool network = kind <= FaultKind::one_way;
    if (!network) return random.chance(100) ? all : one;
    const std::uint64_t some = random.next() & all;
    return some == 0 || some == all ? one : some;
}

/// Short and long ones alike: the exponent is drawn, not the duration. In milliseconds, which is how they are written.
Duration duration_of(Random& random, Duration window) {
    Duration duration = least_duration * static_cast<Duration::rep>(std::uint64_t{1} << random.below(10));
    duration += random.between(Duration{0}, duration);
    return std::chrono::floor<milliseconds>(std::min(duration, window / 2));
}

/// One stop after the other, with time to settle in between. S6 demands that each of them leaves no gap.
void planned_stops(Random& random, const ScheduleRules& rules, std::vector<Fault>& schedule) {
    constexpr Duration pace = std::chrono::seconds(20);
    for (Instant at = Instant(pace); at + pace < Instant(rules.window); at += pace) {
        schedule.push_back({.id = schedule.size(),
                            .kind = FaultKind::stop,
                            .start = at + random.between(Duration{0}, std::chrono::seconds(2)),
                            .duration = milliseconds(4000 + random.below(2000)),
                            .nodes = std::uint64_t{1} << random.below(rules.nodes)});
    }
}

void anything(Random& random, const ScheduleRules& rules, std::vector<Fault>& schedule) {
    const std::vector<FaultKind> kinds(rules.kinds.begin(), rules.kinds.end());
    const std::uint64_t count = 1 + random.below(most_faults);
    for (std::uint64_t i = 0; i < count; ++i) {
        const FaultKind kind = kinds[random.below(kinds.size())];
        Fault fault{.id = schedule.size(), .kind = kind};
        fault.duration = duration_of(random, rules.window);
        fault.start = Instant(random.between(Duration{0}, rules.window - fault.duration));
        fault.nodes = nodes_of(kind, rules.nodes, random);
        fault.parameter = parameter_of(kind, random);
        schedule.push_back(fault);
    }
}

}  // namespace

std::string seconds_text(Duration duration) {
    const auto ms = duration.count() / 1000;
    const std::string rest = std::to_string(ms % 1000);
    return std::to_string(ms / 1000) + "." + std::string(3 - rest.size(), '0') + rest + " s";
}

std::string seconds_text(Instant at) { return seconds_text(at.time_since_epoch()); }

std::string to_text(const Fault& fault, std::span<const std::string> nodes) {
    std::string text = "#" + std::to_string(fault.id) + " " + std::string(to_text(fault.kind));
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        if (fault.touches(i)) text += " " + nodes[i];
    }
    if (fault.parameter != 0) text += " (" + std::to_string(fault.parameter) + ")";
    return text + ", " + seconds_text(fault.start) + " to " + seconds_text(fault.end());
}

std::vector<Fault> make_schedule(Random random, const ScheduleRules& rules) {
    std::vector<Fault> schedule;
    if (rules.kinds.empty()) return schedule;
    const std::uint64_t style = random.below(8);
    const bool all = rules.kinds.size() == fault_kinds;
    if (all && style == 0) return schedule;
    if (all && style == 1) {
        planned_stops(random, rules, schedule);
    } else {
        anything(random, rules, schedule);
    }
    return schedule;
}

std::string to_text(std::span<const Kept> kept) {
    if (kept.empty()) return "none";
    std::string text;
    for (const Kept& each : kept) {
        if (!text.empty()) text += ",";
        text += std::to_string(each.id);
        if (each.duration.count() > 0) text += ":" + std::to_string(each.duration.count() / 1000) + "ms";
    }
    return text;
}

Result<std::vector<Kept>> parse_kept(std::string_view text) {
    std::vector<Kept> kept;
    if (text == "none") return kept;
    for (bool more = true; more;) {
        const std::string_view word = text.substr(0, text.find(','));
        more = word.size() < text.size();
        text.remove_prefix(more ? word.size() + 1 : text.size());
        const std::size_t colon = word.find(':');
        std::uint64_t id = 0;
        std::uint64_t ms = 0;
        bool good = lbconverge::from_text(word.substr(0, colon), id);
        if (colon != std::string_view::npos) {
            std::string_view time = word.substr(colon + 1);
            good = good && time.ends_with("ms") && lbconverge::from_text(time.substr(0, time.size() - 2), ms) &&
                   ms < 1'000'000'000;
        }
        if (!good) {
            return fail(ErrorKind::usage, "\"" + std::string(word) + "\" is not the number of a fault",
                        "--only 3,7 or, with another duration, --only 3,7:1500ms");
        }
        kept.push_back({id, milliseconds(ms)});
    }
    return kept;
}

std::vector<Fault> only(const std::vector<Fault>& schedule, std::span<const Kept> kept) {
    std::vector<Fault> faults;
    for (const Fault& fault : schedule) {
        const auto at = std::find_if(kept.begin(), kept.end(), [&](const Kept& each) { return each.id == fault.id; });
        if (at == kept.end()) continue;
        faults.push_back(fault);
        if (at->duration.count() > 0) faults.back().duration = at->duration;
    }
    return faults;
}

}  // namespace lbconverge::sim
