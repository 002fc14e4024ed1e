#pragma once

#include "admin-gui/actions/actionrunner.h"

#include <QWidget>

class QLabel;
class QToolButton;

namespace Quern::console {

class CommandLabel;
class RecordTable;

/// The foot of the window: what was done last, what came of it and the command line that does the same; unfolded, all
/// that was done.
class ActivityBar final : public QWidget
{
    Q_OBJECT
public:
    explicit ActivityBar(ActionRunner &actions, QWidget *parent = nullptr);

    void setUnfolded(bool isUnfolded);

private:
    void showActivity(const Activity &activity);

    QLabel *m_text;
    CommandLabel *m_command;
    QToolButton *m_unfold;
    RecordTable *m_table;
};

} // namespace Quern::console
