#include "lbconverge/health/board.hpp"

#include "lbconverge/kinds/via_vip.hpp"

#include <algorithm>

namespace lbconverge::health {

using kinds::RealServer;
using kinds::Service;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

/// The shortest time between two wake-ups. With it, ten thousand checks a second need a hundred turns of the loop and
/// not ten thousand.
constexpr Duration slot = milliseconds(10);
/// The first probes are spread over this time, or over the interval if that is shorter.
constexpr Duration first_spread = seconds(1);
/// The code that asks reports a time-out itself and says more about it. If an answer is this late, it is lost.
constexpr Duration answer_grace = seconds(1);
/// Intervals vary by up to a twentieth in both directions, so that checks do not all ask at the same moment.
constexpr int jitter_share = 20;

/// The number of servers that `keep` means, rounded up. A server with weight 0 in the file is in no pool.
std::uint32_t least_of(const config::Service& service) {
    const auto all = std::count_if(service.real_servers.begin(), service.real_servers.end(),
                                   [](const config::RealServer& each) { return each.weight > 0; });
    return static_cast<std::uint32_t>((all * service.keep + 99) / 100);
}

/// SplitMix64's finalizer: the same everywhere for the same probe and question.
std::uint64_t mixed(std::uint64_t value) {
    value += 0x9e3779b97f4a7c15ULL;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
    return value ^ (value >> 31);
}

/// 0 to bound - 1 microseconds.
Duration spread(const Probe& probe, Duration bound) {
    const auto most = static_cast<std::uint64_t>(std::max<Duration::rep>(bound.count(), 1));
    return Duration(static_cast<Duration::rep>(mixed(probe.id << 32 ^ probe.run) % most));
}

Duration interval_of(const Probe& probe) {
    const Duration interval = probe.check->interval;
    const Duration share = interval / jitter_share;
    return interval - share + spread(probe, 2 * share);
}

seconds age(Instant since, Instant now) { return std::chrono::floor<seconds>(std::max(now - since, Duration{0})); }

/// Two checks with the same text are the same check, wherever they stand in the file.
std::string text_of(const config::Check& check) {
    std::string text;
    const auto add = [&](std::string_view part) { text.append(part).append(1, '\0'); };
    for (const auto number : {static_cast<std::int64_t>(check.type), static_cast<std::int64_t>(check.interval.count()),
                              static_cast<std::int64_t>(check.timeout.count()), std::int64_t{check.fall},
                              std::int64_t{check.rise}, std::int64_t{check.port}}) {
        add(std::to_string(number));
    }
    for (const std::string* part : {&check.path, &check.host, &check.expect, &check.user, &check.via}) add(*part);
    add(check.verify ? "verify" : "");
    for (const std::uint16_t status : check.status) add(std::to_string(status));
    for (const std::string& word : check.command) add(word);
    return text;
}

}  // namespace

std::vector<Found> found_in(const kinds::Observed& observed, const kinds::Health& health) {
    std::vector<Found> all;
    const auto& rows = observed.get<RealServer>();
    for (const kinds::ServerOpinion& each : health.servers) {
        if (each.is != Liveness::unknown) continue;
        Found found{each.key};
        const std::uint32_t at = rows.find(each.key);
        if (at != kinds::Seen<RealServer>::npos) found.weight = rows.row(at).value.weight;
        all.push_back(found);
    }
    return all;
}

// ---- what there is to check ----------------------------------------------------------------------------------------

Board::CheckPtr Board::shared(const config::Check& check) {
    CheckPtr& known = checks_[text_of(check)];
    if (known == nullptr) known = std::make_shared<const config::Check>(check);
    return known;
}

std::uint32_t Board::probe_for(const CheckPtr& check, const Member& member, const Pool& pool,
                               std::map<Identity, Probe>& before, std::map<Identity, std::uint32_t>& made) {
    const std::uint16_t port = check->port != 0 ? check->port : member.port;
    const Service::Key through = check->via.empty() ? Service::Key{} : pool.key;
    const Identity identity{check.get(), member.address, port, through};
    const auto [at, fresh] = made.try_emplace(identity, static_cast<std::uint32_t>(probes_.size()));
    if (!fresh) return at->second;
    if (const auto old = before.find(identity); old != before.end()) {
        probes_.push_back(std::move(old->second));
        probes_.back().places.clear();
        return at->second;
    }
    probes_.push_back({.id = ++last_id_, .check = check, .address = member.address, .port = port, .service = through});
    return at->second;
}

