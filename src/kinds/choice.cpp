#include "lbconverge/kinds/choice.hpp"

#include "lbconverge/kinds/all.hpp"
#include "siphash.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>

namespace lbconverge::kinds {

namespace {

// The flags of mh and sh are the same bits: mh-fallback and sh-fallback, mh-port and sh-port.
constexpr std::uint32_t fallback_flag = ServiceFlags::scheduler_1;
constexpr std::uint32_t port_flag = ServiceFlags::scheduler_2;

// The keys of mh's two hashes, and the factor of sh and dh (linux: generate_hash_secret, GOLDEN_RATIO_32).
constexpr std::uint64_t mh_first_key = 2654435761;
constexpr std::uint64_t mh_second_key = 2654446892;
constexpr std::uint32_t golden_ratio = 0x61c88647;

constexpr std::array<std::uint32_t, 10> mh_sizes{251, 509, 1021, 2039, 4093, 8191, 16381, 32749, 65521, 131071};
constexpr std::uint32_t first_mh_index = 8;

/// An address as one number. Of an IPv6 server behind an IPv4 service only the first four octets count.
std::uint32_t folded(Family family, const IpAddress& address) {
    std::uint32_t sum = 0;
    for (std::size_t word = 0; word < (family == Family::ipv6 ? 16U : 4U); word += 4) {
        for (std::size_t i = 0; i < 4; ++i) {
            sum ^= std::uint32_t{address.bytes[word + i]} << (8 * (3 - i));
        }
    }
    return sum;
}

std::uint32_t mh_hash(std::uint32_t number, std::uint64_t key) {
    return static_cast<std::uint32_t>(siphash_1_3(number, key));
}

/// log2 of the size: the highest bits of a product are the best mixed.
std::uint32_t golden_hash(std::uint32_t number, std::uint32_t size) {
    return number * golden_ratio >> (32 - std::countr_zero(size));
}

/// The way of one server through the table of mh, and how many slots it takes at each turn.
struct SlotWalk {
    std::uint32_t at = 0;
    std::uint32_t skip = 0;
    std::uint32_t turns = 0;
};

std::vector<SlotWalk> walks_of(const OrderedPool& pool, std::uint32_t size, std::uint32_t weight_bits) {
    std::uint32_t divisor = 0;
    std::uint32_t most = 0;
    for (const PoolServer& each : pool.servers) {
        divisor = std::gcd(divisor, each.last_weight);
        most = std::max(most, each.last_weight);
    }
    if (divisor == 0) return {};
    const auto bits = static_cast<std::uint32_t>(std::bit_width(most / divisor));
    const std::uint32_t shift = bits > weight_bits ? bits - weight_bits : 0;
    std::vector<SlotWalk> walks;
    for (const PoolServer& each : pool.servers) {
        const std::uint32_t number = folded(pool.service.vip.family, each.address) + each.port;
        const std::uint32_t turns = each.last_weight / divisor >> shift;
        walks.push_back({.at = mh_hash(number, mh_first_key) % size,
                         .skip = mh_hash(number, mh_second_key) % (size - 1) + 1,
                         .turns = each.last_weight == 0 ? 0 : std::max(turns, 1U)});
    }
    return walks;
}

std::uint32_t last_weight_in(const config::Service& file, const PoolServer& server) {
    const auto is_it = [&](const config::RealServer& each) {
        return each.address == server.address && each.port == server.port;
    };
    const auto at = std::find_if(file.real_servers.begin(), file.real_servers.end(), is_it);
    if (at != file.real_servers.end()) return at->weight;
    return file.fallback && is_it(*file.fallback) ? file.fallback->weight : 0;
}

bool is_full(const RealServer::Value& value, const RealServer::Facts& facts) {
    return value.upper_threshold != 0 && std::uint64_t{facts.active} + facts.inactive >= value.upper_threshold;
}

/// Of the flags, those that a scheduler reads.
ServiceFlags for_the_scheduler(std::uint32_t bits) { return {bits & (fallback_flag | port_flag)}; }

}  // namespace

bool comes_before(const RealServer::Key& a, const RealServer::Key& b) { return b < a; }

bool has_slot_table(const ShortName& scheduler) { return scheduler == "mh" || scheduler == "sh" || scheduler == "dh"; }

FileServices::FileServices(const config::Config* config) {
    if (config == nullptr) return;
    for (const config::Service& each : config->services) all_.emplace(Service::key_of(each), &each);
}

const config::Service* FileServices::find(const Service::Key& key) const {
    const auto at = all_.find(key);
    return at == all_.end() ? nullptr : at->second;
}

OrderedPool pool_of(const config::Service& service) {
    OrderedPool pool{Service::key_of(service), service.scheduler, for_the_scheduler(service.scheduler_flags), {}};
    for (const config::RealServer& each : service.real_servers) {
        pool.servers.push_back({each.address, each.port, each.weight, each.weight});
    }
    std::sort(pool.servers.begin(), pool.servers.end(), [&](const PoolServer& a, const PoolServer& b) {
        return comes_before({pool.service, a.address, a.port}, {pool.service, b.address, b.port});
    });
    return pool;
}

std::optional<OrderedPool> pool_of(const Service::Key& service, const Observed& observed, const config::Service* file) {
    const std::uint32_t at = observed.get<Service>().find(service);
    if (at == Seen<Service>::npos) return std::nullopt;
    const Service::Value& value = observed.get<Service>().row(at).value;
    const Seen<RealServer>& seen = observed.get<RealServer>();
    const auto rows = seen.rows();
    const auto first =
        std::lower_bound(rows.begin(), rows.end(), service,
                         [](const Row<RealServer>& row, const auto& key) { return row.key.service < key; });
    std::vector<std::size_t> order;
    for (auto each = first; each != rows.end() && each->key.service == service; ++each) {
        order.push_back(static_cast<std::size_t>(each - rows.begin()));
    }
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const auto position = seen.note(a).position <=> seen.note(b).position;
        return position != 0 ? position < 0 : comes_before(seen.row(a).key, seen.row(b).key);
    });
    OrderedPool pool{service, value.scheduler, for_the_scheduler(value.flags.bits), {}};
    for (const std::size_t i : order) {
        const Row<RealServer>& row = seen.row(i);
        PoolServer server{row.key.address, row.key.port, row.value.weight, row.value.weight};
        server.overloaded = is_full(row.value, seen.note(i));
        if (server.weight == 0 && file != nullptr) server.last_weight = last_weight_in(*file, server);
        pool.servers.push_back(server);
    }
    return pool;
}

