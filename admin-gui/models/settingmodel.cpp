#include "admin-gui/models/settingmodel.h"

#include "admin-gui/models/format.h"

namespace Quern::console {

using admin::SettingStatus;

namespace {

const QString defaultOrigin = QStringLiteral("default");

} // namespace

QString SettingModel::changeText(SettingStatus::Change change)
{
    switch (change) {
    case SettingStatus::Change::Live:
        return tr("reload, at once");
    case SettingStatus::Change::Reload:
        return tr("reload");
    case SettingStatus::Change::Restart:
        break;
    }
    return tr("restart");
}

SettingModel::SettingModel(QObject *parent)
    : RecordModel([](const SettingStatus &setting) { return setting.key; }, parent)
{
    const auto isDefault = [](const SettingStatus &setting) { return setting.origin == defaultOrigin; };
    const auto tip = [](const SettingStatus &setting) { return setting.doc; };
    Column<SettingStatus> key{tr("Setting"), [](const SettingStatus &each) { return each.key; }};
    key.toolTip = tip;
    Column<SettingStatus> value{tr("Value"), [](const SettingStatus &each) { return format::oneLine(each.value); }};
    value.toolTip = [](const SettingStatus &each) { return each.value; };
    value.tone = [isDefault](const SettingStatus &each) { return isDefault(each) ? Tone::Plain : Tone::Busy; };
    Column<SettingStatus> origin{
        tr("Origin"), [isDefault](const SettingStatus &each) { return isDefault(each) ? tr("default") : each.origin; }};
    origin.tone = [isDefault](const SettingStatus &each) { return isDefault(each) ? Tone::Faint : Tone::Plain; };
    Column<SettingStatus> standard{tr("Default"), [](const SettingStatus &each) { return each.defaultValue; }};
    standard.tone = [](const SettingStatus &) { return Tone::Faint; };
    Column<SettingStatus> change{tr("A change needs"),
                                 [](const SettingStatus &each) { return changeText(each.change); },
                                 by<SettingStatus>(&SettingStatus::change)};
    Column<SettingStatus> doc{tr("Meaning"), [](const SettingStatus &each) { return format::oneLine(each.doc, 300); }};
    doc.toolTip = tip;
    setColumns({key, value, origin, standard, change, doc});
}

void SettingModel::setReport(const admin::ConfigReport &report)
{
    m_settings = report.settings;
    // "quern.toml:12" says enough: the view names the folder.
    const QString folder = report.file.left(report.file.lastIndexOf(u'/') + 1);
    if (!folder.isEmpty()) {
        for (SettingStatus &setting : m_settings)
            setting.origin.remove(folder);
    }
    fill();
}

void SettingModel::setOnlyChanged(bool isOnlyChanged)
{
    m_isOnlyChanged = isOnlyChanged;
    fill();
}

void SettingModel::fill()
{
    QList<SettingStatus> shown;
    for (const SettingStatus &setting : m_settings) {
        if (!m_isOnlyChanged || setting.origin != defaultOrigin)
            shown.append(setting);
    }
    setRecords(shown);
}

} // namespace Quern::console