void Board::configure(const config::Config& config, Instant now) {
    std::map<Identity, Probe> before;
    for (Probe& each : probes_) {
        const Identity identity{each.check.get(), each.address, each.port, each.service};
        before.emplace(identity, std::move(each));
    }
    const std::vector<Pool> old = std::exchange(pools_, {});
    probes_.clear();
    due_.clear();
    exceptions_.clear();
    std::map<Identity, std::uint32_t> made;
    const bool balances = config.role != Role::real_server;
    for (std::uint32_t s = 0; balances && s < config.services.size(); ++s) {
        const config::Service& service = config.services[s];
        Pool pool{.key = Service::key_of(service),
                  .name = service.name,
                  .quorum = service.quorum,
                  .hysteresis = service.hysteresis,
                  .fallback = service.fallback.has_value(),
                  .least = least_of(service)};
        pool.members.reserve(service.real_servers.size());
        for (const config::RealServer& server : service.real_servers) {
            Member member{server.address, server.port, server.weight, no_probe};
            const std::int32_t check = server.check >= 0 ? server.check : service.check;
            if (check >= 0 && config.checks[static_cast<std::size_t>(check)].type != config::CheckType::none) {
                const CheckPtr what = shared(config.checks[static_cast<std::size_t>(check)]);
                member.probe = probe_for(what, member, pool, before, made);
                probes_[member.probe].places.emplace_back(s, static_cast<std::uint32_t>(pool.members.size()));
            }
            pool.members.push_back(member);
        }
        pools_.push_back(std::move(pool));
    }
    for (const kinds::ViaVip& each : kinds::checked_via_vip(config)) {
        probes_[pools_[each.service].members[each.server].probe].mark = each.mark;
    }
    take_over_pools(old, pools_);
    by_id_.clear();
    unknown_ = down_ = 0;
    for (std::uint32_t i = 0; i < probes_.size(); ++i) {
        const Probe& probe = probes_[i];
        by_id_.emplace(probe.id, i);
        if (probe.begun) due_.emplace(probe.next, i);
        if (probe.is == Liveness::unknown) ++unknown_;
        if (probe.is == Liveness::down) ++down_;
        if (probe.is != Liveness::up || probe.weight) exceptions_.insert(i);
    }
    recount_all(now);
    changed_ = changed_ || !before.empty() || !drains_.empty();
}

/// What was decided about a service and its servers counts on.
void Board::take_over_pools(const std::vector<Pool>& before, std::vector<Pool>& pools) {
    std::map<Service::Key, const Pool*> by_key;
    for (const Pool& each : before) by_key.emplace(each.key, &each);
    for (Pool& each : pools) {
        const auto was = by_key.find(each.key);
        if (was == by_key.end()) continue;
        each.standing = was->second->standing;
        each.since = was->second->since;
        std::map<std::pair<IpAddress, std::uint16_t>, const Member*> members;
        for (const Member& old : was->second->members) members.emplace(std::pair(old.address, old.port), &old);
        for (Member& member : each.members) {
            const auto same = members.find({member.address, member.port});
            if (same == members.end()) continue;
            member.kept = same->second->kept;
            member.leaves_at = same->second->leaves_at;
        }
    }
}

RealServer::Key Board::key_of(std::pair<std::uint32_t, std::uint32_t> place) const {
    const Pool& pool = pools_[place.first];
    const Member& member = pool.members[place.second];
    return {pool.key, member.address, member.port};
}

std::vector<Board::Keyed> Board::by_key() const {
    std::vector<Keyed> all;
    for (std::uint32_t i = 0; i < probes_.size(); ++i) {
        for (const auto& [pool, member] : probes_[i].places) {
            all.push_back({key_of({pool, member}), i, pools_[pool].members[member].weight});
        }
    }
    std::sort(all.begin(), all.end(), [](const Keyed& a, const Keyed& b) { return a.key < b.key; });
    return all;
}