std::optional<SlotTable> SlotTable::of(OrderedPool pool, const TableSizes& sizes) {
    const std::uint32_t index = sizes.mh_index - first_mh_index;
    if (pool.scheduler == "mh" && index < mh_sizes.size() && pool.servers.size() <= mh_sizes[index]) {
        SlotTable table(std::move(pool), Hash::mh, mh_sizes[index]);
        table.fill_mh(sizes.mh_index / 2);
        return table;
    }
    if (pool.scheduler == "sh") {
        SlotTable table(std::move(pool), Hash::sh, 1U << sizes.sh_bits);
        table.fill_sh();
        return table;
    }
    if (pool.scheduler == "dh") {
        SlotTable table(std::move(pool), Hash::dh, 1U << sizes.dh_bits);
        table.fill_dh();
        return table;
    }
    return std::nullopt;
}

/// One server after the other takes the next slot of its own way that is free, as often as its weight says.
void SlotTable::fill_mh(std::uint32_t weight_bits) {
    std::vector<SlotWalk> walks = walks_of(pool_, size_, weight_bits);
    if (walks.empty()) return;
    owners_.assign(size_, Choice::none);
    std::uint32_t filled = 0;
    while (filled < size_) {
        for (std::uint32_t server = 0; server < walks.size(); ++server) {
            SlotWalk& walk = walks[server];
            for (std::uint32_t turn = 0; turn < walk.turns && filled < size_; ++turn, ++filled) {
                while (owners_[walk.at] != Choice::none) walk.at = (walk.at + walk.skip) % size_;
                owners_[walk.at] = server;
            }
        }
    }
}

