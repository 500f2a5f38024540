#include "status.hpp"

#include "lbconverge/health/drain.hpp"
#include "lbconverge/node/node.hpp"
#include "lbconverge/wire/json.hpp"

#include <nlohmann/json.hpp>

namespace lbconverge::daemon {

using wire::Json;

namespace {

/// Converts points in time to seconds since 1970, so that they mean the same on other hosts.
class Times {
public:
    Times(Instant now, std::chrono::system_clock::time_point wall) : now_(now), wall_(wall) {}
    [[nodiscard]] double operator()(Instant at) const {
        const auto then = std::chrono::time_point_cast<std::chrono::milliseconds>(wall_ - (now_ - at));
        return static_cast<double>(then.time_since_epoch().count()) / 1000.0;
    }

private:
    Instant now_;
    std::chrono::system_clock::time_point wall_;
};

/// A list that may be as long as the tables is cut after this many entries. Status also has the length of the whole
/// list.
constexpr std::size_t few = 20;

template <class List, class ToJson>
void set_few(Json& json, const std::string& name, const List& list, ToJson to_json) {
    Json& first = json[name] = Json::array();
    for (const auto& each : list) {
        if (first.size() == few) break;
        first.push_back(to_json(each));
    }
    json[name + "_count"] = list.size();
}

double in_seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

Json counters_json(const node::Instance& instance) {
    const vrrp::Counters& counters = instance.machine.counters();
    Json json{{"sent", counters.sent},
              {"unsent", instance.unsent},
              {"received", counters.heard},
              {"signed", counters.trusted},
              {"became_master", counters.became_master},
              {"late", counters.late},
              {"other_vips", counters.other_addresses},
              {"other_interval", counters.other_interval}};
    json["transitions"] = Json::object();
    for (const auto& [reason, name] : names_of(vrrp::TransitionReason{})) {
        const std::uint64_t count = counters.transitions[static_cast<std::size_t>(reason)];
        if (count != 0) json["transitions"][std::string(name)] = count;
    }
    json["dropped"] = Json::object();
    const auto add = [&](std::string_view why, std::uint64_t count) {  // "version" is in both lists
        if (count == 0) return;
        Json& total = json["dropped"][std::string(why)];
        total = (total.is_null() ? 0 : total.get<std::uint64_t>()) + count;
    };
    for (std::size_t i = 0; i < vrrp::drop_count; ++i) {
        add(vrrp::to_text(static_cast<vrrp::Drop>(i)), counters.dropped[i]);
    }
    for (std::size_t i = 0; i < wire::vrrp_refusal_count; ++i) {
        add(wire::to_text(static_cast<wire::VrrpRefusal>(i)), instance.refused[i]);
    }
    return json;
}

/// Of its keys only the ids.
Json authentication_json(const std::optional<vrrp::Authentication>& rules) {
    if (!rules) return nullptr;
    Json json{{"mode", std::string(to_text(rules->mode))}, {"active_key", rules->active}, {"keys", Json::array()}};
    for (const SigningKey& each : rules->keys) json["keys"].push_back(each.id);
    return json;
}

Json instance_json(const node::Instance& instance, const Times& time) {
    const vrrp::Machine& machine = instance.machine;
    const vrrp::Settings& settings = machine.settings();
    Json json{{"name", settings.name},
              {"interface", instance.interface.str()},
              {"vrid", settings.vrid},
              {"version", settings.version},
              {"family", std::string(to_text(settings.family))},
              {"state", std::string(vrrp::to_text(machine.state()))},
              {"undecided", machine.undecided()},
              {"since", time(machine.since())},
              {"why", machine.why()},
              {"priority", settings.priority},
              {"base_priority", instance.base_priority},
              {"advert_interval", in_seconds(settings.interval)},
              {"down_interval", in_seconds(machine.down_interval())}};
    json["sync_group"] = instance.group.empty() ? Json(nullptr) : Json(instance.group);
    json["tracks"] = instance.tracks;
    json["source"] = machine.source() ? Json(to_text(*machine.source())) : Json(nullptr);
    json["vips"] = Json::array();
    for (const plan::Announcement& vip : instance.vips) json["vips"].push_back(to_text(vip.address));
    json["not_served"] = Json::array();
    for (const node::DarkVip& each : instance.dark) {
        json["not_served"].push_back({{"vip", to_text(each.address)}, {"why", each.why}});
    }
    json["peers"] = Json::array();
    for (const IpAddress& peer : settings.peers) json["peers"].push_back(to_text(peer));
    json["heard"] = nullptr;
    if (const auto& peer = machine.peer()) {
        json["heard"] = {{"address", to_text(peer->address)},
                         {"priority", peer->priority},
                         {"advert_interval", in_seconds(peer->interval)},
                         {"same_vips", peer->same_addresses},
                         {"key", peer->key ? Json(*peer->key) : Json(nullptr)},
                         {"at", time(peer->at)}};
    }
    json["authentication"] = authentication_json(settings.authentication);
    json["counters"] = counters_json(instance);
    json["transitions"] = Json::array();
    for (const node::Transition& each : instance.history) {
        json["transitions"].push_back({{"at", time(each.at)},
                                       {"from", std::string(vrrp::to_text(each.from))},
                                       {"to", std::string(vrrp::to_text(each.to))},
                                       {"why", each.why}});
    }
    return json;
}

Json track_json(const node::Track& track, const Times& time) {
    Json json{{"name", track.settings().name},
              {"type", std::string(to_text(track.settings().type))},
              {"state", std::string(to_text(track.opinion()))},
              {"why", track.why()},
              {"since", nullptr},
              {"weight", track.settings().weight},
              {"share", track.share()}};
    if (track.opinion() != node::TrackOpinion::unknown) json["since"] = time(track.since());
    return json;
}

Json hook_json(const node::HookQueue& queue, const Times& time) {
    const auto text = [](node::HookState state) {
        return state == node::HookState::none ? Json(nullptr) : Json(std::string(to_text(state)));
    };
    Json json{{"vrrp", queue.instance()},
              {"on", queue.hook().on},
              {"command", queue.hook().command.front()},  // the arguments may be secret
              {"running", text(queue.running())},
              {"attempt", queue.attempts()},
              {"retry_at", queue.retry_at() ? Json(time(*queue.retry_at())) : Json(nullptr)},
              {"overtaken", queue.overtaken()},
              {"last", nullptr}};
    if (const auto& last = queue.last()) {
        json["last"] = {{"state", text(last->state)},       {"at", time(last->at)},         {"good", last->good},
                        {"attempts", last->attempts},       {"overtaken", last->overtaken}, {"said", last->said},
                        {"seconds", in_seconds(last->took)}};
    }
    return json;
}

Json lane_json(const node::LaneState& lane, const Times& time) {
    Json json{{"converged", lane.converged && lane.last.error.empty() && lane.last.obstacle.empty()},
              {"busy", lane.busy},
              {"runs", lane.runs},
              {"changes", lane.changes},
              {"failures", lane.failures},
              {"repaired", lane.repaired}};
    if (lane.runs == 0) return json;
    json["last"] = {{"at", time(lane.finished)}, {"seconds", in_seconds(lane.took)}, {"changes", lane.last.done},
                    {"held", lane.last.held},    {"foreign", lane.last.foreign},     {"draining", lane.last.deferred}};
    set_few(json["last"], "repaired", lane.last.repaired, [](const std::string& row) { return row; });
    set_few(json["last"], "cleared", lane.last.cleared, [](const std::string& row) { return row; });
    json["last"]["blocked"] = lane.last.blocked;
    if (!lane.last.obstacle.empty()) json["last"]["obstacle"] = lane.last.obstacle;
    if (!lane.last.error.empty()) json["last"]["error"] = lane.last.error;
    return json;
}

Json check_json(const health::Probe& probe, const Times& time) {
    Json json{{"server", with_port(probe.address, probe.port)},
              {"type", std::string(to_text(probe.check->type))},
              {"state", std::string(kinds::to_text(probe.is))}};
    json["since"] = probe.is == health::Liveness::unknown ? Json(nullptr) : Json(time(probe.since));
    json["why"] = probe.why;
    json["weight"] = probe.weight ? Json(*probe.weight) : Json(nullptr);
    json["asked"] = probe.run;
    json["seconds"] = probe.took ? Json(in_seconds(*probe.took)) : Json(nullptr);
    json["services"] = probe.places.size();
    return json;
}

std::string owner_of(const kinds::RealServer::Key& key, const kinds::Health& health) {
    if (health.drain_of(key) != nullptr) return "operator";
    const kinds::ServerOpinion* opinion = health.of(key);
    const bool by_check = opinion != nullptr && (opinion->is != kinds::Liveness::up || opinion->weight);
    return by_check ? "health" : "fallback";
}

/// What is known about servers at one moment.
struct HealthPicture {
    node::ConfigPtr config;
    Election election;
    kinds::Health health;
    std::vector<health::Probe> probes;
    Instant now;
    std::chrono::system_clock::time_point wall;
};

/// Adds "checks", "drains", and "servers": those whose weight is not the one in the file, with the owner of the weight.
void add_health(Json& status, const HealthPicture& picture) {
    const Times time(picture.now, picture.wall);
    status["checks"] = Json::array();
    for (const health::Probe& each : picture.probes) status["checks"].push_back(check_json(each, time));
    status["drains"] = Json::array();
    for (const kinds::Drained& each : picture.health.drains) {
        status["drains"].push_back({{"server", health::to_text(each)}, {"since", time(picture.now - each.age)}});
    }
    kinds::Wanted<kinds::RealServer> wanted;
    kinds::RealServer::desire({*picture.config, picture.election, {}, &picture.health}, wanted);
    wanted.rows.finish();
    status["servers"] = Json::array();
    for (const auto& each : wanted.overruled) {
        const std::uint32_t row = wanted.rows.find(each.key);
        Json json{
            {"id", kinds::RealServer::id(each.key)}, {"owner", owner_of(each.key, picture.health)}, {"why", each.why}};
        const kinds::ServerOpinion* opinion = picture.health.of(each.key);
        if (opinion != nullptr && opinion->kept) json["kept"] = true;
        json["weight"] = row == plan::Step::none ? Json(nullptr) : Json(wanted.rows.row(row).value.weight);
        status["servers"].push_back(std::move(json));
    }
    for (const auto& each : wanted.held) {
        status["servers"].push_back({{"id", kinds::RealServer::id(each.key)}, {"owner", "held"}, {"why", each.reason}});
    }
}

Json node_json(const node::Node& node, const Times& time) {
    Json json{{"format_version", 1},
              {"node", node.config().node},
              {"role", std::string(to_text(node.config().role))},
              {"stopping", node.stopping()}};
    json["vrrp"] = Json::array();
    for (const node::Instance& each : node.instances()) json["vrrp"].push_back(instance_json(each, time));
    json["tracks"] = Json::array();
    for (const node::Track& each : node.tracks()) json["tracks"].push_back(track_json(each, time));
    json["hooks"] = Json::array();
    for (const node::HookQueue& each : node.hooks()) json["hooks"].push_back(hook_json(each, time));
    json["unknown_vrid"] = node.strangers();
    json["kernel"]["network"] = lane_json(node.lane(node::Lane::network), time);
    if (node.config().role == Role::director) {
        json["kernel"]["tables"] = lane_json(node.lane(node::Lane::tables), time);
    }
    set_few(json, "fights", node.fights(), [&](const auto& each) {
        return Json{{"id", each.first}, {"times", each.second.times}, {"since", time(each.second.since)}};
    });
    json["fights_count"] = node.fights_count();
    set_few(json, "left_alone", node.avoided(), [](const auto& each) {
        return Json{{"row", each.first}, {"why", each.second.why}};
    });
    return json;
}

}  // namespace

std::function<std::string()> status_of(const node::Node& node, Instant now,
                                       std::chrono::system_clock::time_point wall) {
    HealthPicture picture{.config = node.shared_config(),
                          .election = node.election(),
                          .health = node.board().health(now),
                          .probes = node.board().probes(),
                          .now = now,
                          .wall = wall};
    return [status = node_json(node, Times(now, wall)), picture = std::move(picture)]() mutable {
        add_health(status, picture);
        return wire::json_text(status);
    };
}

}  // namespace lbconverge::daemon
