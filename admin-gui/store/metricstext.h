#pragma once

#include <Quern/result.h>

#include <QHash>
#include <QJsonObject>
#include <QList>
#include <QMap>
#include <QString>

namespace Quern::console {

/// One line of the exposition: a number with its labels.
struct MetricSample
{
    QString name;                  ///< "quern_requests_total", "http_server_requests_seconds_bucket"
    QMap<QString, QString> labels; ///< "le": "0.005"
    double value = 0;

    /// As it is written: "quern_connections{port=\"main\"}".
    QString series() const;

    bool operator==(const MetricSample &) const = default;
};

/// What a family of samples is.
struct MetricFamily
{
    QString name; ///< "http_server_requests_seconds", without "_bucket"
    QString help;
    QString type; ///< "counter", "gauge", "histogram"; empty: the server does not say
};

/// All metrics of a server at one time.
struct MetricsSnapshot
{
    QMap<QString, MetricFamily> families; ///< by name
    QList<MetricSample> samples;

    /// Reads Prometheus' text format 0.0.4. Error::Protocol names the line that is wrong.
    static Result<MetricsSnapshot> parse(QStringView text);
    /// Of a MetricsText.
    static Result<MetricsSnapshot> fromJson(const QJsonObject &json);
    /// That \a sample belongs to; null if it has none.
    const MetricFamily *familyOf(const MetricSample &sample) const;
};

} // namespace Quern::console
