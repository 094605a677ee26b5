#pragma once

#include "models/network/netem.hpp"
#include "models/network/tc_words.hpp"

namespace labtwin::network {

/// Reads what stands after `netem`, to the end.
void read_netem_words(TcWords& words, Netem& netem);

}  // namespace labtwin::network
