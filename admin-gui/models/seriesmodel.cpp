#include "admin-gui/models/seriesmodel.h"

#include "admin-gui/models/format.h"

#include <cmath>

namespace Quern::console {

namespace {

using namespace Qt::Literals::StringLiterals;

/// Beyond it a time is a date.
constexpr double longestSeconds = 1e8;

} // namespace

QString SeriesModel::valueText(const QString &name, double value)
{
    QString base = name;
    for (const QLatin1StringView suffix : {"_total"_L1, "_sum"_L1}) {
        if (base.endsWith(suffix))
            base.chop(suffix.size());
    }
    if (base.endsWith("_timestamp_seconds"_L1) && value > 0)
        return format::moment(QDateTime::fromMSecsSinceEpoch(qint64(value * 1000)));
    if (base.endsWith("_seconds"_L1) && std::abs(value) < longestSeconds)
        return format::duration(std::chrono::microseconds(qint64(value * 1e6)));
    if (base.endsWith("_bytes"_L1) && std::isfinite(value))
        return format::bytes(qint64(value));
    return format::number(value);
}

SeriesModel::SeriesModel(QObject *parent) : RecordModel([](const MetricRow &row) { return row.series; }, parent)
{
    const auto tip = [](const MetricRow &row) { return row.help; };
    Column<MetricRow> name{tr("Metric"), [](const MetricRow &row) { return row.name; }};
    name.toolTip = tip;
    Column<MetricRow> labels{tr("Labels"), [](const MetricRow &row) { return row.labels; }};
    labels.toolTip = tip;
    Column<MetricRow> type{tr("Type"), [](const MetricRow &row) { return row.type; }};
    type.tone = [](const MetricRow &) { return Tone::Faint; };
    const Column<MetricRow> value = numberColumn<MetricRow>(
        tr("Value"), [](const MetricRow &row) { return valueText(row.name, row.value); }, &MetricRow::value);
    setColumns({name, labels, value, type});
}

} // namespace Quern::console
