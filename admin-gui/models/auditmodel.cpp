#include "admin-gui/models/auditmodel.h"

#include "admin-gui/models/format.h"

#include <QCoreApplication>
#include <QJsonDocument>

namespace Quern::console {

namespace {

using admin::AuditEntry;

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Quern::console::AuditModel)
};

QList<AuditRecord> recordsOf(const admin::AuditPage &page)
{
    QList<AuditRecord> records;
    for (const AuditEntry &entry : page.entries) {
        const QByteArray json = QJsonDocument(entry.params).toJson(QJsonDocument::Compact);
        records.append({entry, entry.params.isEmpty() ? QString() : QString::fromUtf8(json)});
    }
    return records;
}

QString outcomeText(AuditEntry::Outcome outcome)
{
    switch (outcome) {
    case AuditEntry::Outcome::Done:
        return Text::tr("done");
    case AuditEntry::Outcome::Begun:
        return Text::tr("begun");
    case AuditEntry::Outcome::Failed:
        return Text::tr("failed");
    case AuditEntry::Outcome::Refused:
        return Text::tr("refused");
    }
    return {};
}

Tone outcomeTone(AuditEntry::Outcome outcome)
{
    switch (outcome) {
    case AuditEntry::Outcome::Done:
        return Tone::Good;
    case AuditEntry::Outcome::Begun:
        return Tone::Busy;
    case AuditEntry::Outcome::Failed:
        return Tone::Bad;
    case AuditEntry::Outcome::Refused:
        return Tone::Warning;
    }
    return Tone::Plain;
}

QString methodText(const AuditEntry &entry)
{
    return entry.method.isEmpty() ? Text::tr("wrong token") : entry.method;
}

} // namespace

AuditModel::AuditModel(QObject *parent)
    : RecordModel<AuditRecord, qint64>([](const AuditRecord &each) { return each.entry.serial; }, parent)
{
    std::vector<console::Column<AuditRecord>> columns(Error + 1);
    columns[Time] = {tr("Time"), [](const AuditRecord &each) { return format::moment(each.entry.time); },
                     by<AuditRecord>([](const AuditRecord &each) { return each.entry.serial; })};
    columns[Time].toolTip = [](const AuditRecord &each) { return format::exactMoment(each.entry.time); };
    columns[Who] = {tr("Who"), [](const AuditRecord &each) { return each.entry.who; }};
    columns[Role] = {tr("Role"), [](const AuditRecord &each) { return each.entry.role; }};
    columns[Method] = {tr("Method"), [](const AuditRecord &each) { return methodText(each.entry); }};
    columns[Params] = {tr("Parameters"), std::mem_fn(&AuditRecord::params)};
    columns[Params].toolTip = std::mem_fn(&AuditRecord::params);
    columns[Outcome] = {tr("Outcome"), [](const AuditRecord &each) { return outcomeText(each.entry.outcome); }};
    columns[Outcome].tone = [](const AuditRecord &each) { return outcomeTone(each.entry.outcome); };
    columns[Error] = {tr("Error"), [](const AuditRecord &each) { return format::oneLine(each.entry.error); }};
    columns[Error].toolTip = [](const AuditRecord &each) { return each.entry.error; };
    setColumns(std::move(columns));
}

void AuditModel::putNewest(const admin::AuditPage &page)
{
    const qint64 newest = page.entries.isEmpty() ? 0 : page.entries.constFirst().serial;
    // A log that begins anew counts anew.
    const bool meets = newest >= m_newest && m_newest > 0 && page.entries.constLast().serial <= m_newest + 1;
    if (meets) {
        putRecords(recordsOf(page));
        if (totalCount() > Most) {
            removeIf([oldest = newest - Most](const AuditRecord &each) { return each.entry.serial <= oldest; });
            m_before = newest - Most + 1;
        }
    } else {
        setRecords(recordsOf(page));
        m_before = page.before;
    }
    m_newest = newest;
}

void AuditModel::putOlder(const admin::AuditPage &page)
{
    putRecords(recordsOf(page));
    m_before = page.before;
}

void AuditModel::forget()
{
    clear();
    m_newest = 0;
    m_before = 0;
}

} // namespace Quern::console
