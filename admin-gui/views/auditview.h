#pragma once

#include "admin-gui/models/auditmodel.h"
#include "admin-gui/views/listview.h"

#include <QTimer>

class QLabel;
class QToolButton;

namespace Quern::console {

class RecordPanel;

/// Who has changed what, and what came of it: the newest entries, and older ones page by page.
class AuditView final : public ListView
{
    Q_OBJECT
public:
    /// Others change things too.
    static constexpr std::chrono::milliseconds Interval{5000};

    explicit AuditView(const ViewContext &context);

    void refresh() override;
    void setActive(bool isActive) override;
    void setPaused(bool isPaused) override;
    void updateActions() override;

private:
    void readNewest();
    void readOlder();
    void read(qint64 before, const std::function<void(const admin::AuditPage &page)> &take);
    bool mayRead() const;

    AuditModel m_model;
    RecordPanel *m_panel;
    QLabel *m_note;
    QAction *m_older;
    QTimer m_poll;
    bool m_isReading = false;
};

} // namespace Quern::console
