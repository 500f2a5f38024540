#include "render.hpp"

#include "format.hpp"
#include "lbconverge/plan/moves.hpp"

#include <algorithm>
#include <iterator>

namespace lbconverge::cli {

using namespace kinds;
using plan::Plan;
using plan::Reason;
using plan::Step;

namespace {

constexpr std::size_t reason_column = 72;
/// The widths of labels: "service", and "server", which has an indent of two in front as the label of a child kind.
constexpr int label_width = 7;
constexpr int child_label_width = 6;

template <class Kind>
std::string display(const typename Kind::Key& key) {
    if constexpr (requires { Kind::display(key); }) {
        return Kind::display(key);
    } else {
        return Kind::id(key);
    }
}

/// "0 -> 1", "weight 1 -> 2": the fields that differ. If none does, the row is made again (see Bound).
template <class Kind>
std::string change_text(const typename Kind::Value& before, const typename Kind::Value& after) {
    std::string text;
    for_each_field(before, [&](const auto& field, const auto& member) {
        if (member == after.*field.member || field.show == Show::never) return;
        if (!text.empty()) text += ", ";
        if (field.show != Show::bare) text.append(field.name).append(" ");
        text.append(to_text(member)).append(" -> ").append(to_text(after.*field.member));
    });
    return text.empty() ? "made anew, as its interface was" : text;
}

/// What health or the operator says about a real server. If they say nothing, it is a fallback that is not needed any
/// more.
std::string why_overruled(const Plan& plan, const Step& step) {
    std::string text = "enough servers are up";
    plan.visit(step, [&]<class Kind>(const Change<Kind>& change) {
        if (const std::string* why = plan.overruled<Kind>(change.key)) text = *why;
    });
    return text;
}

/// "; cuts 3 connections".
std::string cut_text(const Plan& plan, std::size_t step) {
    const std::uint32_t cut = plan.connections_cut(step);
    return cut == 0 ? "" : formatted("; cuts {} connection{}", cut, cut == 1 ? "" : "s");
}

std::string reason_text(const Plan& plan, const Step& step, const Scene& scene) {
    switch (step.reason) {
        case Reason::config: {
            const std::string place = place_text(plan.source(step), scene.files);
            return place.empty() ? "configured" : place;
        }
        case Reason::drift:
            return "drifted";
        case Reason::election: {
            // Some rows are there only on a backup: role both's VIP on lo, and the listening side of connection
            // synchronisation. They are made when the node becomes backup, and removed when it becomes master.
            bool of_backup = false;
            plan.visit(step, [&]<class Kind>(const Change<Kind>& change) {
                if constexpr (std::is_same_v<Kind, Address>) of_backup = change.key.interface.is_loopback();
                if constexpr (std::is_same_v<Kind, SyncDaemon>) of_backup = change.key.state == SyncState::backup;
            });
            return (step.action() != Action::remove) != of_backup ? "became master" : "became backup";
        }
        case Reason::health:
            return why_overruled(plan, step);
        case Reason::unclaimed:
            return "no longer configured";
        case Reason::foreign:
            return "nobody configured it";
        case Reason::misplaced:
            return "not wanted here now";
        case Reason::drain:
            return "drains: no longer configured";
        case Reason::restore:
            return "given up: as it was before";
        case Reason::keep:
            return "keeps the other addresses of the subnet";
        case Reason::release:
            return "released";
        case Reason::order:
            return "the choice depends on the order of the servers";
    }
    return {};
}

/// Why a step cannot be carried out now, and what can be done about it. A guard gives many steps the same reason, which
/// is printed once.
std::string blocked_text(const Plan& plan, const plan::Blocked& blocked) {
    const Error& why = *blocked.why;
    const bool again = &blocked != plan.blocked.data() && (&blocked - 1)->why->what == why.what;
    if (again) return "blocked: as above";
    return (blocked.waits ? "blocked, " : "blocked: ") + why.what + (why.hint.empty() ? "" : " (" + why.hint + ")");
}

char sign_of(Action action) { return action == Action::create ? '+' : action == Action::update ? '~' : '-'; }

std::string_view colour_of(Action action) {
    return action == Action::create ? "\x1b[32m" : action == Action::update ? "\x1b[33m" : "\x1b[31m";
}

class Lines {
public:
    Lines(const Scene& scene, const Sink& sink) : scene_(scene), sink_(sink) {}
    ~Lines() { sink_(text_); }
    Lines(const Lines&) = delete;
    Lines& operator=(const Lines&) = delete;

    void add(std::string_view colour, std::string_view left, std::string_view right) {
        if (scene_.colour) text_ += colour;
        text_ += left;
        if (scene_.colour && !colour.empty()) text_ += "\x1b[0m";
        if (!right.empty()) {
            text_.append(left.size() + 2 < reason_column ? reason_column - left.size() : 2, ' ');
            text_ += right;
        }
        text_ += '\n';
        if (text_.size() < piece) return;
        sink_(text_);
        text_.clear();
    }

private:
    static constexpr std::size_t piece = 32 * 1024;

