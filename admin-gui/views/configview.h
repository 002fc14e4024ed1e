#pragma once

#include "admin-gui/models/settingmodel.h"
#include "admin-gui/views/view.h"

class QCheckBox;
class QLabel;

namespace Quern::console {

class RecordPanel;

/// The settings in effect.
class ConfigView final : public View
{
    Q_OBJECT
public:
    explicit ConfigView(const ViewContext &context);

    void refresh() override;
    void setActive(bool isActive) override;
    QLineEdit *filterField() const override;
    /// "filter"
    QVariantMap place() const override;
    void goTo(const QVariantMap &place) override;
    void updateActions() override;

private:
    void take(const Result<admin::ConfigReport> &report);

    SettingModel m_model;
    RecordPanel *m_panel;
    QCheckBox *m_onlyChanged;
    QLabel *m_files;
};

} // namespace Quern::console
