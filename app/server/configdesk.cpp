#include "app/server/configdesk.h"

#include "app/server/settingscheck.h"
#include "app/server/tlssettings.h"
#include "config/describe.h"
#include "config/difference.h"

namespace Quern::app {

namespace {

admin::SettingStatus::Change changeOf(config::Change change)
{
    switch (change) {
    case config::Change::Live:
        return admin::SettingStatus::Change::Live;
    case config::Change::Reload:
        return admin::SettingStatus::Change::Reload;
    case config::Change::Restart:
        break;
    }
    return admin::SettingStatus::Change::Restart;
}

} // namespace

admin::ConfigReport configReport(const config::Settings &settings)
{
    admin::ConfigReport report;
    report.file = settings.filePath;
    report.environmentFiles = settings.environmentFiles;
    const QList<config::SettingInfo> infos = config::describe(settings, config::Secrets::Masked);
    for (const config::SettingInfo &info : infos)
        report.settings.append({info.key, info.value, info.origin, info.defaultValue, changeOf(info.change), info.doc});
    return report;
}

admin::ConfigVerdict checkCandidate(const Result<config::Settings> &candidate, const config::Settings &running,
                                    quint64 tableMemory)
{
    Result<void> checked = candidate ? checkSettings(*candidate, tableMemory) : candidate.error();
    if (checked)
        checked = checkCertificates(*candidate);
    admin::ConfigVerdict verdict;
    verdict.right = checked.ok();
    if (!checked) {
        verdict.problems = checked.error().message().split(u'\n');
        return verdict;
    }
    verdict.reload = config::changedKeys(running, *candidate, config::Change::Reload);
    verdict.restart = config::changedKeys(running, *candidate, config::Change::Restart);
    return verdict;
}

} // namespace Quern::app
