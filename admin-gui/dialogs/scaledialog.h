#pragma once

#include "admin-gui/actions/serveraction.h"
#include "admin/protocol/status.h"

#include <QDialog>

class QPushButton;
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
    ServerAction action() const;
    void apply();
    void showCommand();

    ActionRunner &m_actions;
    QSpinBox *m_workers;
    QSpinBox *m_taskWorkers;
    CommandLabel *m_command;
    QPushButton *m_apply = nullptr;
    int m_workersBefore = 0;
    int m_taskWorkersBefore = 0;
};

} // namespace Quern::console
