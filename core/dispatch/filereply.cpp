#include "dispatch/filereply.h"

#include "protocol/http/bytes.h"
#include "protocol/http/headerblock.h"
#include "protocol/http/httpdate.h"
#include "protocol/http/range.h"

#include <QRandomGenerator>

#include <algorithm>
#include <ctime>
#include <iterator>

namespace Quern::dispatch {

namespace http = protocol::http;

namespace {

/// The last second of the year 9999: a date has four digits for the year.
constexpr qint64 lastSecond = 253402300799;
/// Up to this time a file has none to speak of; see entityTag().
constexpr qint64 noTime = 1;

/// \a value goes behind what \a field has already, as one list (RFC 9110 §5.3).
void addToList(QByteArrayView &field, QByteArrayView value, QList<QByteArray> &joined)
{
    if (field.isNull()) {
        field = value;
        return;
    }
    auto whole = std::find_if(joined.begin(), joined.end(),
                              [field](const QByteArray &each) { return each.constData() == field.data(); });
    if (whole == joined.end())
        whole = joined.insert(joined.end(), field.toByteArray());
    whole->append(", ").append(value);
    field = *whole;
}

/// A field that is no list must come once; an empty value is malformed for each of them, and so ignored, or not
/// matched.
void setSingle(QByteArrayView &field, QByteArrayView value)
{
    field = field.isNull() ? value : QByteArrayView("");
}

constexpr std::string_view representationFields[] = {"content-type", "content-encoding", "content-language",
                                                     "content-disposition", "content-range"};
constexpr std::string_view cacheFields[] = {"etag",    "last-modified", "cache-control",
                                            "expires", "vary",          "accept-ranges"};

template <std::size_t Size>
bool isOneOf(const std::string_view (&lowerNames)[Size], QByteArrayView name)
{
    return std::any_of(std::begin(lowerNames), std::end(lowerNames),
                       [name](std::string_view each) { return http::isIgnoringCase(name, each); });
}

/// What of \a block goes with an answer of \a status that has none of the representation.
QByteArray fieldsWithoutBody(QByteArrayView block, int status)
{
    QByteArray kept;
    http::visitFields(block, [&](QByteArrayView name, QByteArrayView, QByteArrayView line) {
        if (!isOneOf(representationFields, name) && (status == 304 || !isOneOf(cacheFields, name)))
            kept.append(line);
        return false;
    });
    return kept;
}

void appendField(QByteArray &block, QByteArrayView name, QByteArrayView value)
{
    block.append(name).append(": ").append(value).append("\r\n");
}

QByteArray contentRange(const http::ByteRange &range, quint64 size)
{
    return "bytes " + QByteArray::number(range.offset) + '-' + QByteArray::number(range.last()) + '/' +
           QByteArray::number(size);
}

/// Random, so that no file can be made to hold it.
QByteArray makeBoundary()
{
    const auto word = [] { return QByteArray::number(QRandomGenerator::global()->generate64(), 16); };
    return word().rightJustified(16, '0') + word().rightJustified(16, '0');
}

/// The present answer while it is made.
class Maker
{
public:
    Maker(const OpenFile &file, const FileConditions &conditions, QByteArrayView handlerBlock,
          QByteArrayView contentType)
        : m_file(file)
        , m_conditions(conditions)
        , m_handlerBlock(handlerBlock)
        , m_contentType(http::fieldValue(handlerBlock, "content-type"))
    {
        if (m_contentType.isNull())
            m_contentType = contentType;
        else
            m_handlerHasType = true;
    }

