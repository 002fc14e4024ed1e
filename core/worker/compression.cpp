#include "worker/compression.h"

#include "sdk/src/httpsyntax_p.h"

#include <algorithm>
#include <utility>

namespace Quern::worker {

using base::ContentCoding;

namespace {

/// A family does not include it: gathering would hold events back, were it not for a flush after each of them, which
/// is paid with memory for each client. Who wants that names it.
constexpr QByteArrayView eventStream("text/event-stream");

/// Whether the comma-separated \a list has \a member.
bool lists(QByteArrayView list, QByteArrayView member)
{
    while (!list.isEmpty()) {
        const qsizetype end = list.indexOf(',');
        if (equalsIgnoringCase((end < 0 ? list : list.first(end)).trimmed(), member))
            return true;
        list = end < 0 ? QByteArrayView() : list.sliced(end + 1);
    }
    return false;
}

void mergeVary(Answer &answer)
{
    const QByteArray before = answer.value("Vary").toByteArray();
    bool isFirst = true;
    removeFields(answer.headerBlock, [&isFirst](QByteArrayView name, QByteArrayView) {
        return equalsIgnoringCase(name, "Vary") && std::exchange(isFirst, false);
    });
    answer.append("Vary", before.isEmpty() ? QByteArrayLiteral("Accept-Encoding") : before + ", Accept-Encoding");
}

/// Tells caches that the answer depends on what the client accepts.
void addVary(Answer &answer)
{
    bool isThere = false;
    visitFields(answer.headerBlock, [&](QByteArrayView name, QByteArrayView value, qsizetype, qsizetype) {
        isThere = equalsIgnoringCase(name, "Vary") && (lists(value, "Accept-Encoding") || lists(value, "*"));
        return isThere;
    });
    if (!isThere)
        mergeVary(answer);
}

void weakenETag(Answer &answer)
{
    const QByteArray tag = answer.value("ETag").toByteArray();
    if (tag.startsWith('"'))
        answer.set("ETag", "W/" + tag);
}

ContentCoding codingFor(const RequestPrivate &request)
{
    QByteArrayView accepted;
    QByteArray joined;
    for (const RequestPrivate::HeaderView &field : request.headers) {
        if (!equalsIgnoringCase(field.name, "Accept-Encoding"))
            continue;
        if (!accepted.isEmpty())
            accepted = joined = accepted.toByteArray() + ',' + field.value.toByteArray();
        else
            accepted = field.value;
    }
    return base::bestCoding(accepted, hasBrotli);
}

} // namespace

Compression::Compression(const ipc::AnswerOptions &options)
    : m_enabled(options.compression)
    , m_level(std::clamp(options.compressionLevel, 1, 9))
    , m_minLength(options.compressionMinLength)
{
    for (const QString &type : options.compressionTypes)
        m_types.append(type.trimmed().toLatin1());
    for (QByteArray &type : m_types) {
        if (type.endsWith("/*"))
            type.chop(1);
    }
}

void Compression::applyToWhole(Answer &answer, const RequestPrivate &request) const
{
    // The length first: most answers are short, and pay no more than this.
    if (!m_enabled || answer.body.size() < m_minLength || answer.body.isEmpty() || !qualifies(answer))
        return;
    addVary(answer);
    const ContentCoding coding = codingFor(request);
    if (coding == ContentCoding::Identity)
        return;
    QByteArray encoded = ContentEncoder::forWhole(coding, m_level, answer.body.size())
                             ->encode(answer.body, ContentEncoder::Then::Finish);
    if (encoded.size() >= answer.body.size())
        return;
    weakenETag(answer);
    answer.append("Content-Encoding", base::nameOf(coding));
    answer.body = std::move(encoded); // last: nothing after it may fail
}

std::unique_ptr<ContentEncoder> Compression::applyToStream(Answer &answer, const RequestPrivate &request) const
{
    if (!m_enabled || !qualifies(answer))
        return nullptr;
    addVary(answer);
    const ContentCoding coding = codingFor(request);
    if (coding == ContentCoding::Identity)
        return nullptr;
    std::unique_ptr<ContentEncoder> encoder = ContentEncoder::forStream(coding, m_level);
    weakenETag(answer);
    answer.append("Content-Encoding", base::nameOf(coding)); // last: nothing after it may fail
    return encoder;
}

bool Compression::qualifies(const Answer &answer) const
{
    if (answer.status >= 300 || answer.status == 204 || answer.status == 205 || answer.status == 206)
        return false;
    QByteArrayView contentType;
    bool excluded = false;
    visitFields(answer.headerBlock, [&](QByteArrayView name, QByteArrayView value, qsizetype, qsizetype) {
        if (equalsIgnoringCase(name, "Content-Type"))
            contentType = value;
        else if (equalsIgnoringCase(name, "Content-Encoding") || equalsIgnoringCase(name, "Content-Range"))
            excluded = true;
        else if (equalsIgnoringCase(name, "Cache-Control"))
            excluded = lists(value, "no-transform");
        return excluded;
    });
    return !excluded && isListed(contentType);
}

bool Compression::isListed(QByteArrayView contentType) const
{
    const qsizetype end = contentType.indexOf(';');
    const QByteArrayView type = (end < 0 ? contentType : contentType.first(end)).trimmed();
    const bool mayBeOfFamily = !equalsIgnoringCase(type, eventStream);
    return std::any_of(m_types.begin(), m_types.end(), [&](const QByteArray &each) {
        if (!each.endsWith('/'))
            return equalsIgnoringCase(type, each);
        return mayBeOfFamily && type.size() > each.size() && equalsIgnoringCase(type.first(each.size()), each);
    });
}

} // namespace Quern::worker
