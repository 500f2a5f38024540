#include "admission.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace lbconverge::daemon {

std::size_t Admission::count_of(unsigned user) const {
    const auto same = [&](const auto& each) { return each.second.user == user; };
    return static_cast<std::size_t>(std::count_if(clients_.begin(), clients_.end(), same));
}

/// The client that gives way, of this user, or of all users but root. nullopt: none of their clients can.
std::optional<Admission::Client> Admission::least_entitled(std::optional<unsigned> user, Time now) const {
    std::optional<Client> found;
    std::tuple<std::size_t, bool> least{0, false};
    for (const auto& [id, client] : clients_) {  // the oldest first
        if (user ? client.user != *user : client.user == 0) continue;
        const bool silent = client.stage == Stage::asking;
        const bool slow = client.stage == Stage::taking && now - client.since >= limits_.grace;
        const std::tuple<std::size_t, bool> rank{count_of(client.user), silent};
        if ((!silent && !slow) || (found && rank <= least)) continue;
        found = id;
        least = rank;
    }
    return found;
}

Admission::Decision Admission::admit(unsigned user, Time now) {
    const bool of_user = count_of(user) >= (user == 0 ? limits_.root : limits_.user);
    const bool of_all = user != 0 && strangers() >= limits_.strangers;
    Decision decision;
    if (of_user || of_all) {
        decision.gives_way = least_entitled(of_user ? std::optional(user) : std::nullopt, now);
        if (!decision.gives_way) return decision;
        gone(*decision.gives_way);
    }
    decision.admitted = ++last_;
    clients_[last_] = {.user = user, .stage = Stage::asking, .since = now};
    return decision;
}

void Admission::asked(Client client) {
    if (const auto at = clients_.find(client); at != clients_.end()) at->second.stage = Stage::waiting;
}

std::vector<Admission::Client> Admission::answered(Client client, const void* answer, std::size_t octets, Time now) {
    const auto at = clients_.find(client);
    if (at == clients_.end()) return {};
    at->second = {.user = at->second.user, .stage = Stage::taking, .since = now, .answer = answer, .octets = octets};
    std::vector<Client> sent_away;
    while (octets_beside(answer) > limits_.octets) {
        sent_away.push_back(*slowest_beside(answer));
        gone(sent_away.back());
    }
    return sent_away;
}

std::size_t Admission::octets_beside(const void* answer) const {
    std::set<const void*> counted{answer, nullptr};
    std::size_t sum = 0;
    for (const auto& [id, client] : clients_) {
        if (counted.insert(client.answer).second) sum += client.octets;
    }
    return sum;
}

/// The client that has been taking another answer for the longest time; a client of root only if there is no other. The
/// caller knows that there is one, since only clients that take an answer have octets.
std::optional<Admission::Client> Admission::slowest_beside(const void* answer) const {
    std::optional<Client> slowest;
    std::tuple<bool, Time> first;
    for (const auto& [id, client] : clients_) {
        if (client.stage != Stage::taking || client.answer == answer) continue;
        const std::tuple<bool, Time> rank{client.user == 0, client.since};
        if (slowest && rank >= first) continue;
        slowest = id;
        first = rank;
    }
    return slowest;
}

std::vector<Admission::Client> Admission::overdue(Time now) {
    std::vector<Client> over;
    for (const auto& [id, client] : clients_) {
        if (client.stage != Stage::waiting && now - client.since >= limits_.patience) over.push_back(id);
    }
    for (const Client each : over) gone(each);
    return over;
}

std::optional<Admission::Time> Admission::next() const {
    std::optional<Time> next;
    for (const auto& [id, client] : clients_) {
        if (client.stage == Stage::waiting) continue;
        next = std::min(next.value_or(Time::max()), client.since + limits_.patience);
    }
    return next;
}

}  // namespace lbconverge::daemon
