#include "sim/run/evaluate_request.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "models/base/csv.hpp"
#include "models/base/error.hpp"
#include "sim/run/worker_process.hpp"

namespace labtwin {
namespace {

using calibration::Evaluation;
using calibration::FitSummary;
using calibration::Prediction;
using nlohmann::json;

json json_of(const Prediction& p) {
  json row{
      {"row", p.row}, {"quantity", p.quantity}, {"group", p.group}, {"grade", static_cast<int>(p.grade)}, {"note", p.note}};
  if (p.measured) row["measured"] = *p.measured;
  if (p.estimate) row["estimate"] = {p.estimate->value, p.estimate->low, p.estimate->high};
  return row;
}

Prediction prediction_of(const json& row) {
  Prediction p;
  p.row = row.at("row").get<std::size_t>();
  p.quantity = row.at("quantity").get<std::string>();
  p.group = row.at("group").get<std::string>();
  p.grade = static_cast<calibration::Grade>(row.at("grade").get<int>());
  p.note = row.at("note").get<std::string>();
  if (row.contains("measured")) p.measured = row["measured"].get<double>();
  if (row.contains("estimate")) p.estimate = {row["estimate"][0], row["estimate"][1], row["estimate"][2]};
  return p;
}

json json_of(const FitSummary& fit) {
  json parameters = json::array();
  for (const auto& p : fit.parameters) parameters.push_back({p.name, p.value, p.unit, p.sigma});
  return {{"unit", fit.unit}, {"law", fit.law}, {"rows", fit.num_rows}, {"parameters", std::move(parameters)}};
}

FitSummary fit_of(const json& document) {
  FitSummary fit;
  fit.unit = document.at("unit").get<std::string>();
  fit.law = document.at("law").get<std::string>();
  fit.num_rows = document.at("rows").get<std::size_t>();
  for (const json& p : document.at("parameters")) fit.parameters.push_back({p[0], p[1], p[2], p[3]});
  return fit;
}

Evaluation evaluation_of(const json& document) {
  Evaluation evaluation;
  for (const json& row : document.at("predictions")) evaluation.predictions.push_back(prediction_of(row));
  for (const json& fit : document.at("fits")) evaluation.fits.push_back(fit_of(fit));
  evaluation.notes = document.at("notes").get<std::vector<std::string>>();
  return evaluation;
}

}  // namespace

std::string to_json(const EvaluateRequest& request) {
  return json{{"evaluate", request.kind}, {"name", request.table.name()}, {"csv", request.table.to_csv()}}.dump();
}

std::optional<EvaluateRequest> evaluate_request_from_json(std::string_view text) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object()) throw InternalError("a worker was asked what is no request");
  if (!document.contains("evaluate")) return std::nullopt;
  const CsvTable csv = CsvTable::from_text(document.at("name").get<std::string>(), document.at("csv").get<std::string>());
  return EvaluateRequest{.kind = document.at("evaluate").get<std::string>(),
                         .table = calibration::MeasurementTable::from_csv(csv)};
}

std::string progress_line(double fraction) {
  return json{{"progress", fraction}}.dump();
}

std::string evaluation_line(const Evaluation& evaluation) {
  json document{{"predictions", json::array()}, {"fits", json::array()}, {"notes", evaluation.notes}};
  for (const Prediction& p : evaluation.predictions) document["predictions"].push_back(json_of(p));
  for (const FitSummary& fit : evaluation.fits) document["fits"].push_back(json_of(fit));
  return json{{"evaluation", std::move(document)}}.dump();
}

Evaluation evaluate_in_worker(const calibration::Kind& kind, const calibration::MeasurementTable& table,
                              const calibration::Progress& progress) {
  std::optional<Evaluation> evaluation;
  std::string failure;
  const auto take = [&](std::string_view line) {
    const json document = json::parse(line, nullptr, false);
    if (!document.is_object()) return;
    if (document.contains("error")) failure = document["error"].get<std::string>();
    if (document.contains("progress") && progress) progress(document["progress"].get<double>());
    if (document.contains("evaluation")) evaluation = evaluation_of(document["evaluation"]);
  };
  converse_with_worker(to_json(EvaluateRequest{.kind = std::string(kind.name), .table = table}), {}, take);
  if (!evaluation) throw WorkerError(failure.empty() ? "the worker returned no evaluation" : failure);
  return std::move(*evaluation);
}

}  // namespace labtwin
