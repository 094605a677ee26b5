#pragma once

#include <optional>
#include <vector>

#include "models/base/table_reader.hpp"
#include "models/catalog/catalog.hpp"
#include "sim/scenario/lab.hpp"
#include "sim/scenario/service_spec.hpp"

namespace labtwin {

/// Reports at the key `model` if the model does not load on its card with the settings of its server. Says nothing where card,
/// model or quantisation are wrong: these have been reported.
void check_model_loads(TableReader& service, const LlmServerSpec& spec, const NodeSpec& node, const catalog::Catalog& catalog);

/// Reports what is missing where weights stay in the memory of the host: its bandwidth, or room.
void check_host_memory(TableReader& service, const LlmServerSpec& spec, const NodeSpec& node, const catalog::Catalog& catalog);

/// What the other servers on its card leave to a language model or an embedder; models of Ollama come and go and leave all.
[[nodiscard]] Bytes memory_beside(const std::vector<ServiceSpec>& services, const ServiceSpec& self, const NodeSpec& node,
                                  const catalog::Catalog& catalog);
/// Reports at the key `gpu` if a server that fits alone does not fit beside the others of its card.
void check_shared_card(TableReader& table, const std::vector<ServiceSpec>& services, const ServiceSpec& service, const Lab& lab,
                       const catalog::Catalog& catalog);

}  // namespace labtwin