const Board::Keyed* Board::find(const std::vector<Keyed>& all, const RealServer::Key& key) {
    const auto at = std::lower_bound(all.begin(), all.end(), key,
                                     [](const Keyed& each, const RealServer::Key& k) { return each.key < k; });
    return at != all.end() && at->key == key ? &*at : nullptr;
}

// ---- the start -----------------------------------------------------------------------------------------------------

void Board::remember(const kinds::Health& before, Instant now) {
    const std::vector<Keyed> servers = by_key();
    for (const kinds::ServerOpinion& each : before.servers) {
        const Keyed* known = find(servers, each.key);
        if (known == nullptr || probes_[known->probe].is != Liveness::unknown) continue;
        become(known->probe, each.is, each.weight, each.why, now - each.age);
        begin(known->probe, now);
        probes_[known->probe].was_up = each.was_up;
        for (const auto& [pool, member] : probes_[known->probe].places) {
            Member& place = pools_[pool].members[member];
            if (key_of({pool, member}) != each.key) continue;
            place.kept = each.kept;
            place.gone = each.is == Liveness::down && !each.kept && each.gone;
            if (place.gone) place.leaves_at = now;
        }
    }
    for (Pool& pool : pools_) {
        const kinds::Shortage* shortage = before.of(pool.key);
        if (shortage == nullptr) continue;
        pool.standing = Standing::short_;
        pool.since = now - shortage->age;
    }
    drains_.clear();
    for (const kinds::Drained& each : before.drains) drains_.push_back({each, now - each.age});
    recount_all(now);
}

void Board::begin(std::uint32_t index, Instant now) {
    Probe& probe = probes_[index];
    probe.begun = true;
    schedule(index, now + spread(probe, std::min<Duration>(probe.check->interval, first_spread)));
}

void Board::found(const std::vector<Found>& rows, Instant now) {
    struct Usage {
        bool used = false, unused = false;
    };
    if (rows.empty()) return;
    const std::vector<Keyed> servers = by_key();
    std::map<std::uint32_t, Usage> touched;
    for (const Found& each : rows) {
        const Keyed* known = find(servers, each.key);
        if (known == nullptr || probes_[known->probe].begun) continue;
        Usage& row = touched[known->probe];
        const bool drained = std::any_of(drains_.begin(), drains_.end(),
                                         [&](const ActiveDrain& drain) { return drain.what.covers(each.key); });
        row.used = row.used || each.weight.value_or(0) > 0;
        // A weight of 0 because of a drain or the file says nothing about health.
        row.unused = row.unused || (each.weight == 0U && !drained && known->weight != 0);
    }
    for (const auto& [index, row] : touched) {
        if (row.used) {
            become(index, Liveness::up, {}, "in use at the start", now);
        } else if (row.unused) {
            become(index, Liveness::down, {}, "it had weight 0 at the start", now);
        }
        begin(index, now);
    }
}

void Board::assume_up(Instant now) {
    for (std::uint32_t i = 0; i < probes_.size(); ++i) {
        if (probes_[i].is == Liveness::unknown) become(i, Liveness::up, {}, "not checked", now);
    }
    settle_all(now);
}

// ---- the course of a check -----------------------------------------------------------------------------------------

void Board::schedule(std::uint32_t index, Instant at) {
    Probe& probe = probes_[index];
    due_.erase({probe.next, index});
    probe.next = at;
    due_.emplace(at, index);
}

std::optional<Instant> Board::wake_at() const {
    std::optional<Instant> first;
    if (!due_.empty()) first = due_.begin()->first;
    if (!leaving_.empty()) first = std::min(first.value_or(Instant::max()), std::get<Instant>(*leaving_.begin()));
    if (!first) return std::nullopt;
    return Instant((first->time_since_epoch() + slot - Duration(1)) / slot * slot);
}

