// Plans and outcomes as text for people and as JSON for programs. Programs can rely on the JSON: it is stable. Private
// to src/cli.
#pragma once

#include "lbconverge/daemon/converge.hpp"
#include "lbconverge/model/fields.hpp"
#include "lbconverge/plan/plan.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace lbconverge::cli {

/// What is needed besides the plan to render it.
struct Scene {
    const config::Config& config;
    const Election& election;
    const std::vector<std::string>& files;
    bool colour = false;
    bool release = false;
};

/// Takes the next piece of a long text, so that a plan of a hundred thousand lines is never in memory as a whole.
using Sink = std::function<void(std::string_view)>;

/// "lb1: director, LB_1 master      4 to do, 1 held, 1 foreign" and a line per row.
void write_plan(const plan::Plan& plan, const Scene& scene, const Sink& sink);
std::string plan_text(const plan::Plan& plan, const Scene& scene);
/// A line per row that is in the kernel as the file wants it: "  = address 192.168.100.20/32 dev eth0    nothing".
void write_unchanged(const plan::Plan& plan, const Scene& scene, const Sink& sink);
/// How an apply ended: what was done, what failed, and what was not reached.
std::string outcome_text(const plan::Outcome& report, const Scene& scene);

/// Writes one object with format_version 1. With `report`, it also says how an apply ended.
void write_json(const plan::Plan& plan, const Scene& scene, const plan::Outcome* report, int exit, const Sink& sink);
std::string plan_json(const plan::Plan& plan, const Scene& scene, const plan::Outcome* report, int exit);
/// Merges the plans of a daemon's lanes, as plan_json() made them, into one. Empty: there is no plan.
std::string merged_json(const std::vector<std::string>& plans, int exit);

/// "file:line:column", or "" when unknown.
std::string place_text(Source source, const std::vector<std::string>& files);

/// "wrr", "direct weight 1": the fields of a value. Fields with Show::when_set appear only if they differ from the
/// default, and those with Show::never not at all.
template <class Value>
std::string value_text(const Value& value) {
    std::string text;
    const Value plain{};
    for_each_field(value, [&](const auto& field, const auto& member) {
        if (field.show == Show::never || (field.show == Show::when_set && member == plain.*field.member)) return;
        if (!text.empty()) text += ' ';
        if (field.show != Show::bare) text.append(field.name).append(" ");
        text.append(to_text(member));
    });
    return text;
}

}  // namespace lbconverge::cli
