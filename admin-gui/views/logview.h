#pragma once

#include "admin-gui/models/logmodel.h"
#include "admin-gui/views/listview.h"

class QComboBox;
class QLabel;
class QPlainTextEdit;

namespace Quern::console {

class RecordPanel;

/// The log as it grows.
class LogView final : public ListView
{
    Q_OBJECT
public:
    explicit LogView(const ViewContext &context);

    void refresh() override;
    void setActive(bool isActive) override;
    void setPaused(bool isPaused) override;
    /// "filter", "role", "level"
    QVariantMap place() const override;
    void goTo(const QVariantMap &place) override;

private:
    void follow();
    void take(const admin::LogPage &page);
    void askOlder();
    void showLine();
    void showState();
    void showProblem(const Error &error);
    void fillRoles();
    admin::LogQuery query() const;

    LogModel m_model;
    RecordPanel *m_panel;
    QComboBox *m_level;
    QComboBox *m_role;
    QPlainTextEdit *m_message;
    QLabel *m_state;
    QList<admin::LogLine> m_held; ///< that have come while it is paused
    qint64 m_dropped = 0;
    bool m_isFollowing = false;
    bool m_hasOlder = true;
    bool m_isFollowDue = false; ///< once it is not paused any more
    int m_round = 0;            ///< of follow(): what was asked for before is about other lines
};

} // namespace Quern::console
