#include "order.hpp"

#include "lbconverge/kinds/choice.hpp"

#include <algorithm>

namespace lbconverge::plan {

using namespace kinds;

namespace {

/// A server that the pool will have.
struct ListPlace {
    std::uint32_t wanted = Step::none;  ///< row in the desired table
    std::uint32_t seen = Step::none;    ///< row in the observed table; none: it is added
    std::uint32_t rank = 0;             ///< its place if nothing is done for it: what is added comes before all others
};

/// The rows of one service.
template <class T>
std::pair<std::uint32_t, std::uint32_t> range_of(const Service::Key& service, const T& sorted) {
    const auto first = std::lower_bound(sorted.begin(), sorted.end(), service,
                                        [](const auto& each, const auto& key) { return each.key.service < key; });
    const auto end = std::upper_bound(first, sorted.end(), service,
                                      [](const auto& key, const auto& each) { return key < each.key.service; });
    return {static_cast<std::uint32_t>(first - sorted.begin()), static_cast<std::uint32_t>(end - sorted.begin())};
}

/// One service of mh or sh.
class ServiceOrder {
public:
    ServiceOrder(const Row<Service>& service, const Desired& desired, const Observed& observed, const Refusals& refused)
        : service_(service),
          wanted_(desired.get<RealServer>().rows),
          seen_(observed.get<RealServer>()),
          refused_(refused),
          uncertain_(has_held(desired)) {
        if (!uncertain_) find_members();
    }
    /// Marks what has to be added again.
    void mark(std::vector<bool>& marks) const;

private:
    [[nodiscard]] bool has_held(const Desired& desired) const {
        const auto [first, end] = range_of(service_.key, desired.get<RealServer>().held);
        return first != end;
    }
    void find_members();
    [[nodiscard]] bool is_refused(const RealServer::Key& key) const {
        return !refused_.empty() && refused_.find(kind_id<RealServer>, RealServer::id(key), Action::create) != nullptr;
    }
    [[nodiscard]] OrderedPool pool(const std::vector<ListPlace>& members) const;
    [[nodiscard]] bool grows() const;
    [[nodiscard]] bool chooses_right() const;
    [[nodiscard]] bool may_leave(const ListPlace& member) const;
    [[nodiscard]] std::uint32_t weight_before(const ListPlace& each) const { return seen_.row(each.seen).value.weight; }
    [[nodiscard]] std::uint32_t weight_after(const ListPlace& each) const {
        return wanted_.row(each.wanted).value.weight;
    }

    const Row<Service>& service_;
    const Table<RealServer, Origin>& wanted_;
    const Seen<RealServer>& seen_;
    const Refusals& refused_;
    bool uncertain_;
    std::vector<ListPlace> members_;  ///< in the order that should be
};

void ServiceOrder::find_members() {
    const auto [first, end] = range_of(service_.key, wanted_.rows());
    for (std::uint32_t i = first; i < end; ++i) {
        const RealServer::Key& key = wanted_.row(i).key;
        const std::uint32_t at = seen_.find(key);
        const bool there = at != Seen<RealServer>::npos;
        if (is_refused(key)) {
            uncertain_ = uncertain_ || there;
            continue;
        }
        members_.push_back({i, there ? at : Step::none, there ? 1 + seen_.note(at).position : 0});
    }
    std::sort(members_.begin(), members_.end(), [&](const ListPlace& a, const ListPlace& b) {
        return comes_before(wanted_.row(a.wanted).key, wanted_.row(b.wanted).key);
    });
}

OrderedPool ServiceOrder::pool(const std::vector<ListPlace>& members) const {
    OrderedPool pool{service_.key, service_.value.scheduler, service_.value.flags, {}};
    for (const ListPlace& each : members) {
        const RealServer::Key& key = wanted_.row(each.wanted).key;
        const std::uint32_t weight = weight_after(each);
        const std::uint32_t last = weight != 0 ? weight : wanted_.note(each.wanted).first_weight;
        pool.servers.push_back({key.address, key.port, weight, last});
    }
    return pool;
}

/// The kernel may refuse a server that is added, and then the others would be moved for nothing, each time anew. So
/// they are moved in the next round, when it is there.
bool ServiceOrder::grows() const {
    return std::any_of(members_.begin(), members_.end(), [](const ListPlace& each) { return each.seen == Step::none; });
}

bool ServiceOrder::chooses_right() const {
    const auto by_rank = [](const ListPlace& a, const ListPlace& b) { return a.rank < b.rank; };
    if (std::is_sorted(members_.begin(), members_.end(), by_rank)) return true;
    std::vector<ListPlace> as_it_comes = members_;
    std::stable_sort(as_it_comes.begin(), as_it_comes.end(), by_rank);
    return choose_alike(pool(members_), pool(as_it_comes));
}

/// New clients have another server meanwhile. One that is new is there if it comes before in the order of the steps.
bool ServiceOrder::may_leave(const ListPlace& member) const {
    if (weight_before(member) == 0) return true;
    if (weight_after(member) == 0) return false;
    return std::any_of(members_.begin(), members_.end(), [&](const ListPlace& each) {
        const bool is_there = each.seen == Step::none ? each.wanted < member.wanted : weight_before(each) != 0;
        return each.wanted != member.wanted && is_there && weight_after(each) != 0;
    });
}

void ServiceOrder::mark(std::vector<bool>& marks) const {
    if (uncertain_ || grows() || chooses_right()) return;
    auto each = members_.rbegin();
    for (std::uint32_t last = UINT32_MAX; each != members_.rend() && each->rank != 0 && each->rank <= last; ++each) {
        last = each->rank;
    }
    std::vector<ListPlace> moved;
    std::copy_if(each, members_.rend(), std::back_inserter(moved),
                 [](const ListPlace& member) { return member.seen != Step::none; });
    if (!std::all_of(moved.begin(), moved.end(), [&](const ListPlace& member) { return may_leave(member); })) return;
    marks.resize(seen_.size());
    for (const ListPlace& member : moved) marks[member.seen] = true;
}

}  // namespace

std::vector<bool> out_of_place(const Desired& desired, const Observed& observed, const Refusals& refused) {
    std::vector<bool> marks;
    for (const Row<Service>& service : desired.get<Service>().rows.rows()) {
        const std::string_view scheduler = service.value.scheduler.view();
        if (scheduler != "mh" && scheduler != "sh") continue;
        ServiceOrder(service, desired, observed, refused).mark(marks);
    }
    return marks;
}

}  // namespace lbconverge::plan
