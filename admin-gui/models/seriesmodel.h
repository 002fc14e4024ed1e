#pragma once

#include "admin-gui/models/recordmodel.h"

namespace Quern::console {

/// One number among the metrics.
struct MetricRow
{
    QString series; ///< "quern_connections{port=\"main\"}": what names it
    QString name;
    QString labels; ///< "port=main"
    QString type;   ///< "counter"; empty: it is not known
    QString help;
    double value = 0;

    /// It only grows: so do the buckets of a histogram.
    bool isCounter() const { return type == QStringLiteral("counter") || type == QStringLiteral("histogram"); }
};

/// All numbers among the metrics with their present values.
class SeriesModel final : public RecordModel<MetricRow>
{
    Q_OBJECT
public:
    explicit SeriesModel(QObject *parent = nullptr);

    /// \a value as the unit at the end of the name of the metric asks for: seconds, bytes, or a number.
    static QString valueText(const QString &name, double value);
};

} // namespace Quern::console
