#pragma once

#include <QList>
#include <QString>

namespace Quern::config {

/// The [metrics] table: one member a key, with its default. The key's name and range stand in metricskeys.cpp. It is a
/// part of ServerSettings, so that the same rules read both.
struct MetricsSettings
{
    bool metricsEnabled = true;
    QString metricsPath = QStringLiteral("/actuator/prometheus");
    bool metricsPublic = false;      ///< whether the HTTP ports of [server] answer the path, too
    bool metricsToken = true;        ///< whether the management port asks for a token
    QString metricsApplication;      ///< value of the label "application"; empty: there is none
    QList<int> metricsIgnoredStatus; ///< requests answered so are not counted by route
    QList<double> metricsBuckets = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                    0.1,   0.25,   0.5,   1.0,  2.5,   10.0}; ///< seconds, rising

    bool operator==(const MetricsSettings &) const = default;
};

} // namespace Quern::config
