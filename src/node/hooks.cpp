#include "lbconverge/node/hooks.hpp"

#include "lbconverge/node/node.hpp"

#include <algorithm>
#include <utility>

namespace lbconverge::node {

// ---- one queue -----------------------------------------------------------------------------------------------------

bool HookQueue::runs_on(HookState state) const {
    return std::find(hook_.on.begin(), hook_.on.end(), to_text(state)) != hook_.on.end();
}

void HookQueue::see(HookState state) {
    if (state == HookState::none || state == seen_) return;
    seen_ = state;
    if (wanted_ != HookState::none) {
        ++overtaken_;
        // If a run is under way, its own result will say so.
        if (running_ == HookState::none && last_) last_->overtaken = true;
    }
    wanted_ = runs_on(state) ? state : HookState::none;
    attempts_ = 0;
    retry_at_.reset();
}

void HookQueue::part() {
    if (runs_on(HookState::stop)) return see(HookState::stop);
    if (seen_ != HookState::fault) see(HookState::backup);
}

void HookQueue::give_up_waiting() {
    if (running_ != HookState::none || !retry_at_) return;
    wanted_ = HookState::none;
    retry_at_.reset();
}

HookQueue::Do HookQueue::next(Instant now) {
    if (running_ != HookState::none) {
        const bool outdated = wanted_ != running_ || attempts_ == 0;
        return outdated && !std::exchange(ending_, true) ? Do::end : Do::nothing;
    }
    if (wanted_ == HookState::none || (retry_at_ && now < *retry_at_)) return Do::nothing;
    retry_at_.reset();
    running_ = wanted_;
    ++attempts_;
    return Do::start;
}

bool HookQueue::ended(bool good, std::string said, Duration took, Instant now, bool last) {
    const bool outdated = wanted_ != running_ || attempts_ == 0;
    last_ = HookResult{running_, now, attempts_, good, outdated, std::move(said), took};
    running_ = HookState::none;
    ending_ = false;
    if (outdated) return false;
    if (!good && !last && attempts_ <= hook_.retries) {
        retry_at_ = now + hook_.retry_delay;
        return false;
    }
    wanted_ = HookState::none;
    return !good;
}

std::optional<Instant> HookQueue::wake_at() const {
    return running_ == HookState::none && wanted_ != HookState::none ? retry_at_ : std::nullopt;
}

// ---- the hooks of a node -------------------------------------------------------------------------------------------

namespace {

HookState hook_state(const vrrp::Machine& machine, bool stopping) {
    if (stopping) return HookState::stop;
    if (machine.undecided()) return HookState::none;  // not started, or it does not know yet whether it is master
    switch (machine.state()) {
        case vrrp::State::master:
            return HookState::master;
        case vrrp::State::backup:
            return HookState::backup;
        case vrrp::State::fault:
            return HookState::fault;
        case vrrp::State::init:
        case vrrp::State::leaving:
            break;
    }
    return HookState::none;
}

bool same_hook(const config::Hook& a, const config::Hook& b) { return a.on == b.on && a.command == b.command; }

std::map<std::string, std::string> environment_of(const Instance& instance, const std::string& node) {
    const vrrp::Settings& settings = instance.machine.settings();
    std::string vips;
    for (const plan::Announcement& vip : instance.vips)
        vips += (vips.empty() ? "" : " ") + lbconverge::to_text(vip.address);
    return {{"LBCONVERGE_INSTANCE", settings.name},
            {"LBCONVERGE_INTERFACE", instance.interface.str()},
            {"LBCONVERGE_VRID", std::to_string(settings.vrid)},
            {"LBCONVERGE_PRIORITY", std::to_string(settings.priority)},
            {"LBCONVERGE_VIPS", vips},
            {"LBCONVERGE_NODE", node},
            {"LBCONVERGE_WHY", instance.machine.why()}};
}

}  // namespace

/// `before`: what each instance was called until now; one that is not there is new.
void Node::renew_hooks(const std::map<std::string, std::string>& before) {
    std::vector<HookQueue> fresh;
    for (const config::Hook& hook : config_->hooks) {
        for (std::size_t place = 0; place < instances_.size(); ++place) {
            const Instance& instance = instances_[place];
            const std::string& name = instance.machine.settings().name;
            if (!hook.vrrp.empty() && hook.vrrp != name) continue;
            const auto was = before.find(name);
            const auto same = std::find_if(hooks_.begin(), hooks_.end(), [&](const HookQueue& old) {
                return was != before.end() && old.instance() == was->second && same_hook(old.hook(), hook);
            });
            if (same == hooks_.end()) {
                fresh.emplace_back(hook, name);
                fresh.back().know(hook_state(instance.machine, stopping_));
            } else {
                fresh.push_back(std::move(*same));
                fresh.back().reconfigure(hook);
                fresh.back().rename(name);
                hooks_.erase(same);
            }
            fresh.back().place = place;
        }
    }
    for (const HookQueue& gone : hooks_) {
        if (gone.running() != HookState::none) effects_.end_hooks.push_back(gone.run);
    }
    hooks_ = std::move(fresh);
}

/// The instance has left the file. Its hooks may have left it as well: they still give back what they have taken.
void Node::part_hooks(const Instance& gone) {
    const auto its = [&](const HookQueue& each) { return each.instance() == gone.machine.settings().name; };
    for (HookQueue& queue : hooks_) {
        if (!its(queue)) continue;
        queue.part();
        parting_.push_back({queue, environment_of(gone, config_->node)});
    }
    std::erase_if(hooks_, its);
}

/// Whether a run of it is to be started now.
bool Node::hook_starts(HookQueue& queue, Instant now) {
    const HookQueue::Do what = queue.next(now);
    if (what == HookQueue::Do::end) effects_.end_hooks.push_back(queue.run);
    return what == HookQueue::Do::start;
}

RunHook Node::hook_run(HookQueue& queue, std::map<std::string, std::string> environment) {
    RunHook run{.id = ++last_hook_,
                .command = queue.hook().command,
                .user = queue.hook().user,
                .environment = std::move(environment),
                .environment_file = queue.hook().environment_file,
                .timeout = queue.hook().timeout};
    run.environment["LBCONVERGE_STATE"] = to_text(queue.running());
    run.environment["LBCONVERGE_ATTEMPT"] = std::to_string(queue.attempts());
    run.environment.insert(queue.hook().environment.begin(), queue.hook().environment.end());
    queue.run = run.id;
    return run;
}

void Node::run_hooks(Instant now) {
    for (HookQueue& queue : hooks_) {
        const Instance& instance = instances_[queue.place];
        queue.see(hook_state(instance.machine, stopping_));
        if (!hook_starts(queue, now)) continue;
        effects_.run_hooks.push_back(hook_run(queue, environment_of(instance, config_->node)));
    }
    for (PartingHook& each : parting_) {
        if (stopping_) each.queue.give_up_waiting();
        if (hook_starts(each.queue, now)) effects_.run_hooks.push_back(hook_run(each.queue, each.environment));
    }
    std::erase_if(parting_, [](const PartingHook& each) { return each.queue.idle(); });
}

HookQueue* Node::running_hook(std::uint64_t id) {
    const auto is_it = [&](const HookQueue& each) { return each.running() != HookState::none && each.run == id; };
    const auto queue = std::find_if(hooks_.begin(), hooks_.end(), is_it);
    if (queue != hooks_.end()) return &*queue;
    const auto parting =
        std::find_if(parting_.begin(), parting_.end(), [&](const PartingHook& each) { return is_it(each.queue); });
    return parting == parting_.end() ? nullptr : &parting->queue;
}

void Node::handle(const HookEnded& event, Instant now) {
    HookQueue* const queue = running_hook(event.id);
    if (queue == nullptr) return;  // it has left the configuration
    const std::string what = "hook " + queue->hook().command.front() + " on " + std::string(to_text(queue->running())) +
                             " of " + queue->instance();
    const bool failed = queue->ended(event.good, event.said, event.took, now, stopping_);
    if (queue->last()->overtaken)
        return say(Level::info, what + ": overtaken by " + std::string(to_text(queue->seen())));
    if (event.good) return say(Level::info, what + ": done");
    say(failed ? Level::error : Level::warning, what + ": " + event.said + (failed ? "" : "; will be tried again"));
}

bool Node::hooks_idle() const {
    return parting_.empty() &&
           std::all_of(hooks_.begin(), hooks_.end(), [](const HookQueue& each) { return each.idle(); });
}

}  // namespace lbconverge::node