std::vector<ProbeRequest> Board::tick(Instant now) {
    std::vector<ProbeRequest> requests;
    while (!leaving_.empty() && std::get<Instant>(*leaving_.begin()) <= now) {
        const auto [at, pool, member] = *leaving_.begin();
        leaving_.erase(leaving_.begin());
        pools_[pool].members[member].gone = true;
        changed_ = true;
    }
    while (!due_.empty() && due_.begin()->first <= now) {
        const std::uint32_t index = due_.begin()->second;
        Probe& probe = probes_[index];
        if (std::exchange(probe.running, false)) {
            fail(index, "no answer", now);
            schedule(index, std::max(now + Duration(1), probe.asked + interval_of(probe)));
            continue;
        }
        probe.running = true;
        probe.asked = now;
        requests.push_back(
            {probe.id, ++probe.run, probe.check, probe.address, probe.port, probe.service.vip, probe.mark});
        // A check via the VIP without an answer asks the server itself as well, so it may take twice the time.
        schedule(index, now + (probe.mark == 0 ? 1 : 2) * probe.check->timeout + answer_grace);
    }
    return requests;
}

void Board::answered(const ProbeAnswer& answer, Instant now) {
    const auto at = by_id_.find(answer.id);
    if (at == by_id_.end()) return;  // the configuration has changed meanwhile
    Probe& probe = probes_[at->second];
    if (!probe.running || probe.run != answer.run) return;
    probe.running = false;
    if (answer.asked) probe.took = answer.took;
    schedule(at->second, std::max(now, probe.asked + interval_of(probe)));
    if (!answer.asked) {
        probe.why = answer.what;
    } else if (answer.good) {
        succeed(at->second, answer, now);
    } else {
        fail(at->second, answer.what, now);
    }
}

void Board::fail(std::uint32_t index, const std::string& why, Instant now) {
    Probe& probe = probes_[index];
    if (probe.is == Liveness::down) {
        probe.row = 0;
        if (probe.why != why) changed_ = true;
        probe.why = why;
        return;
    }
    const bool first = probe.is == Liveness::unknown;
    if (first || ++probe.row >= probe.check->fall) become(index, Liveness::down, {}, why, now);
}

void Board::succeed(std::uint32_t index, const ProbeAnswer& answer, Instant now) {
    Probe& probe = probes_[index];
    if (probe.is == Liveness::up) {
        probe.row = 0;
        if (probe.weight != answer.weight) become(index, Liveness::up, answer.weight, answer.what, now);
        return;
    }
    const bool first = probe.is == Liveness::unknown;
    if (first || ++probe.row >= probe.check->rise) become(index, Liveness::up, answer.weight, answer.what, now);
}

void Board::become(std::uint32_t index, Liveness is, std::optional<std::uint32_t> weight, std::string why,
                   Instant now) {
    Probe& probe = probes_[index];
    count(probe, false);
    const Liveness from = std::exchange(probe.is, is);
    if (from != is) {
        probe.since = now;
        news_.push_back({probe.address, probe.port, probe.check->type, from, is, why});
    }
    if (from == Liveness::unknown && is != from) --unknown_;
    if (from == Liveness::down) --down_;
    if (is == Liveness::down) ++down_;
    if (is == Liveness::up) probe.was_up = true;
    probe.weight = weight;
    probe.why = std::move(why);
    probe.row = 0;
    count(probe, true);
    for (const auto& place : probe.places) {
        judge(pools_[place.first], now);
        doubtful_.insert(place.first);
    }
    if (is != Liveness::up || weight) exceptions_.insert(index);
    if (is == Liveness::up && !weight) exceptions_.erase(index);
    changed_ = true;
}

// ---- services ------------------------------------------------------------------------------------------------------

void Board::count(Pool& pool, const Member& member, bool in) const {
    const Probe* probe = member.probe == no_probe ? nullptr : &probes_[member.probe];
    const Liveness is = probe == nullptr ? Liveness::up : probe->is;
    const std::uint32_t weight = probe != nullptr && probe->weight ? *probe->weight : member.weight;
    if (member.drained || weight == 0) return;
    const std::uint32_t by = in ? 1U : ~0U;  // wraps round to minus one
    if (is == Liveness::up) pool.live += by;
    if (is == Liveness::unknown) pool.unknown += by;
}

