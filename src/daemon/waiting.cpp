#include "waiting.hpp"

namespace lbconverge::daemon {

Forms WaitingClients::wanted() const {
    Forms forms;
    for (const Waiting& each : waiting_) (each.json ? forms.json : forms.text) = true;
    return forms;
}

void WaitingClients::finished(Instant began, const node::Converged& result, const Rendered& output) {
    if (result.overtaken) return;  // another run comes
    std::erase_if(waiting_, [&](Waiting& each) {
        if (began < each.since || std::erase(each.lanes, result.lane) == 0) return false;
        if (!output.json.empty() && each.json) each.reply.values.push_back(output.json);
        if (!output.text.empty() && !each.json) each.reply.texts.push_back(output.text);
        if (!result.error.empty()) each.reply.errors.push_back(result.error);
        if (!result.obstacle.empty()) each.reply.errors.push_back(result.obstacle);
        each.changed = each.changed || output.changed;
        each.reply.exit = exit_of_parts(each.reply.exit, output.exit, each.changed);
        if (!each.lanes.empty()) return false;
        control_.answer(each.client, each.reply);
        return true;
    });
}

}  // namespace lbconverge::daemon
