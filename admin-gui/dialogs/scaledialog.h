#pragma once

#include "admin/protocol/status.h"

#include <QDialog>

class QSpinBox;

namespace Quern::console {

class ActionRunner;
class CommandLabel;

/// Asks for other numbers of workers and task workers.
class ScaleDialog final : public QDialog
{
    Q_OBJECT
public:
    ScaleDialog(const admin::Status &status, ActionRunner &actions, QWidget *parent);

    static void ask(const admin::Status &status, ActionRunner &actions, QWidget *parent);

private:
    void apply();
    void showCommand();

    ActionRunner &m_actions;
    QSpinBox *m_workers;
    QSpinBox *m_taskWorkers;
    CommandLabel *m_command;
};

} // namespace Quern::console