void Board::count(const Probe& probe, bool in) {
    for (const auto& [pool, member] : probe.places) count(pools_[pool], pools_[pool].members[member], in);
}

/// A pool is short if it is below its quorum. It is not short any more once it has quorum + hysteresis. As long as
/// unknown servers could decide it, nothing changes.
Board::Standing Board::standing_of(const Pool& pool) {
    const std::uint32_t wanted = pool.quorum + (pool.standing == Standing::short_ ? pool.hysteresis : 0);
    if (pool.live + pool.unknown < wanted) return Standing::short_;
    return pool.live >= wanted ? Standing::met : pool.standing;
}

void Board::judge(Pool& pool, Instant now) {
    const Standing is = standing_of(pool);
    const Standing was = std::exchange(pool.standing, is);
    if (was == is) return;
    pool.since = now;
    changed_ = true;
    if (is == Standing::met && was == Standing::unknown) return;
    quorum_news_.push_back({pool.key, is == Standing::met, pool.live, pool.fallback});
}

bool Board::drained(const Pool& pool, const Member& member) const {
    return std::any_of(drains_.begin(), drains_.end(), [&](const ActiveDrain& each) {
        return each.what.covers({pool.key, member.address, member.port});
    });
}

void Board::recount_all(Instant now) {
    for (Pool& pool : pools_) {
        pool.live = pool.unknown = 0;
        for (Member& member : pool.members) {
            member.drained = drained(pool, member);
            count(pool, member, true);
        }
        judge(pool, now);
    }
    settle_all(now);
}

std::optional<bool> Board::service_is_up(std::string_view name) const {
    std::optional<bool> up;
    for (const Pool& pool : pools_) {
        if (pool.name != name && Service::id(pool.key) != name) continue;
        if (pool.standing == Standing::unknown) return std::nullopt;
        up = up.value_or(true) && pool.standing == Standing::met;
    }
    return up;
}

// ---- the operator --------------------------------------------------------------------------------------------------

bool Board::drain(const kinds::Drained& what, Instant now) {
    const auto same = [&](const ActiveDrain& each) { return each.what.same_as(what); };
    if (std::any_of(drains_.begin(), drains_.end(), same)) return false;
    drains_.push_back({what, now});
    recount_all(now);
    changed_ = true;
    return true;
}

/// Undrain takes back every drain that `what` covers: without a port or a service, also those of one port or one
/// service.
bool Board::undrain(const kinds::Drained& what, Instant now) {
    const auto within = [&](const ActiveDrain& each) {
        return each.what.address == what.address && (what.port == 0 || each.what.port == what.port) &&
               (!what.service || each.what.service == what.service);
    };
    if (std::erase_if(drains_, within) == 0) return false;
    recount_all(now);
    changed_ = true;
    return true;
}

// ---- what comes of it ----------------------------------------------------------------------------------------------

kinds::Health Board::health(Instant now) const {
    kinds::Health out;
    for (const std::uint32_t index : exceptions_) {
        const Probe& probe = probes_[index];
        for (const auto& place : probe.places) {
            const Member& member = pools_[place.first].members[place.second];
            out.servers.push_back({key_of(place), probe.is, probe.weight, probe.why, age(probe.since, now),
                                   probe.was_up, member.kept, member.gone});
        }
    }
    for (const Pool& pool : pools_) {
        if (!pool.fallback || pool.standing == Standing::met) continue;
        out.shortages.push_back({pool.key, pool.standing == Standing::short_, age(pool.since, now)});
    }
    for (const Pool& pool : pools_) {
        if (pool.incomplete) out.incomplete.push_back(pool.key);
    }
    std::sort(out.incomplete.begin(), out.incomplete.end());
    for (const ActiveDrain& each : drains_) {
        out.drains.push_back(each.what);
        out.drains.back().age = age(each.since, now);
    }
    const auto by_key = [](const auto& a, const auto& b) { return a.key < b.key; };
    std::sort(out.servers.begin(), out.servers.end(), by_key);
    std::sort(out.shortages.begin(), out.shortages.end(), by_key);
    return out;
}

}  // namespace lbconverge::health