    const Scene& scene_;
    const Sink& sink_;
    std::string text_;
};

template <class Kind>
const std::string& label_text() {
    static const std::string text = ChildKind<Kind> ? formatted("  {:<{}}", Kind::label, child_label_width)
                                                    : formatted("{:<{}}", Kind::label, label_width);
    return text;
}

/// A plan may have a hundred thousand of these lines, so no format string is used, which would take longer.
template <class Kind>
std::string step_text(const Change<Kind>& change, std::size_t number, std::size_t width, bool blocked) {
    const std::string digits = std::to_string(number);
    const char sign[] = {' ', blocked ? '!' : sign_of(change.action()), ' ', '\0'};
    std::string text;
    text.reserve(reason_column);
    text.append(width - std::min(width, digits.size()), ' ')
        .append(digits)
        .append(sign)
        .append(label_text<Kind>())
        .append(" ")
        .append(display<Kind>(change.key));
    if (change.again) text.append("  to the head of the list");
    const bool same = change.again && *change.before == *change.after;
    const std::string what = change.before == nullptr          ? value_text(*change.after)
                             : change.after == nullptr || same ? std::string()
                                                               : change_text<Kind>(*change.before, *change.after);
    if (!what.empty()) text.append(change.again ? ", " : "  ").append(what);
    return text;
}

/// "192.168.100.4:80  weight 0  of tcp 192.168.100.20:80": a real server with the weight that is held, or "removed" for
/// one without a row. Of other rows the id.
template <class Kind>
std::string held_text(const Plan& plan, const plan::HeldRow& held) {
    if constexpr (std::is_same_v<Kind, RealServer>) {
        const bool kept = held.row != Step::none;
        const auto key = RealServer::parse_id(held.id);
        if (key && (kept || held.absent)) {
            const std::string is =
                kept ? formatted("weight {}", plan.desired->get<Kind>().rows.row(held.row).value.weight) : "removed";
            return formatted("{}  {}  of {}", RealServer::display(*key), is, Service::id(key->service));
        }
    }
    return held.id;
}

std::string who(const Scene& scene) {
    std::string text = scene.config.node.empty() ? "this node" : scene.config.node;
    text.append(": ").append(to_text(scene.config.role));
    if (scene.config.role == Role::real_server) return text;
    for (const config::Vrrp& instance : scene.config.vrrp) {
        const auto at = scene.election.find(instance.name);
        const ElectionState state = at == scene.election.end() ? ElectionState::backup : at->second;
        text.append(", ").append(instance.name).append(" ").append(to_text(state));
    }
    return text;
}

std::string counts(const Plan& plan) {
    std::string text = plan.steps.empty() ? "in sync" : formatted("{} to do", plan.to_do());
    if (!plan.blocked.empty()) text += formatted(", {} blocked", plan.blocked.size());
    if (!plan.deferred.empty()) text += formatted(", {} draining", plan.deferred.size());
    if (!plan.held.empty()) text += formatted(", {} held", plan.held.size());
    if (!plan.foreign.empty()) text += formatted(", {} foreign", plan.foreign.size());
    std::uint64_t cut = 0;
    for (const plan::Cut& each : plan.cuts) cut += each.connections;
    if (cut != 0) text += formatted(", {} connections cut", cut);
    return text;
}

std::string percent(double share) {
    if (share > 0 && share < 0.0005) return "less than 0.1 %";
    return formatted("{:.1f} %", share * 100);
}

/// "33.3 % of its clients get another server".
std::string moved_text(const plan::ClientsMoved& moved) {
    std::string text = moved.share.moved > 0 ? percent(moved.share.moved) + " of its clients get another server"
                                             : std::string("no client gets another server");
    if (moved.from_or_to_no_table) text += ": all but those whose server is the same by chance";
    if (moved.share.refused > 0) text += "; " + percent(moved.share.refused) + " are refused";
    if (moved.persistence != 0) text += formatted("; who was here within {} s keeps its own", moved.persistence);
    return text;
}

}  // namespace

std::string place_text(Source source, const std::vector<std::string>& files) {
    if (!source.known() || source.file >= files.size()) return {};
    const std::string_view path = files[source.file];
    std::string text(path.substr(path.rfind('/') + 1));
    return text.append(":").append(std::to_string(source.line)).append(":").append(std::to_string(source.column));
}

void write_plan(const Plan& plan, const Scene& scene, const Sink& sink) {
    Lines lines(scene, sink);
    lines.add("", who(scene), counts(plan));
    const std::size_t width = std::max<std::size_t>(3, std::to_string(plan.steps.size()).size() + 1);
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        const Step& step = plan.steps[i];
        plan.visit(step, [&](const auto& change) {
            const plan::Blocked* blocked = plan.why_blocked(i);
            lines.add(
                blocked != nullptr ? "\x1b[35m" : colour_of(step.action()),
                step_text(change, i + 1, width, blocked != nullptr),
                blocked != nullptr ? blocked_text(plan, *blocked) : reason_text(plan, step, scene) + cut_text(plan, i));
        });
    }
    for (const plan::Announcement& each : plan.announcements) {
        const std::string_view how = each.address.family == Family::ipv4 ? "gratuitous ARP" : "neighbour advertisement";
        lines.add("\x1b[36m",
                  formatted("{:>{}} announce {} dev {}", ">", width, to_text(each.address), each.interface.str()),
                  formatted("{} {}", each.count, how));
    }
    for (const plan::ClientsMoved& each : plan::clients_moved(plan, scene.config)) {
        lines.add("\x1b[36m",
                  formatted("{:>{}} {} {}  {}", "m", width, label_text<Service>(), Service::id(each.service),
                            each.scheduler.view()),
                  moved_text(each));
    }
    for (const plan::Deferred& each : plan.deferred) {
        lines.add("\x1b[36m",
                  formatted("{:>{}} {} {}  of {}", "d", width, label_text<RealServer>(), RealServer::display(each.key),
                            Service::id(each.key.service)),
                  formatted("draining: {} connections; removed when they are gone", each.connections));
    }
    for (const plan::HeldRow& each : plan.held) {
        with_kind(each.kind, [&]<class Kind>() {
            lines.add("\x1b[36m",
                      formatted("{:>{}} {} {}", "h", width, label_text<Kind>(), held_text<Kind>(plan, each)),
                      each.reason);
        });
    }
    for (const plan::Foreign& each : plan.foreign) {
        with_kind(each.kind, [&]<class Kind>() {
            const auto& key = plan.observed->get<Kind>().row(each.row).key;
            lines.add("\x1b[2m", formatted("{:>{}} {} {}", "?", width, label_text<Kind>(), display<Kind>(key)),
                      "foreign, left alone");
        });
    }
}

