#pragma once

#include "admin-gui/models/recordmodel.h"
#include "admin/protocol/configmessages.h"

namespace Quern::console {

/// The settings in effect, with where each comes from.
class SettingModel final : public RecordModel<admin::SettingStatus>
{
    Q_OBJECT
public:
    explicit SettingModel(QObject *parent = nullptr);

    void setReport(const admin::ConfigReport &report);
    /// Leaves out those that have their default value.
    void setOnlyChanged(bool isOnlyChanged);

    /// "a reload", in the user's language.
    static QString changeText(admin::SettingStatus::Change change);

private:
    void fill();

    QList<admin::SettingStatus> m_settings;
    bool m_isOnlyChanged = false;
};

} // namespace Quern::console
