#include "sections.hpp"

#include <algorithm>

namespace lbconverge::config {

namespace {

struct Target {
    std::string_view key;
    TrackType type;
};
constexpr Target targets[] = {{"process", TrackType::process},
                              {"interface", TrackType::interface},
                              {"file", TrackType::file},
                              {"service", TrackType::service}};

/// Commands run without a shell and without a search path.
void read_command(Reader& in, std::vector<std::string>& command) {
    if (!in.command("command", command) || command.front().starts_with('/')) return;
    in.problems().error(in.place("command"), in_quotes(command.front()) + " is not an absolute path",
                        "commands are run without a shell and without a search path: \"/usr/local/bin/program\"");
}

void read_target(Reader& in, Track& track) {
    std::size_t given = 0;
    for (const Target& target : targets) {
        if (!in.has(target.key)) continue;
        ++given;
        track.type = target.type;
        in.text(target.key, track.target);
    }
    if (in.has("command")) {
        ++given;
        track.type = TrackType::command;
        read_command(in, track.command);
    }
    if (given == 1) return;
    in.problems().error(track.source, given == 0 ? "a track watches nothing" : "a track watches one thing, not several",
                        "give one of process, command, interface, file and service");
}

void read_track(const toml::table& table, Context& context) {
    Reader in({&table}, "a track", context.problems);
    const DurationRange some_time{milliseconds(10), std::chrono::hours(24)};
    Track track;
    track.source = in.place();
    in.text("name", track.name);
    if (!in.has("name")) context.problems.error(track.source, "a track needs a name", "VRRP instances refer to it");
    read_target(in, track);
    in.duration("interval", track.interval, some_time);
    in.duration("timeout", track.timeout, some_time);
    in.number("fall", track.fall, 1, 1000);
    in.number("rise", track.rise, 1, 1000);
    in.number("weight", track.weight, -253, 253);
    in.text("user", track.user);
    in.finish();
    context.config.tracks.push_back(std::move(track));
}

void read_events(Reader& in, Hook& hook) {
    constexpr std::string_view known[] = {"master", "backup", "fault", "stop"};
    in.texts("on", hook.on);
    if (!in.has("on")) {
        in.problems().error(hook.source, "a hook needs to know when to run", "on = [\"master\"]");
    }
    for (const std::string& event : hook.on) {
        if (std::find(std::begin(known), std::end(known), event) != std::end(known)) continue;
        in.problems().error(in.place("on"), "a hook cannot run on " + in_quotes(event), suggestion(event, known));
    }
}

void read_environment(Reader& in, Hook& hook) {
    const toml::node* node = in.take("environment");
    in.text("environment_file", hook.environment_file);
    if (node == nullptr) return;
    const toml::table* table = node->as_table();
    if (table == nullptr) {
        in.wrong_type(*node, "environment", "a table of strings");
        return;
    }
    for (const auto& [key, value] : *table) {
        if (const auto* text = value.as_string()) {
            hook.environment.emplace(key.str(), text->get());
        } else {
            in.wrong_type(value, key.str(), "a string", "put it in quotes");
        }
    }
}

void read_hook(const toml::table& table, Context& context) {
    Reader in({&table}, "a hook", context.problems);
    Hook hook;
    hook.source = in.place();
    read_events(in, hook);
    in.text("vrrp", hook.vrrp);
    read_command(in, hook.command);
    if (!in.has("command")) {
        context.problems.error(hook.source, "a hook needs a command",
                               "a list of strings: command = [\"/usr/local/bin/hook\"]");
    }
    in.text("user", hook.user);
    in.duration("timeout", hook.timeout, {milliseconds(10), std::chrono::hours(24)});
    in.number("retries", hook.retries, 0, 1000);
    in.duration("retry_delay", hook.retry_delay);
    read_environment(in, hook);
    in.finish();
    context.config.hooks.push_back(std::move(hook));
}

}  // namespace

void read_tracks(Reader& top, Context& context) {
    top.tables("track", [&](const toml::table& table) { read_track(table, context); });
}

void read_hooks(Reader& top, Context& context) {
    top.tables("hook", [&](const toml::table& table) { read_hook(table, context); });
}

}  // namespace lbconverge::config
