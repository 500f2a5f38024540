#include "draft.hpp"
#include "interpreter.hpp"
#include "lbconverge/model/name.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace lbconverge::importer {

namespace {

using TrackKey = std::tuple<TrackKind, std::string, std::int32_t>;

/// Gives each thing that is tracked with a weight of its own its name, in the order of the file.
class TrackNames {
public:
    /// The track's name; `is_new`: it has none yet.
    std::string name_of(const TrackKey& key, bool& is_new) {
        const auto [at, added] = names_.emplace(key, "");
        is_new = added;
        if (added) at->second = free_name(std::get<1>(key), std::get<2>(key));
        return at->second;
    }

private:
    std::string free_name(const std::string& name, std::int32_t weight) {
        std::string wanted = name;
        for (std::size_t i = 1; !used_.insert(wanted).second; ++i) {
            wanted = name + "-weight" + std::to_string(weight);
            if (i > 1) wanted += "-" + std::to_string(i);
        }
        return wanted;
    }

    std::map<TrackKey, std::string> names_;
    std::set<std::string> used_;
};

const TrackEntry* entry_of(const NodeModel& node, const TrackUse& use) {
    const auto at = std::find_if(node.tracks.begin(), node.tracks.end(), [&](const TrackEntry& each) {
        return each.what == use.what && each.name == use.name;
    });
    return at == node.tracks.end() ? nullptr : &*at;
}

void set_times(const TrackEntry& entry, bool process, TomlTable& table) {
    if (entry.interval != second) table.set("interval", toml_time(entry.interval));
    const Micros timeout = entry.timeout != 0 ? entry.timeout : entry.interval;
    if (!process && timeout != second) table.set("timeout", toml_time(timeout));
    const Micros delay = (entry.delay + second - 1) / second;
    const std::uint32_t fall = delay != 0 ? static_cast<std::uint32_t>(delay) + 1 : entry.fall;
    if (fall != 1) table.set("fall", std::to_string(fall));
    if (entry.rise != 1) table.set("rise", std::to_string(entry.rise));
}

void set_command(const TrackEntry& entry, const NodeModel& node, TomlTable& table, Remarks& remarks) {
    const bool process = !entry.target.empty();
    if (process) {
        table.set("process", toml_text(entry.target));
    } else {
        table.set("command", toml_list(entry.script.command));
    }
    set_times(entry, process, table);
    if (process) return;
    const std::string user = user_of(entry.script, node, entry.place, remarks);
    if (!user.empty()) table.set("user", toml_text(user));
}

TomlTable table_of(const TrackEntry* entry, const TrackUse& use, std::int32_t weight, const std::string& name,
                   const NodeModel& node, Remarks& remarks) {
    TomlTable table;
    table.place = entry != nullptr ? entry->place : use.place;
    if (entry != nullptr) table.comments = entry->comments;
    table.set("name", toml_text(name));
    if (use.what == TrackKind::interface) {
        table.set("interface", toml_text(use.name));
    } else if (use.what == TrackKind::file) {
        table.set("file", toml_text(entry->target));
    } else if (use.what == TrackKind::process) {
        table.set("process", toml_text(entry->target));
        set_times(*entry, true, table);
    } else {
        set_command(*entry, node, table, remarks);
    }
    if (weight != 0) table.set("weight", std::to_string(weight));
    return table;
}

std::string_view word_of(TrackKind what) {
    constexpr std::string_view words[] = {"track_script", "track_process", "track_file", "track_interface"};
    return words[static_cast<std::size_t>(what)];
}

/// What is tracked can be tracked; else that is said.
bool is_usable(const TrackEntry* entry, const TrackUse& use, Remarks& remarks) {
    const auto say = [&](std::string what, std::string remedy) {
        remarks.broken(use.place, std::string(word_of(use.what)), std::move(what), std::move(remedy));
        return false;
    };
    if (use.what == TrackKind::interface) {
        return InterfaceName::is_valid(use.name) || say(quoted(use.name) + " is no name of an interface", "eth0");
    }
    if (entry->reverse) {
        remarks.lost(use.place, std::string(word_of(use.what)), "a track cannot count in reverse",
                     "a track by command that fails when it should");
        return false;
    }
    const bool empty = use.what == TrackKind::script ? entry->script.command.empty() : entry->target.empty();
    return !empty || say(quoted(use.name) + " says nothing to watch", "");
}

class Tracks {
public:
    Tracks(NodeModel& node, Draft& draft, Remarks& remarks) : node_(node), draft_(draft), remarks_(remarks) {}

