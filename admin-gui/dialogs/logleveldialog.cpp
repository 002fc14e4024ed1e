#include "admin-gui/dialogs/logleveldialog.h"

#include "admin-gui/actions/actionrunner.h"
#include "admin-gui/actions/serveractions.h"
#include "admin-gui/widgets/commandlabel.h"

#include <QDialogButtonBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPointer>
#include <QPushButton>

namespace Quern::console {

LogLevelDialog::LogLevelDialog(ActionRunner &actions, QWidget *parent)
    : QDialog(parent)
    , m_actions(actions)
    , m_levels(new QLineEdit)
    , m_command(new CommandLabel)
    , m_error(new QLabel)
{
    setObjectName(QStringLiteral("loglevels"));
    setWindowTitle(tr("Levels of the log"));
    setAttribute(Qt::WA_DeleteOnClose);
    setModal(true);
    m_levels->setObjectName(QStringLiteral("loglevels.field"));
    m_levels->setPlaceholderText(QStringLiteral("quern.http=debug,info"));
    m_levels->setMinimumWidth(320);
    auto *note = new QLabel(tr("debug, info, warning or error: of everything, or of one category as in "
                               "quern.http=debug. It holds at once in every process, until the next start."));
    note->setWordWrap(true);
    m_error->setWordWrap(true);
    m_error->setObjectName(QStringLiteral("loglevels.error"));
    m_error->hide();
    auto *buttons = new QDialogButtonBox;
    buttons->addButton(tr("Set"), QDialogButtonBox::AcceptRole)->setObjectName(QStringLiteral("loglevels.apply"));
    buttons->addButton(tr("Cancel"), QDialogButtonBox::RejectRole);
    auto *layout = new QFormLayout(this);
    layout->addRow(tr("&Levels"), m_levels);
    layout->addRow(note);
    layout->addRow(m_error);
    layout->addRow(m_command);
    layout->addRow(buttons);
    connect(m_levels, &QLineEdit::textChanged, this, &LogLevelDialog::showCommand);
    connect(buttons, &QDialogButtonBox::accepted, this, &LogLevelDialog::apply);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    showCommand();
}

void LogLevelDialog::showCommand()
{
    m_command->setCommand(m_actions.commandLine(serveractions::setLogLevels(m_levels->text())));
}

/// What the server says to a wrong one is shown here, so that nothing has to be typed again.
void LogLevelDialog::apply()
{
    m_actions.run(serveractions::setLogLevels(m_levels->text()),
                  [dialog = QPointer(this)](const Result<QJsonObject> &outcome) {
                      if (!dialog)
                          return;
                      if (outcome)
                          return dialog->accept();
                      dialog->m_error->setText(outcome.error().message());
                      dialog->m_error->show();
                  });
}

void LogLevelDialog::ask(ActionRunner &actions, QWidget *parent)
{
    (new LogLevelDialog(actions, parent))->open();
}

} // namespace Quern::console
