#include "admin-gui/widgets/commandlabel.h"

#include "admin-gui/models/format.h"
#include "admin-gui/widgets/theme.h"

#include <QClipboard>
#include <QFontDatabase>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QToolButton>

namespace Quern::console {

CommandLabel::CommandLabel(const QString &command, QWidget *parent) : QWidget(parent), m_label(new QLabel)
{
    m_label->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_label->setForegroundRole(QPalette::PlaceholderText);
    m_label->setMinimumWidth(80);
    m_label->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    auto *copy = new QToolButton;
    copy->setIcon(theme::icon(QStringLiteral("copy")));
    copy->setAutoRaise(true);
    copy->setToolTip(tr("Copy the command line"));
    copy->setAccessibleName(copy->toolTip());
    connect(copy, &QToolButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(m_command); });
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_label, 1);
    layout->addWidget(copy);
    setCommand(command);
}

void CommandLabel::setCommand(const QString &command)
{
    m_command = command;
    m_label->setToolTip(format::tip(command));
    m_label->setAccessibleName(tr("Command line: %1").arg(command));
    fit();
}

void CommandLabel::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    fit();
}

void CommandLabel::fit()
{
    m_label->setText(m_label->fontMetrics().elidedText(m_command, Qt::ElideMiddle, m_label->width()));
}

} // namespace Quern::console
