#include "admin-gui/window/helpwindow.h"

#include <QDesktopServices>
#include <QFile>
#include <QTextBrowser>
#include <QVBoxLayout>

namespace Quern::console {

HelpWindow::HelpWindow(const QString &language, QWidget *parent)
    : QDialog(parent)
    , m_language(language)
    , m_text(new QTextBrowser)
{
    setObjectName(QStringLiteral("help"));
    setWindowTitle(tr("Help"));
    setAttribute(Qt::WA_DeleteOnClose);
    resize(620, 560);
    m_text->setObjectName(QStringLiteral("help.text"));
    m_text->setFrameShape(QFrame::NoFrame);
    m_text->document()->setDocumentMargin(16);
    m_text->setOpenLinks(false);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_text);
    connect(m_text, &QTextBrowser::anchorClicked, this, [this](const QUrl &link) {
        if (link.scheme().isEmpty())
            showPage(link.path());
        else
            QDesktopServices::openUrl(link);
    });
}

void HelpWindow::showPage(const QString &page)
{
    for (const QString &language : {m_language, QStringLiteral("en")}) {
        QFile file(QStringLiteral(":/quern/help/%1/%2.md").arg(language, page));
        if (!file.open(QIODevice::ReadOnly))
            continue;
        m_text->setMarkdown(QString::fromUtf8(file.readAll()));
        return;
    }
    m_text->setPlainText(tr("There is no page on this."));
}

} // namespace Quern::console