    FileReply make(int status)
    {
        const bool isRead = m_conditions.isGet || m_conditions.isHead;
        if (status != 200 || !isRead) {
            m_reply.status = status;
            whole();
            return m_reply;
        }
        setValidators();
        switch (http::judgeConditions(m_conditions.fields, m_validators, m_now)) {
        case http::ConditionVerdict::NotModified:
            withoutBody(304);
            return m_reply;
        case http::ConditionVerdict::PreconditionFailed:
            withoutBody(412);
            return m_reply;
        case http::ConditionVerdict::Proceed:
            break;
        }
        http::RangeRequest ranges;
        // Range is for GET alone (RFC 9110 §14.2), and a handler may say that it will have none (§14.3).
        const bool hasRanges = !http::isIgnoringCase(http::fieldValue(m_handlerBlock, "accept-ranges"), "none");
        if (m_conditions.isGet && hasRanges && http::isRangeWanted(m_conditions.fields.ifRange, m_validators, m_now))
            ranges = http::parseRange(m_conditions.range, m_file.size);
        switch (ranges.verdict) {
        case http::RangeVerdict::Ignored:
            whole();
            break;
        case http::RangeVerdict::Unsatisfiable:
            withoutBody(416);
            break;
        case http::RangeVerdict::Satisfiable:
            m_reply.status = 206;
            if (ranges.ranges.size() == 1)
                single(ranges.ranges.first());
            else
                multiple(ranges.ranges);
            break;
        }
        return m_reply;
    }

private:
    void setValidators()
    {
        const QByteArrayView tag = http::fieldValue(m_handlerBlock, "etag");
        if (tag.isNull())
            m_ownTag = entityTag(m_file, {}, m_now);
        m_validators.entityTag = tag.isNull() ? QByteArrayView(m_ownTag) : tag;

        const QByteArrayView date = http::fieldValue(m_handlerBlock, "last-modified");
        if (!date.isNull()) {
            m_validators.lastModified = http::parseHttpDate(date, m_now);
        } else if (m_file.modified.tv_sec > noTime) {
            // Never later than the answer's own Date (RFC 9110 §8.8.2.1).
            m_validators.lastModified = std::min(qint64(m_file.modified.tv_sec), m_now);
            m_ownDate = http::httpDate(std::min(*m_validators.lastModified, lastSecond));
        }
        m_hasValidators = true;
    }

    /// All fields but Content-Type, which depends on the number of pieces.
    void appendFields()
    {
        QByteArray &block = m_reply.headerBlock;
        if (http::fieldValue(m_handlerBlock, "x-content-type-options").isNull())
            appendField(block, "X-Content-Type-Options", "nosniff");
        if (m_hasValidators && http::fieldValue(m_handlerBlock, "accept-ranges").isNull())
            appendField(block, "Accept-Ranges", "bytes");
        appendOwnValidators();
    }

    void appendOwnValidators()
    {
        if (!m_ownTag.isEmpty())
            appendField(m_reply.headerBlock, "ETag", m_ownTag);
        if (!m_ownDate.isEmpty())
            appendField(m_reply.headerBlock, "Last-Modified", m_ownDate);
    }

    void appendContentType()
    {
        m_reply.headerBlock.reserve(m_handlerBlock.size() + 256);
        m_reply.headerBlock.append(m_handlerBlock);
        if (!m_handlerHasType && !m_contentType.isEmpty())
            appendField(m_reply.headerBlock, "Content-Type", m_contentType);
    }

    void whole()
    {
        appendContentType();
        appendFields();
        m_reply.bodyLength = m_file.size;
        if (m_file.size > 0)
            send({QByteArray(), 0, m_file.size});
    }

    void single(const http::ByteRange &range)
    {
        appendContentType();
        appendFields();
        appendField(m_reply.headerBlock, "Content-Range", contentRange(range, m_file.size));
        m_reply.bodyLength = range.length;
        send({QByteArray(), range.offset, range.length});
    }

