// What names Prometheus takes, and promtool does not complain of.

#include "metriclayout_p.h"

#include "httpsyntax_p.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

namespace Quern {

namespace {

constexpr std::array<QByteArrayView, 4> serverPrefixes = {"quern_", "http_server_", "process_", "system_"};
/// What the samples of a histogram have behind its name: so no name can be that of another's sample.
constexpr std::array<QByteArrayView, 3> histogramSuffixes = {"_bucket", "_sum", "_count"};
/// "application" is the server's own.
constexpr std::array<QByteArrayView, 3> reservedLabels = {"le", "quantile", "application"};

/// https://prometheus.io/docs/concepts/data_model/
bool isName(QByteArrayView name, bool mayHaveColon)
{
    const auto isFirst = [mayHaveColon](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c == ':' && mayHaveColon);
    };
    return !name.isEmpty() && isFirst(name.front()) &&
           std::all_of(name.begin(), name.end(), [&isFirst](char c) { return isFirst(c) || (c >= '0' && c <= '9'); });
}

std::string flawOfName(const MetricDefinition &metric, MetricOwner owner)
{
    const QByteArray &name = metric.name;
    if (!isName(name, true))
        return "has a name that Prometheus does not take: use letters, digits, '_' and ':', and no digit at the "
               "beginning";
    if (name.size() > MetricLimits::NameBytes)
        return "has a name of " + std::to_string(name.size()) + " bytes: use " +
               std::to_string(MetricLimits::NameBytes) + " at most";
    for (const QByteArrayView prefix : serverPrefixes) {
        if (name.startsWith(prefix) && !(owner == MetricOwner::Server && name == cronLatenessMetric))
            return "begins with " + prefix.toByteArray().toStdString() +
                   ", as the server's own metrics do: begin with the name of the plugin";
    }
    for (const QByteArrayView suffix : histogramSuffixes) {
        if (name.endsWith(suffix))
            return "ends in " + suffix.toByteArray().toStdString() +
                   ", as the parts of a histogram do: choose another end";
    }
    const bool isTotal = name.endsWith("_total");
    if (metric.kind == MetricKind::Counter && !isTotal)
        return "does not end in _total, as a counter has to: call it " + quoted(name + "_total");
    if (metric.kind != MetricKind::Counter && isTotal)
        return "ends in _total, as only a counter may: choose another end, or make it a counter";
    return {};
}

std::string flawOfLabels(const QByteArrayList &labels)
{
    if (labels.size() > MetricLimits::Labels)
        return "has " + std::to_string(labels.size()) + " labels: give it " + std::to_string(MetricLimits::Labels) +
               " at most";
    for (qsizetype i = 0; i < labels.size(); ++i) {
        const QByteArray &label = labels[i];
        const std::string title = "has the label " + quoted(label);
        if (!isName(label, false))
            return title + ", which Prometheus does not take: use letters, digits and '_', and no digit at the "
                           "beginning";
        if (label.size() > MetricLimits::LabelNameBytes)
            return title + " of " + std::to_string(label.size()) + " bytes: use " +
                   std::to_string(MetricLimits::LabelNameBytes) + " at most";
        if (label.startsWith("__") ||
            std::find(reservedLabels.begin(), reservedLabels.end(), QByteArrayView(label)) != reservedLabels.end())
            return title + ", which has a meaning of its own: rename it";
        if (labels.indexOf(label) != i)
            return title + " twice: remove or rename one of them";
    }
    return {};
}

std::string flawOfBounds(const MetricDefinition &metric)
{
    const std::vector<double> &bounds = metric.bounds;
    if (metric.kind != MetricKind::Histogram)
        return bounds.empty() ? std::string() : "has buckets, as only a histogram may";
    if (bounds.empty() || bounds.size() > MetricLimits::Bounds)
        return "has " + std::to_string(bounds.size()) + " buckets: give it 1 to " +
               std::to_string(MetricLimits::Bounds);
    if (!std::all_of(bounds.begin(), bounds.end(), [](double bound) { return std::isfinite(bound); }))
        return "has a bucket without a finite bound: give the bounds alone, what lies above the last has a bucket "
               "anyway";
    if (std::adjacent_find(bounds.begin(), bounds.end(), std::greater_equal<>()) != bounds.end())
        return "has buckets whose bounds do not rise: sort them, and name each once";
    return {};
}

} // namespace

std::string metricTitle(const MetricDefinition &metric)
{
    const char *kind = metric.kind == MetricKind::Counter ? "counter "
                       : metric.kind == MetricKind::Gauge ? "gauge "
                                                          : "histogram ";
    return kind + quoted(metric.name);
}

std::string flawOfMetric(const MetricDefinition &metric, MetricOwner owner)
{
    if (std::string flaw = flawOfName(metric, owner); !flaw.empty())
        return flaw;
    if (metric.help.trimmed().isEmpty())
        return "has no help: say in a sentence what it counts";
    if (metric.help.size() > MetricLimits::HelpBytes || !metric.help.isValidUtf8())
        return "has a help that is too long or no UTF-8: use " + std::to_string(MetricLimits::HelpBytes) +
               " bytes at most";
    if (std::string flaw = flawOfLabels(metric.labels); !flaw.empty())
        return flaw;
    return flawOfBounds(metric);
}

} // namespace Quern