    /// The names of tracks for these uses, made where they are new.
    std::vector<std::string> names_of(const std::vector<TrackUse>& uses) {
        std::vector<std::string> result;
        for (const TrackUse& use : uses) {
            const TrackEntry* entry = entry_of(node_, use);
            if (!is_usable(entry, use, remarks_)) continue;
            const std::int32_t weight =
                std::clamp(use.weight.value_or(entry != nullptr ? entry->weight : 0), -253, 253);
            bool is_new = false;
            std::string name = names_.name_of({use.what, use.name, weight}, is_new);
            if (is_new) draft_.track.push_back(table_of(entry, use, weight, name, node_, remarks_));
            used_.insert(entry);
            if (std::find(result.begin(), result.end(), name) == result.end()) result.push_back(std::move(name));
        }
        return result;
    }

    void say_unused() {
        for (const TrackEntry& each : node_.tracks) {
            if (used_.contains(&each)) continue;
            remarks_.lost(each.place, quoted(each.name), "nothing tracks it, so that keepalived does not run it",
                          "add it to a track list, or remove it");
        }
    }

private:
    NodeModel& node_;
    Draft& draft_;
    Remarks& remarks_;
    TrackNames names_;
    std::set<const TrackEntry*> used_;
};

bool has_weight(const NodeModel& node, const TrackUse& use) {
    const TrackEntry* entry = entry_of(node, use);
    return use.weight.value_or(entry != nullptr ? entry->weight : 0) != 0;
}

/// In a sync group keepalived takes weights of members as none.
void say_weights(const NodeModel& node, const GroupBlock& group, const InstanceBlock& member, Remarks& remarks) {
    if (group.weighted) return;
    for (const TrackUse& use : member.tracks) {
        if (!has_weight(node, use)) continue;
        remarks.changed(use.place, std::string(word_of(use.what)),
                        quoted(use.name) +
                            " has a weight and its instance is in a sync group: keepalived ignores the "
                            "weight; here it counts for the whole group",
                        "without weight a bad track is a fault");
    }
}

/// Members that exist, each in one group.
std::vector<std::string> members_of(const NodeModel& node, const GroupBlock& group, std::set<std::string>& taken,
                                    Remarks& remarks) {
    std::vector<std::string> members;
    for (const std::string& each : group.members) {
        const bool exists = std::any_of(node.instances.begin(), node.instances.end(),
                                        [&](const InstanceBlock& instance) { return instance.name == each; });
        if (!exists) {
            remarks.broken(group.place, "vrrp_sync_group", "there is no instance " + quoted(each));
        } else if (!taken.insert(each).second) {
            remarks.broken(group.place, "vrrp_sync_group", quoted(each) + " is in a group already");
        } else {
            members.push_back(each);
        }
    }
    return members;
}

}  // namespace

void draft_tracks(NodeModel& node, Draft& draft, Remarks& remarks) {
    Tracks tracks(node, draft, remarks);
    std::map<std::string, std::vector<TrackUse>> uses;
    for (const InstanceBlock& each : node.instances) uses[each.name] = each.tracks;
    std::set<std::string> taken;
    for (GroupBlock& group : node.groups) {
        group.members = members_of(node, group, taken, remarks);
        for (const std::string& member : group.members) {
            for (const InstanceBlock& each : node.instances) {
                if (each.name == member) say_weights(node, group, each, remarks);
            }
            uses[member].insert(uses[member].end(), group.tracks.begin(), group.tracks.end());
        }
        if (group.members.empty()) {
            remarks.lost(group.place, "vrrp_sync_group", quoted(group.name) + " has no members", "name its instances");
            continue;
        }
        TomlTable table;
        table.place = group.place;
        table.comments = group.comments;
        table.set("name", toml_text(group.name));
        table.set("members", toml_list(group.members));
        draft.group.push_back(std::move(table));
    }
    for (TomlTable& table : draft.vrrp) {
        const auto instance =
            std::find_if(node.instances.begin(), node.instances.end(),
                         [&](const InstanceBlock& each) { return toml_text(each.name) == table.get("name"); });
        const auto names = tracks.names_of(uses[instance->name]);
        if (names.empty()) continue;
        const auto before = std::find_if(table.keys.begin(), table.keys.end(), [](const auto& each) {
            return each.first == "garp" || each.first == "start_delay";
        });
        table.keys.insert(before, {"track", toml_list(names)});
    }
    tracks.say_unused();
}

