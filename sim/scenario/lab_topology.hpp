#pragma once

#include <string>

#include "models/catalog/catalog.hpp"
#include "models/topology/topology.hpp"
#include "sim/scenario/lab.hpp"

namespace labtwin {

/// A lab as a graph of what moves bytes. Node `box` of the lab becomes the node `box` (its CPU), `box.memory`, and one per
/// drive and network card, each joined to the CPU by a link of the part's own name; cables join cards and switches. Speeds come
/// from the lab file, those of drives from the catalog; memory whose bandwidth is not given has no link, since nothing is known
/// to limit it. A node whose board has a chipset gets the node `box.chipset`, the link `box.uplink` from there to the CPU, and
/// behind it what sits in slots of the chipset and network cards of the board; cards in slots of a board are places of their
/// own, and NVLink bridges join them.
[[nodiscard]] topology::Topology lab_topology(const Lab& lab, const catalog::Catalog& catalog);

/// What the tables of a run call a link: `PCIe of gpu0`, `chipset uplink`, `memory`, a drive by its name, with the machine's
/// name before it where there are several; cables have their own names.
[[nodiscard]] std::string link_resource(const Lab& lab, const std::string& link);

}  // namespace labtwin
