#pragma once

#include "admin-gui/models/cronmodel.h"
#include "admin-gui/views/listview.h"

class QScrollArea;

namespace Quern::console {

class RecordPanel;
class Timeline;

/// The cron jobs, and below them when they have run lately and run next.
class CronView final : public ListView
{
    Q_OBJECT
public:
    explicit CronView(const ViewContext &context);

    void refresh() override;
    void setActive(bool isActive) override;
    void setPaused(bool isPaused) override;
    /// "filter", "job"
    QVariantMap place() const override;
    void goTo(const QVariantMap &place) override;

private:
    void addActions();
    void showTimeline();
    QStringList selected(bool arePaused) const;

    CronModel m_model;
    RecordPanel *m_panel;
    Timeline *m_timeline;
    QScrollArea *m_scroll;
};

} // namespace Quern::console
