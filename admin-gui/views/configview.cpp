#include "admin-gui/views/configview.h"

#include "admin-gui/dialogs/candidatedialog.h"
#include "admin-gui/widgets/recordpanel.h"
#include "admin-gui/widgets/recordtable.h"
#include "admin/protocol/methods.h"

#include <QCheckBox>
#include <QLabel>
#include <QLineEdit>
#include <QVBoxLayout>

namespace Quern::console {

ConfigView::ConfigView(const ViewContext &context)
    : ListView(context, QStringLiteral("configuration"), tr("Configuration"))
    , m_panel(new RecordPanel(&m_model, QStringLiteral("configuration")))
    , m_onlyChanged(new QCheckBox(tr("&Without defaults")))
    , m_meaning(new QLabel)
    , m_files(new QLabel)
{
    m_onlyChanged->setObjectName(QStringLiteral("configuration.onlyChanged"));
    m_meaning->setObjectName(QStringLiteral("configuration.meaning"));
    m_meaning->setWordWrap(true);
    m_meaning->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_meaning->hide();
    m_files->setForegroundRole(QPalette::PlaceholderText);
    m_files->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_files->setWordWrap(true);
    m_panel->bar()->insertWidget(1, m_onlyChanged);
    m_panel->addAction(tr("Check a candidate…"), RecordPanel::Needs::Nothing, allows(admin::Methods::configCheck),
                       [this] { CandidateDialog::ask(session(), this); });
    RecordTable *table = m_panel->table();
    table->setEmptyText(tr("The settings have not been read yet."));
    table->setDefaultWidths({30, 26, 22, 18, 16, 60});
    setPanel(m_panel);
    auto *layout = new QVBoxLayout(this);
    layout->addWidget(m_panel, 1);
    layout->addWidget(m_meaning);
    layout->addWidget(m_files);
    connect(m_onlyChanged, &QCheckBox::toggled, &m_model, &SettingModel::setOnlyChanged);
    connect(table, &RecordTable::selectionMoved, this, &ConfigView::showMeaning);
    // A reload may bring other settings.
    connect(&context.session, &Session::operationChanged, this, [this](const admin::Operation &operation) {
        if (isActive() && !isPaused() && operation.state == admin::Operation::State::Succeeded)
            refresh();
    });
}

void ConfigView::refresh()
{
    session().ask<admin::ConfigReport>(admin::Methods::configRead, {}, this,
                                       [this](const Result<admin::ConfigReport> &report) { take(report); });
}

void ConfigView::showMeaning()
{
    const admin::SettingStatus *setting = m_model.find(m_panel->table()->currentKey());
    m_meaning->setVisible(setting);
    if (setting)
        m_meaning->setText(tr("%1 = %2. %3").arg(setting->key, setting->value, setting->doc));
}

void ConfigView::take(const Result<admin::ConfigReport> &report)
{
    if (!report) {
        m_files->setText(report.error().message());
        return;
    }
    m_model.setReport(*report);
    const QString file = report->file.isEmpty() ? tr("no settings file") : report->file;
    m_files->setText(report->environmentFiles.isEmpty()
                         ? file
                         : tr("%1, with %2").arg(file, report->environmentFiles.join(QStringLiteral(", "))));
}

} // namespace Quern::console