/// As many slots in a row as the weight says, again and again. Weight 0 has one, too.
void SlotTable::fill_sh() {
    if (pool_.servers.empty()) return;
    while (owners_.size() < size_) {
        for (std::uint32_t server = 0; server < pool_.servers.size(); ++server) {
            const std::size_t room = size_ - owners_.size();
            owners_.insert(owners_.end(), std::min<std::size_t>(std::max(pool_.servers[server].weight, 1U), room),
                           server);
        }
    }
}

void SlotTable::fill_dh() {
    if (pool_.servers.empty()) return;
    for (std::uint32_t slot = 0; slot < size_; ++slot) {
        owners_.push_back(slot % static_cast<std::uint32_t>(pool_.servers.size()));
    }
}

bool SlotTable::by_port() const { return hash_ != Hash::dh && (pool_.flags.bits & port_flag) != 0; }

bool SlotTable::falls_back() const { return hash_ != Hash::dh && (pool_.flags.bits & fallback_flag) != 0; }

std::uint32_t SlotTable::slot_of(const ClientPacket& client, std::uint32_t offset) const {
    const Family family = pool_.service.vip.family;
    if (hash_ == Hash::dh) return golden_hash(folded(family, client.destination), size_);
    const std::uint32_t number = folded(family, client.address) + (by_port() ? client.port : 0U);
    if (hash_ == Hash::sh) return (golden_hash(number, size_) + offset) % size_;
    return mh_hash(number + offset, mh_first_key) % size_;
}

Choice SlotTable::choose(const ClientPacket& client) const {
    Choice choice{.slot = slot_of(client, 0)};
    if (owners_.empty()) return choice;
    choice.owner = owners_[choice.slot];
    if (available(choice.slot)) choice.server = choice.owner;
    if (choice.server != Choice::none || !falls_back()) return choice;
    // Once round the table, from a place that the first slot decides.
    for (std::uint32_t i = 0; i < size_; ++i) {
        const std::uint32_t slot = slot_of(client, (choice.slot + i) % size_);
        if (!available(slot)) continue;
        choice.server = owners_[slot];
        break;
    }
    return choice;
}

std::optional<std::uint32_t> SlotTable::certain(std::uint32_t slot) const {
    if (owners_.empty()) return Choice::none;
    if (available(slot)) return owners_[slot];
    if (!falls_back() || std::none_of(pool_.servers.begin(), pool_.servers.end(),
                                      [](const PoolServer& each) { return each.available(); })) {
        return Choice::none;
    }
    if (hash_ == Hash::mh) return std::nullopt;
    // As in choose(): sh adds the slot to itself, and goes on from there.
    for (std::uint32_t i = 0; i < size_; ++i) {
        const std::uint32_t next = (slot + slot + i) % size_;
        if (available(next)) return owners_[next];
    }
    return Choice::none;
}

std::uint32_t SlotTable::slots_of(std::uint32_t server) const {
    return static_cast<std::uint32_t>(std::count(owners_.begin(), owners_.end(), server));
}

std::uint64_t SlotTable::fingerprint() const {
    Fingerprint print;
    const auto add = [&](std::uint32_t number) {
        for (int shift = 24; shift >= 0; shift -= 8) {
            const auto octet = static_cast<std::uint8_t>(number >> shift);
            print.add(&octet, 1);
        }
    };
    print.add(pool_.scheduler.view());
    add((by_port() ? port_flag : 0) | (falls_back() ? fallback_flag : 0));
    add(size_);
    for (const std::uint32_t owner : owners_) {
        const PoolServer& server = pool_.servers[owner];
        print.add(server.address.bytes.data(), server.address.bytes.size());
        add(static_cast<std::uint32_t>(server.address.family) << 24 | std::uint32_t{server.available()} << 16 |
            server.port);
    }
    return print.value();
}

bool choose_alike(const OrderedPool& a, const OrderedPool& b) {
    const auto first = SlotTable::of(a);
    const auto second = SlotTable::of(b);
    return !first || !second || first->fingerprint() == second->fingerprint();
}

}  // namespace lbconverge::kinds
