#pragma once

#include <Quern/result.h>

#include <QJsonObject>
#include <QString>

namespace Quern::admin {

/// The cron job that is meant. Shape: {"job": "cleanup"}.
struct CronJobReference
{
    QString job;

    QJsonObject toJson() const;
    /// Error::Protocol names the member and what is wrong with it.
    static Result<CronJobReference> fromJson(const QJsonObject &json);
};

} // namespace Quern::admin