namespace {

/// The rows of one kind that no step makes or changes.
template <class Kind>
void add_unchanged(const Plan& plan, Lines& lines) {
    const auto& wanted = plan.desired->get<Kind>().rows;
    std::vector<bool> changes(wanted.size());
    for (const Step& step : plan.steps) {
        if (step.kind == kind_id<Kind> && step.after != Step::none) changes[step.after] = true;
    }
    for (std::uint32_t i = 0; i < wanted.size(); ++i) {
        const auto& row = wanted.row(i);
        if (changes[i] || plan.observed->get<Kind>().find(row.key) == Seen<Kind>::npos) continue;
        std::string text = "  = " + label_text<Kind>() + " " + display<Kind>(row.key);
        const std::string value = value_text(row.value);
        if (!value.empty()) text += "  " + value;
        lines.add("", text, "nothing");
    }
}

}  // namespace

void write_unchanged(const Plan& plan, const Scene& scene, const Sink& sink) {
    Lines lines(scene, sink);
    for_each_kind([&]<class Kind>() { add_unchanged<Kind>(plan, lines); });
}

std::string plan_text(const Plan& plan, const Scene& scene) {
    std::string text;
    write_plan(plan, scene, [&](std::string_view piece) { text += piece; });
    return text;
}

namespace {

/// The rows that are left, and why: they are blocked, or the kernel did not keep them.
std::string left_text(const plan::Outcome& outcome) {
    std::string text;
    for (const std::size_t i : outcome.left) {
        const Plan& plan = *outcome.last;
        const plan::Blocked* blocked = plan.why_blocked(i);
        plan.visit(plan.steps[i], [&](const auto& change) {
            text += (blocked != nullptr ? "blocked:" : "still to do:") +
                    step_text(change, 0, 0, blocked != nullptr).substr(1);
        });
        text += blocked != nullptr ? "  " + blocked->why->what + "\n" : "\n";
    }
    return text;
}

}  // namespace

std::string outcome_text(const plan::Outcome& report, const Scene& scene) {
    const std::size_t total = report.plan.steps.size();
    std::string text;
    for (const plan::FailedStep& each : report.failed) {
        text += formatted("step {} failed: {}\n", each.step + 1, each.error.what);
    }
    if (!report.error) {
        if (total == 0) return text;
        return text + formatted("{}: {} done, and read again: nothing is left to do\n",
                                scene.release ? "released" : "converged", total);
    }
    // If nothing was changed, the plan above says what is to be done and what is blocked.
    if (!report.changed) return text + "nothing was changed\n";
    if (report.settled && report.left.empty()) {
        return text + formatted("{} of {} done, and read again: nothing else is left to do\n", report.done, total);
    }
    if (total == 0) return text + "not converged\n" + left_text(report);
    return text +
           formatted("not converged: {} of {} steps done, {} failed, {} not attempted\n", report.done, total,
                     report.failed.size(), total - report.done - report.failed.size()) +
           left_text(report);
}

}  // namespace lbconverge::cli
