#pragma once

#include <Quern/result.h>

#include <QJsonObject>
#include <QString>

namespace Quern::admin {

/// All metrics of the server, as Prometheus reads them (text format 0.0.4). Shape: {"text": "# HELP …"}.
struct MetricsText
{
    QString text;

    QJsonObject toJson() const;
    /// Error::Protocol names the member and what is wrong with it.
    static Result<MetricsText> fromJson(const QJsonObject &json);
};

} // namespace Quern::admin