    /// RFC 9110 §14.6.
    void multiple(const http::ByteRanges &ranges)
    {
        const QByteArray boundary = makeBoundary();
        http::visitFields(m_handlerBlock, [this](QByteArrayView name, QByteArrayView, QByteArrayView line) {
            if (!http::isIgnoringCase(name, "content-type"))
                m_reply.headerBlock.append(line);
            return false;
        });
        appendField(m_reply.headerBlock, "Content-Type", "multipart/byteranges; boundary=" + boundary);
        appendFields();
        for (const http::ByteRange &range : ranges) {
            QByteArray before = "\r\n--" + boundary + "\r\n";
            if (!m_contentType.isEmpty())
                appendField(before, "Content-Type", m_contentType);
            appendField(before, "Content-Range", contentRange(range, m_file.size));
            before.append("\r\n");
            m_reply.bodyLength += static_cast<quint64>(before.size()) + range.length;
            send({before, range.offset, range.length});
        }
        m_reply.after = "\r\n--" + boundary + "--\r\n";
        m_reply.bodyLength += static_cast<quint64>(m_reply.after.size());
    }

    void withoutBody(int status)
    {
        m_reply.status = status;
        m_reply.headerBlock = fieldsWithoutBody(m_handlerBlock, status);
        if (status == 304)
            appendOwnValidators();
        if (status == 416) // RFC 9110 §15.5.17
            appendField(m_reply.headerBlock, "Content-Range", "bytes */" + QByteArray::number(m_file.size));
    }

    void send(const FilePiece &piece)
    {
        if (m_conditions.isHead)
            return;
        m_reply.file = m_file.descriptor;
        m_reply.pieces.append(piece);
    }

    const OpenFile &m_file;
    const FileConditions &m_conditions;
    QByteArrayView m_handlerBlock;
    QByteArrayView m_contentType;
    bool m_handlerHasType = false;
    bool m_hasValidators = false;
    qint64 m_now = std::time(nullptr);
    QByteArray m_ownTag;
    QByteArray m_ownDate;
    http::Validators m_validators;
    FileReply m_reply;
};

} // namespace

FileConditions FileConditions::of(const http::RequestHead &head)
{
    return of(head.methodBytes(), std::span(head.headers.constData(), static_cast<std::size_t>(head.headers.size())),
              head.bytes);
}

FileConditions FileConditions::of(QByteArrayView method, std::span<const base::HeaderSpan> headers,
                                  QByteArrayView bytes)
{
    FileConditions conditions;
    conditions.isGet = method == "GET";
    conditions.isHead = method == "HEAD";
    http::ConditionFields &fields = conditions.fields;
    for (const base::HeaderSpan &header : headers) {
        const QByteArrayView name = header.name.in(bytes);
        const auto is = [name](std::string_view lowerName) { return http::isIgnoringCase(name, lowerName); };
        QByteArrayView value = header.value.in(bytes);
        if (value.isNull())
            value = "";
        if (is("if-match"))
            addToList(fields.ifMatch, value, conditions.joined);
        else if (is("if-none-match"))
            addToList(fields.ifNoneMatch, value, conditions.joined);
        else if (is("accept-encoding"))
            addToList(conditions.acceptEncoding, value, conditions.joined);
        else if (is("if-modified-since"))
            setSingle(fields.ifModifiedSince, value);
        else if (is("if-unmodified-since"))
            setSingle(fields.ifUnmodifiedSince, value);
        else if (is("if-range"))
            setSingle(fields.ifRange, value);
        else if (is("range"))
            setSingle(conditions.range, value);
    }
    return conditions;
}

QByteArray entityTag(const OpenFile &file, QByteArrayView suffix, qint64 now)
{
    if (file.modified.tv_sec <= noTime)
        return {};
    QByteArray tag = file.modified.tv_sec >= now ? "W/\"" : "\"";
    tag.append(QByteArray::number(static_cast<qint64>(file.modified.tv_sec), 16)).append('.');
    tag.append(QByteArray::number(static_cast<qint64>(file.modified.tv_nsec), 16)).append('-');
    tag.append(QByteArray::number(file.size, 16)).append(suffix).append('"');
    return tag;
}

FileReply makeFileReply(const OpenFile &file, const FileConditions &conditions, int status, QByteArrayView headerBlock,
                        QByteArrayView contentType)
{
    return Maker(file, conditions, headerBlock, contentType).make(status);
}

} // namespace Quern::dispatch
