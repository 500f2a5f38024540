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

}  // namespace

void Node::renew_hooks() {
    std::vector<HookQueue> fresh;
    for (const config::Hook& hook : config_->hooks) {
        for (std::size_t place = 0; place < instances_.size(); ++place) {
            const Instance& instance = instances_[place];
            const std::string& name = instance.machine.settings().name;
            if (!hook.vrrp.empty() && hook.vrrp != name) continue;
            const auto same = std::find_if(hooks_.begin(), hooks_.end(), [&](const HookQueue& old) {
                return old.instance() == name && same_hook(old.hook(), hook);
            });
            if (same == hooks_.end()) {
                fresh.emplace_back(hook, name);
                fresh.back().know(hook_state(instance.machine, stopping_));
            } else {
                fresh.push_back(std::move(*same));
                fresh.back().reconfigure(hook);
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

RunHook Node::hook_run(HookQueue& queue, const Instance& instance) {
    const vrrp::Settings& settings = instance.machine.settings();
    RunHook run{.id = ++last_hook_,
                .command = queue.hook().command,
                .user = queue.hook().user,
                .environment = queue.hook().environment,
                .environment_file = queue.hook().environment_file,
                .timeout = queue.hook().timeout};
    std::string vips;
    for (const plan::Announcement& vip : instance.vips)
        vips += (vips.empty() ? "" : " ") + lbconverge::to_text(vip.address);
    run.environment["LBCONVERGE_STATE"] = to_text(queue.running());
    run.environment["LBCONVERGE_INSTANCE"] = settings.name;
    run.environment["LBCONVERGE_INTERFACE"] = instance.interface.str();
    run.environment["LBCONVERGE_VRID"] = std::to_string(settings.vrid);
    run.environment["LBCONVERGE_PRIORITY"] = std::to_string(settings.priority);
    run.environment["LBCONVERGE_VIPS"] = vips;
    run.environment["LBCONVERGE_NODE"] = config_->node;
    run.environment["LBCONVERGE_WHY"] = instance.machine.why();
    run.environment["LBCONVERGE_ATTEMPT"] = std::to_string(queue.attempts());
    queue.run = run.id;
    return run;
}

void Node::run_hooks(Instant now) {
    for (HookQueue& queue : hooks_) {
        const Instance& instance = instances_[queue.place];
        queue.see(hook_state(instance.machine, stopping_));
        switch (queue.next(now)) {
            case HookQueue::Do::start:
                effects_.run_hooks.push_back(hook_run(queue, instance));
                break;
            case HookQueue::Do::end:
                effects_.end_hooks.push_back(queue.run);
                break;
            case HookQueue::Do::nothing:
                break;
        }
    }
}

void Node::handle(const HookEnded& event, Instant now) {
    const auto queue = std::find_if(hooks_.begin(), hooks_.end(), [&](const HookQueue& each) {
        return each.running() != HookState::none && each.run == event.id;
    });
    if (queue == hooks_.end()) return;  // it has left the configuration
    const std::string what = "hook " + queue->hook().command.front() + " on " + std::string(to_text(queue->running())) +
                             " of " + queue->instance();
    const bool failed = queue->ended(event.good, event.said, event.took, now, stopping_);
    if (queue->last()->overtaken)
        return say(Level::info, what + ": overtaken by " + std::string(to_text(queue->seen())));
    if (event.good) return say(Level::info, what + ": done");
    say(failed ? Level::error : Level::warning, what + ": " + event.said + (failed ? "" : "; will be tried again"));
}

bool Node::hooks_idle() const {
    return std::all_of(hooks_.begin(), hooks_.end(), [](const HookQueue& each) { return each.idle(); });
}

}  // namespace lbconverge::node
