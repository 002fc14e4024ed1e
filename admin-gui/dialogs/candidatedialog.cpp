#include "admin-gui/dialogs/candidatedialog.h"

#include "admin-gui/connection/session.h"
#include "admin-gui/models/textinput.h"
#include "admin-gui/widgets/theme.h"
#include "admin/protocol/methods.h"

#include <QDialogButtonBox>
#include <QFileDialog>
#include <QFontDatabase>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QVBoxLayout>

namespace Quern::console {

CandidateDialog::CandidateDialog(Session &session, QWidget *parent)
    : QDialog(parent)
    , m_session(session)
    , m_text(new QPlainTextEdit)
    , m_check(nullptr)
    , m_verdict(new QLabel)
{
    setObjectName(QStringLiteral("candidate"));
    setWindowTitle(tr("Check a candidate"));
    setAttribute(Qt::WA_DeleteOnClose);
    setModal(true);
    resize(640, 520);
    m_text->setObjectName(QStringLiteral("candidate.text"));
    m_text->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_text->setPlaceholderText(QStringLiteral("[server]\nworker_num = 4"));
    m_text->setAccessibleName(tr("Settings in TOML"));
    m_text->setTabChangesFocus(true);
    m_verdict->setObjectName(QStringLiteral("candidate.verdict"));
    m_verdict->setWordWrap(true);
    m_verdict->setTextFormat(Qt::PlainText);
    m_verdict->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto *note = new QLabel(tr("What would the server say to this in place of its settings file? Nothing is changed."));
    note->setWordWrap(true);
    auto *buttons = new QDialogButtonBox;
    QPushButton *load = buttons->addButton(tr("&Open a file…"), QDialogButtonBox::ActionRole);
    m_check = buttons->addButton(tr("&Check"), QDialogButtonBox::ActionRole);
    m_check->setObjectName(QStringLiteral("candidate.check"));
    m_check->setDefault(true);
    buttons->addButton(tr("Close"), QDialogButtonBox::RejectRole);
    auto *layout = new QVBoxLayout(this);
    layout->addWidget(note);
    layout->addWidget(m_text, 1);
    layout->addWidget(m_verdict);
    layout->addWidget(buttons);
    connect(load, &QPushButton::clicked, this, &CandidateDialog::load);
    connect(m_text, &QPlainTextEdit::textChanged, this, &CandidateDialog::checkLength);
    connect(m_check, &QPushButton::clicked, this, &CandidateDialog::check);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    m_text->setFocus();
}

void CandidateDialog::load()
{
    auto *chooser = new QFileDialog(this, tr("Settings file"), {}, tr("Settings (*.toml);;All files (*)"));
    chooser->setAttribute(Qt::WA_DeleteOnClose);
    chooser->setFileMode(QFileDialog::ExistingFile);
    connect(chooser, &QFileDialog::fileSelected, this, [this](const QString &path) {
        if (const Result<QString> text = readTextFile(path, longestText))
            m_text->setPlainText(*text);
        else
            showVerdict(text.error());
    });
    chooser->open();
}

void CandidateDialog::checkLength()
{
    const QString excess = excessText(m_text->toPlainText().size());
    m_check->setEnabled(excess.isEmpty());
    m_verdict->setText(excess);
}

void CandidateDialog::check()
{
    m_check->setEnabled(false);
    m_session.ask<admin::ConfigVerdict>(admin::Methods::configCheck,
                                        admin::ConfigCandidate{m_text->toPlainText()}.toJson(), this,
                                        [this](const Result<admin::ConfigVerdict> &verdict) {
                                            checkLength();
                                            showVerdict(verdict);
                                        });
}

void CandidateDialog::showVerdict(const Result<admin::ConfigVerdict> &verdict)
{
    QStringList lines;
    Tone tone = Tone::Bad;
    if (!verdict) {
        lines.append(verdict.error().message());
    } else if (!verdict->right) {
        lines = verdict->problems;
    } else {
        tone = Tone::Good;
        if (verdict->reload.isEmpty() && verdict->restart.isEmpty())
            lines.append(tr("It is right, and changes nothing."));
        else
            lines.append(tr("It is right."));
        if (!verdict->reload.isEmpty())
            lines.append(tr("A reload would change: %1").arg(verdict->reload.join(QStringLiteral(", "))));
        if (!verdict->restart.isEmpty())
            lines.append(tr("Only a restart would change: %1").arg(verdict->restart.join(QStringLiteral(", "))));
    }
    QPalette colors = palette();
    colors.setColor(QPalette::WindowText, theme::toneColor(tone, colors));
    m_verdict->setPalette(colors);
    m_verdict->setText(lines.join(u'\n'));
}

void CandidateDialog::ask(Session &session, QWidget *parent)
{
    (new CandidateDialog(session, parent))->open();
}

} // namespace Quern::console
