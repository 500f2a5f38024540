#include "json.hpp"
#include "lbconverge/plan/moves.hpp"
#include "render.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace lbconverge::cli {

using namespace kinds;
using plan::Plan;
using plan::Step;

namespace {

template <class Value>
Json fields_or_null(const Value* value) {
    return value != nullptr ? fields_json(*value) : Json(nullptr);
}

void set_row(Json& json, std::string_view kind, std::string id) {
    set_text(json, "kind", std::string(kind));
    set_text(json, "id", std::move(id));
}

void set_change(Json& json, Json before, Json after) {
    json["before"] = std::move(before);
    json["after"] = std::move(after);
}

void add_foreign(Json& list, std::string_view kind, std::string id, Json value) {
    Json& json = list.emplace_back(Json::object());
    set_row(json, kind, std::move(id));
    json["value"] = std::move(value);
}

Json error_json(const Error& error) {
    Json json{{"what", error.what}};
    if (!error.hint.empty()) json["hint"] = error.hint;
    return json;
}

Json change_json(const Plan& plan, std::size_t index, const Scene& scene) {
    const Step& step = plan.steps[index];
    Json json;
    json["step"] = index + 1;
    json["action"] = std::string(to_text(step.action()));
    plan.visit(step, [&]<class Kind>(const Change<Kind>& change) {
        set_row(json, Kind::name, Kind::id(change.key));
        set_change(json, fields_or_null(change.before), fields_or_null(change.after));
    });
    json["reason"] = std::string(to_text(step.reason));
    const std::string place = place_text(plan.source(step), scene.files);
    json["config"] = place.empty() ? Json(nullptr) : Json(place);
    json["phase"] = std::string(to_text(step.phase));
    if (step.again) json["again"] = true;
    if (const std::uint32_t cut = plan.connections_cut(index); cut != 0) json["cuts_connections"] = cut;
    if (const plan::Blocked* blocked = plan.why_blocked(index)) {
        json["blocked"] = error_json(*blocked->why);
        json["blocked"]["waits"] = blocked->waits;
    }
    return json;
}

std::string_view kind_name(std::uint8_t id) {
    std::string_view name;
    with_kind(id, [&]<class Kind>() { name = Kind::name; });
    return name;
}

double rounded(double share) { return std::round(share * 10000) / 10000; }

Json moves_json(const Plan& plan, const Scene& scene) {
    Json json = Json::array();
    for (const plan::ClientsMoved& each : plan::clients_moved(plan, scene.config)) {
        json.push_back({{"service", Service::id(each.service)},
                        {"scheduler", each.scheduler.str()},
                        {"moved", rounded(each.share.moved)},
                        {"refused", rounded(each.share.refused)},
                        {"persistence", each.persistence}});
    }
    return json;
}

Json lists_json(const Plan& plan, const Scene& scene) {
    Json json;
    json["held"] = Json::array();
    for (const plan::HeldRow& each : plan.held) {
        json["held"].push_back({{"kind", std::string(kind_name(each.kind))}, {"id", each.id}, {"reason", each.reason}});
        if (each.kind == kind_id<RealServer> && (each.row != Step::none || each.absent)) {
            const auto& rows = plan.desired->get<RealServer>().rows;
            json["held"].back()["weight"] = each.absent ? Json(nullptr) : Json(rows.row(each.row).value.weight);
        }
    }
    Json& foreign = json["foreign"] = Json::array();
    for (const plan::Foreign& each : plan.foreign) {
        with_kind(each.kind, [&]<class Kind>() {
            const auto& row = plan.observed->get<Kind>().row(each.row);
            add_foreign(foreign, Kind::name, Kind::id(row.key), fields_json(row.value));
        });
    }
    json["announcements"] = Json::array();
    for (const plan::Announcement& each : plan.announcements) {
        json["announcements"].push_back(
            {{"address", to_text(each.address)}, {"interface", each.interface.str()}, {"count", each.count}});
    }
    json["moves"] = moves_json(plan, scene);
    json["deferred"] = Json::array();
    for (const plan::Deferred& each : plan.deferred) {
        json["deferred"].push_back({{"kind", std::string(RealServer::name)},
                                    {"id", RealServer::id(each.key)},
                                    {"reason", "drain"},
                                    {"connections", each.connections},
                                    {"seconds_left", each.left.count()}});
    }
    std::array<std::size_t, 3> count{};
    for (const Step& step : plan.steps) {
        if (!step.blocked) ++count[static_cast<std::size_t>(step.action())];
    }
    json["summary"] = {{"create", count[0]},
                       {"update", count[1]},
                       {"delete", count[2]},
                       {"blocked", plan.blocked.size()},
                       {"held", plan.held.size()},
                       {"foreign", plan.foreign.size()},
                       {"deferred", plan.deferred.size()}};
    return json;
}

Json result_json(const plan::Outcome& report, int exit) {
    Json json;
    const bool idle = report.plan.steps.empty();
    json["status"] = report.error ? "failed" : idle ? "in sync" : "converged";
    json["exit"] = exit;
    json["changed"] = report.changed;
    json["attempted"] = report.done + report.failed.size();
    json["failed"] = Json::array();
    for (const plan::FailedStep& each : report.failed) {
        Json one = error_json(each.error);
        one["step"] = each.step + 1;
        json["failed"].push_back(std::move(one));
    }
    if (report.error) json["error"] = error_json(*report.error);
    json["left"] = report.left.size();
    return json;
}

/// Appends the plan of another lane. The numbers of its steps go on after those before.
void append(Json& all, Json one) {
    const std::size_t before = all["changes"].size();
    for (Json& change : one["changes"]) {
        change["step"] = all["changes"].size() + 1;
        all["changes"].push_back(std::move(change));
    }
    for (const char* list : {"held", "foreign", "announcements", "moves", "deferred"}) {
        for (Json& item : one[list]) all[list].push_back(std::move(item));
    }
    for (const auto& [name, count] : one["summary"].items()) {
        all["summary"][name] = all["summary"].value(name, 0) + count.get<int>();
    }
    Json& result = all["result"];
    const Json& other = one["result"];
    if (result["status"] == "in sync" || other["status"] == "failed") result["status"] = other["status"];
    result["changed"] = result["changed"] == true || other["changed"] == true;
    result["attempted"] = result["attempted"].get<int>() + other["attempted"].get<int>();
    result["left"] = result["left"].get<int>() + other["left"].get<int>();
    if (other.contains("error")) result["error"] = other["error"];
    for (Json failed : other["failed"]) {
        failed["step"] = failed["step"].get<std::size_t>() + before;
        result["failed"].push_back(std::move(failed));
    }
}

}  // namespace

