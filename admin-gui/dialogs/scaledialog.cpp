#include "admin-gui/dialogs/scaledialog.h"

#include "admin-gui/actions/actionrunner.h"
#include "admin-gui/actions/serveractions.h"
#include "admin-gui/widgets/commandlabel.h"

#include <QDialogButtonBox>
#include <QFormLayout>
#include <QLabel>
#include <QPushButton>
#include <QSpinBox>

#include <algorithm>

namespace Quern::console {

namespace {

constexpr int mostWorkers = 1000; // the server has the last word

/// Of the generation that takes new work.
int countOf(const QList<admin::WorkerStatus> &list, const QString &start, int generation)
{
    return int(std::count_if(list.begin(), list.end(), [&start, generation](const admin::WorkerStatus &each) {
        return each.name.startsWith(start) && each.generation == generation;
    }));
}

} // namespace

ScaleDialog::ScaleDialog(const admin::Status &status, ActionRunner &actions, QWidget *parent)
    : QDialog(parent)
    , m_actions(actions)
    , m_workers(new QSpinBox)
    , m_taskWorkers(new QSpinBox)
    , m_command(new CommandLabel)
{
    setObjectName(QStringLiteral("scale"));
    setWindowTitle(tr("Scale"));
    setAttribute(Qt::WA_DeleteOnClose);
    setModal(true);
    const int taskWorkers = countOf(status.processes, QStringLiteral("task worker "), status.generation);
    m_workers->setObjectName(QStringLiteral("scale.workers"));
    m_workers->setRange(1, mostWorkers);
    m_workers->setValue(countOf(status.workers, QStringLiteral("worker "), status.generation));
    m_taskWorkers->setObjectName(QStringLiteral("scale.taskWorkers"));
    m_taskWorkers->setRange(taskWorkers > 0 ? 1 : 0, mostWorkers);
    m_taskWorkers->setValue(taskWorkers);
    m_workersBefore = m_workers->value();
    m_taskWorkersBefore = m_taskWorkers->value();
    auto *note =
        new QLabel(tr("All workers are replaced, as by a reload; no request is lost. The numbers hold until the "
                      "settings name others, or until a restart."));
    note->setWordWrap(true);
    note->setMinimumWidth(380);
    auto *buttons = new QDialogButtonBox;
    m_apply = buttons->addButton(tr("Scale"), QDialogButtonBox::AcceptRole);
    m_apply->setObjectName(QStringLiteral("scale.apply"));
    buttons->addButton(tr("Cancel"), QDialogButtonBox::RejectRole);
    auto *layout = new QFormLayout(this);
    layout->addRow(tr("&Workers"), m_workers);
    layout->addRow(tr("&Task workers"), m_taskWorkers);
    layout->addRow(note);
    layout->addRow(m_command);
    layout->addRow(buttons);
    connect(m_workers, &QSpinBox::valueChanged, this, &ScaleDialog::showCommand);
    connect(m_taskWorkers, &QSpinBox::valueChanged, this, &ScaleDialog::showCommand);
    connect(buttons, &QDialogButtonBox::accepted, this, &ScaleDialog::apply);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    showCommand();
    m_workers->setFocus();
    m_workers->selectAll();
}

/// A number that was not touched is 0, "as many as now": what was counted may be a moment of a reload.
ServerAction ScaleDialog::action() const
{
    const auto changed = [](const QSpinBox *box, int before) { return box->value() == before ? 0 : box->value(); };
    return serveractions::scale(changed(m_workers, m_workersBefore), changed(m_taskWorkers, m_taskWorkersBefore));
}

void ScaleDialog::showCommand()
{
    m_apply->setEnabled(m_workers->value() != m_workersBefore || m_taskWorkers->value() != m_taskWorkersBefore);
    m_command->setCommand(m_actions.commandLine(action()));
}

void ScaleDialog::apply()
{
    m_actions.run(action());
    accept();
}

void ScaleDialog::ask(const admin::Status &status, ActionRunner &actions, QWidget *parent)
{
    (new ScaleDialog(status, actions, parent))->open();
}

} // namespace Quern::console
