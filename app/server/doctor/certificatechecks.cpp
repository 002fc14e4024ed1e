#include "app/server/doctor/certificatechecks.h"

#include "app/server/doctor/text.h"

namespace Quern::app::doctor {

namespace {

/// The reports say first what is found, and behind it what to do.
Check told(Check (*make)(const QString &, const QString &, const QString &), const QString &name, const QString &text)
{
    const qsizetype end = text.indexOf(u"; ");
    if (end < 0)
        return make(name, text, Text::tr("give other files, and \"quern reload\" takes them"));
    return make(name, text.first(end), text.sliced(end + 2));
}

} // namespace

Checks certificateChecks(const QList<CertificateReport> &reports)
{
    Checks checks;
    for (const CertificateReport &report : reports) {
        const QString name = QStringLiteral("certificates of ") + report.title;
        if (!report.usable)
            checks.append(told(error, name, report.usable.error().message()));
        for (const QString &text : report.warnings)
            checks.append(told(warning, name, text));
        if (report.usable && report.warnings.isEmpty())
            checks.append(well(name, Text::tr("can be used")));
    }
    return checks;
}

} // namespace Quern::app::doctor