void write_json(const Plan& plan, const Scene& scene, const plan::Outcome* report, int exit, const Sink& sink) {
    // One change after the other: a JSON tree of a hundred thousand of them would need more memory than everything else
    // together.
    sink("{\"format_version\":1,\"node\":" + json_text(scene.config.node) + ",\"changes\":[");
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        sink((i == 0 ? "" : ",\n") + json_text(change_json(plan, i, scene)));
    }
    Json rest = lists_json(plan, scene);
    if (report != nullptr) rest["result"] = result_json(*report, exit);
    sink("]," + json_text(rest).substr(1) + "\n");
}

std::string plan_json(const Plan& plan, const Scene& scene, const plan::Outcome* report, int exit) {
    std::string text;
    write_json(plan, scene, report, exit, [&](std::string_view piece) { text += piece; });
    return text;
}

std::string merged_json(const std::vector<std::string>& plans, int exit) {
    Json all;
    for (const std::string& each : plans) {
        Result<Json> one = wire::parse_json(each);
        if (!one || !one->is_object()) continue;
        if (all.is_null()) {
            all = std::move(*one);
        } else {
            append(all, std::move(*one));
        }
    }
    if (all.is_null()) return {};
    all["result"]["exit"] = exit;
    return json_text(all) + "\n";
}

}  // namespace lbconverge::cli
