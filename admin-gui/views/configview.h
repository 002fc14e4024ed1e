#pragma once

#include "admin-gui/models/settingmodel.h"
#include "admin-gui/views/listview.h"

class QCheckBox;
class QLabel;

namespace Quern::console {

class RecordPanel;

/// The settings in effect.
class ConfigView final : public ListView
{
    Q_OBJECT
public:
    explicit ConfigView(const ViewContext &context);

    void refresh() override;

private:
    void showMeaning();
    void take(const Result<admin::ConfigReport> &report);

    SettingModel m_model;
    RecordPanel *m_panel;
    QCheckBox *m_onlyChanged;
    QLabel *m_meaning; ///< of the selected setting
    QLabel *m_files;
};

} // namespace Quern::console