namespace {

constexpr std::string_view every_state[] = {"master", "backup", "fault", "stop"};

/// keepalived gives its notify script four more arguments: what it is, its name, its state and its priority.
std::vector<std::string> with_arguments(const Script& script, std::string_view what, std::string_view name) {
    std::string text = "exec \"$0\" \"$@\" ";
    text.append(what).append(" ").append(name);
    text += " \"$(echo \"$LBCONVERGE_STATE\" | tr a-z A-Z)\" \"$LBCONVERGE_PRIORITY\"";
    std::vector<std::string> command{"/bin/sh", "-c", text};
    command.insert(command.end(), script.command.begin(), script.command.end());
    return command;
}

class Hooks {
public:
    Hooks(const NodeModel& node, Draft& draft, Remarks& remarks) : node_(node), draft_(draft), remarks_(remarks) {}

    void add(const HookEntry& entry, const std::string& instance, std::vector<std::string> command) {
        const std::string user = user_of(entry.script, node_, entry.place, remarks_);
        std::vector<std::string> on = entry.on;
        if (on.empty()) on.assign(std::begin(every_state), std::end(every_state));
        remarks_.changed(entry.place, "notify", "a hook is ended after 30 seconds; keepalived waits for ever",
                         "timeout = \"5m\"");
        for (FoundHook& each : found_) {
            if (each.instance != instance || each.command != command || each.user != user) continue;
            each.on.insert(each.on.end(), on.begin(), on.end());
            return;
        }
        found_.push_back({entry.place, instance, std::move(on), std::move(command), user});
    }

    /// What every instance has is said once.
    void write() {
        std::vector<FoundHook> once;
        for (FoundHook& each : found_) {
            const auto same = [&](const FoundHook& other) {
                return other.on == each.on && other.command == each.command && other.user == each.user;
            };
            const auto count = std::count_if(found_.begin(), found_.end(), same);
            if (static_cast<std::size_t>(count) != node_.instances.size()) {
                once.push_back(each);
            } else if (std::none_of(once.begin(), once.end(), same)) {
                once.push_back(each);
                once.back().instance.clear();
            }
        }
        for (const FoundHook& each : once) draft_.hook.push_back(table_of(each));
    }

private:
    struct FoundHook {
        Place place;
        std::string instance;
        std::vector<std::string> on;
        std::vector<std::string> command;
        std::string user;
    };

    static TomlTable table_of(const FoundHook& hook) {
        TomlTable table;
        table.place = hook.place;
        table.set("on", toml_list(hook.on));
        if (!hook.instance.empty()) table.set("vrrp", toml_text(hook.instance));
        table.set("command", toml_list(hook.command));
        if (!hook.user.empty()) table.set("user", toml_text(hook.user));
        return table;
    }

    const NodeModel& node_;
    Draft& draft_;
    Remarks& remarks_;
    std::vector<FoundHook> found_;
};

}  // namespace

void draft_hooks(const NodeModel& node, Draft& draft, Remarks& remarks) {
    Hooks hooks(node, draft, remarks);
    for (const InstanceBlock& instance : node.instances) {
        for (const HookEntry& each : instance.hooks) {
            auto command = each.on.empty() ? with_arguments(each.script, "INSTANCE", "\"$LBCONVERGE_INSTANCE\"")
                                           : each.script.command;
            hooks.add(each, instance.name, std::move(command));
        }
    }
    for (const GroupBlock& group : node.groups) {
        if (group.members.empty()) continue;
        for (const HookEntry& each : group.hooks) {
            // A name in single quotes, which it cannot have itself.
            std::string name = group.name;
            std::erase(name, '\'');
            auto command =
                each.on.empty() ? with_arguments(each.script, "GROUP", "'" + name + "'") : each.script.command;
            hooks.add(each, group.members.front(), std::move(command));
        }
    }
    hooks.write();
}

}  // namespace lbconverge::importer
