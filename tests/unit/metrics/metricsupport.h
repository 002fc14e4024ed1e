#pragma once

#include "metrics/pluginmetrics.h"
#include "sdk/src/metricarea_p.h"

#include <QByteArray>
#include <QStringList>

#include <memory>
#include <string>

/// A process whose plugins count, as far as its metrics are concerned.
struct Child
{
    Quern::Counter counter(const QByteArray &name, const QByteArrayList &labels = {}, const QByteArray &help = "Help.")
    {
        return made<Quern::Counter>({Quern::MetricKind::Counter, Quern::GaugeMerge::Sum, name, help, labels, {}});
    }
    Quern::Gauge gauge(const QByteArray &name, Quern::GaugeMerge merge, const QByteArrayList &labels = {})
    {
        return made<Quern::Gauge>({Quern::MetricKind::Gauge, merge, name, "Help.", labels, {}});
    }
    Quern::Histogram histogram(const QByteArray &name, const std::vector<double> &bounds,
                               const QByteArrayList &labels = {})
    {
        return made<Quern::Histogram>(
            {Quern::MetricKind::Histogram, Quern::GaugeMerge::Sum, name, "Help.", labels, bounds});
    }

    Quern::metrics::PluginArea shared() const { return {{area, area->bytes().data()}, area->bytes().size()}; }
    std::vector<quint64> copy() const { return Quern::metrics::copyOfArea(area->bytes()); }
    /// Its memory, to be overwritten.
    quint64 *words() const { return reinterpret_cast<quint64 *>(const_cast<std::byte *>(area->bytes().data())); }

    std::shared_ptr<Quern::MetricArea> area = Quern::MetricArea::makePrivate();

private:
    template <typename Handle>
    Handle made(const Quern::MetricDefinition &definition)
    {
        std::shared_ptr<Quern::MetricFamilyCore> family = area->addFamily(definition, QStringLiteral("plugin"));
        if (!family)
            qFatal("no room");
        Quern::MetricCell *cells = definition.labels.isEmpty() ? family->seriesOf({}) : nullptr;
        return Handle(std::move(family), cells);
    }
};

/// One line for each metric: `orders_total{city="berlin"} 3`, and of histograms `bytes 1:2 +Inf:3 sum 7`.
inline QStringList linesOf(const std::vector<prometheus::MetricFamily> &families)
{
    QStringList lines;
    for (const prometheus::MetricFamily &family : families) {
        for (const prometheus::ClientMetric &metric : family.metric) {
            QString line = QString::fromStdString(family.name);
            QStringList labels;
            for (const auto &label : metric.label)
                labels.append(QStringLiteral("%1=\"%2\"")
                                  .arg(QString::fromStdString(label.name), QString::fromStdString(label.value)));
            if (!labels.isEmpty())
                line += u'{' + labels.join(u',') + u'}';
            for (const auto &bucket : metric.histogram.bucket)
                line += QStringLiteral(" %1:%2").arg(bucket.upper_bound).arg(bucket.cumulative_count);
            if (family.type == prometheus::MetricType::Histogram)
                line += QStringLiteral(" sum %1").arg(metric.histogram.sample_sum);
            else
                line += QStringLiteral(" %1").arg(metric.counter.value + metric.gauge.value);
            lines.append(line);
        }
    }
    return lines;
}
