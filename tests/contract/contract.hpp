// The contract between the program and a kernel, and the means to hold two kernels to it: each script of changes runs
// on the fake kernel and, where there is one to play with, on the real one. Both must refuse the same changes with the
// same errors and then show the same state.
#pragma once

#include "lbconverge/kernel/kernel.hpp"
#include "lbconverge/sim/fake_kernel.hpp"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace lbconverge::test {

using sim::FakeKernel;

/// Changes made by hand, in any order; each becomes one step of a plan.
class Script {
public:
    template <class Kind>
    Script& create(const typename Kind::Key& key, const typename Kind::Value& value) {
        desired_.get<Kind>().rows.put(key, value);
        add<Kind>(key, false, true);
        return *this;
    }
    template <class Kind>
    Script& update(const typename Kind::Key& key, const typename Kind::Value& before,
                   const typename Kind::Value& after) {
        observed_.get<Kind>().put(key, before);
        desired_.get<Kind>().rows.put(key, after);
        add<Kind>(key, true, true);
        return *this;
    }
    /// An update for which the row is removed and made again.
    template <class Kind>
    Script& again(const typename Kind::Key& key, const typename Kind::Value& before,
                  const typename Kind::Value& after) {
        update<Kind>(key, before, after);
        places_.back().again = true;
        return *this;
    }
    template <class Kind>
    Script& remove(const typename Kind::Key& key, const typename Kind::Value& before) {
        observed_.get<Kind>().put(key, before);
        add<Kind>(key, true, false);
        return *this;
    }
    [[nodiscard]] plan::Plan plan(const HostFacts& facts) const;

private:
    struct Place {
        std::uint8_t kind = 0;
        std::string id;
        bool before = false;
        bool after = false;
        bool again = false;
    };
    template <class Kind>
    void add(const typename Kind::Key& key, bool before, bool after) {
        places_.push_back({kinds::kind_id<Kind>, Kind::id(key), before, after});
    }
    kinds::Desired desired_;
    kinds::Observed observed_;
    std::vector<Place> places_;
};

/// True when a real kernel is to be tested, too: LBCONVERGE_REAL=1, or without-ipvs where it has none. This needs root,
/// and a network namespace is made for each Node; run it in a lab guest.
bool real_kernel_wanted();

/// A fresh node: lo up, eth0 with 10.0.0.2/24 and 2001:db8::2/64, eth1 up without an address.
class Node {
public:
    Node();
    /// Runs a script on both kernels and compares them. The errno of each change, 0 for those that were done.
    std::vector<int> run(const Script& script);
    /// What somebody else does: a command of the shell to the real kernel, the same to the fake one.
    void by_hand(const std::string& command, const std::function<void(FakeKernel&)>& same);
    /// What both kernels show: of the real one where there is one.
    kinds::Observed look();

    template <class Kind>
    [[nodiscard]] const typename Kind::Value* value(const typename Kind::Key& key) {
        seen_ = look();
        const std::uint32_t at = seen_.get<Kind>().find(key);
        return at == kinds::Seen<Kind>::npos ? nullptr : &seen_.get<Kind>().row(at).value;
    }
    /// Both kernels' answer to offers(); compares them.
    Result<void> offers(const Script& script);

    static const std::vector<std::string>& settings();
    FakeKernel fake;

private:
    std::unique_ptr<plan::Kernel> real_;
    kinds::Observed seen_;
};

}  // namespace lbconverge::test
