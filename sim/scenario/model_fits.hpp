#pragma once

#include "models/base/table_reader.hpp"
#include "models/catalog/catalog.hpp"
#include "sim/scenario/lab.hpp"
#include "sim/scenario/service_spec.hpp"

namespace labtwin {

/// Reports at the key `model` if the model does not load on its card with the context of one short conversation. Says nothing
/// where card, model or quantisation are wrong: these have been reported.
void check_model_loads(TableReader& service, const LlmServerSpec& spec, const NodeSpec& node, const catalog::Catalog& catalog);

}  // namespace labtwin
