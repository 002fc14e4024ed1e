#include "admin-gui/dialogs/confirmdialog.h"

#include "admin-gui/widgets/commandlabel.h"

#include <QDialogButtonBox>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace Quern::console {

ConfirmDialog::ConfirmDialog(const ServerAction &action, const QString &commandLine, QWidget *parent) : QDialog(parent)
{
    setObjectName(QStringLiteral("confirm"));
    setWindowTitle(action.title);
    setAttribute(Qt::WA_DeleteOnClose);
    setModal(true);
    auto *question = new QLabel(action.warning);
    question->setObjectName(QStringLiteral("confirm.warning"));
    question->setWordWrap(true);
    question->setMinimumWidth(420);
    question->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto *buttons = new QDialogButtonBox;
    auto *proceed = new QPushButton(action.confirmText.isEmpty() ? action.title : action.confirmText);
    proceed->setObjectName(QStringLiteral("confirm.proceed"));
    proceed->setAutoDefault(false);
    buttons->addButton(proceed, QDialogButtonBox::AcceptRole);
    QPushButton *cancel = buttons->addButton(tr("Cancel"), QDialogButtonBox::RejectRole);
    cancel->setDefault(true);
    auto *layout = new QVBoxLayout(this);
    layout->setSpacing(14);
    layout->addWidget(question);
    if (!commandLine.isEmpty())
        layout->addWidget(new CommandLabel(commandLine));
    layout->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    cancel->setFocus();
}

void ConfirmDialog::ask(const ServerAction &action, const QString &commandLine, const std::function<void()> &proceed,
                        QWidget *parent)
{
    auto *dialog = new ConfirmDialog(action, commandLine, parent);
    connect(dialog, &QDialog::accepted, dialog, proceed);
    dialog->open();
}

} // namespace Quern::console
