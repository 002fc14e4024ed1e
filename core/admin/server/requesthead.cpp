#include "admin/server/requesthead.h"

#include <algorithm>

namespace Quern::admin {

namespace {

Refusal malformed(const char *message)
{
    return {400, "invalid", message};
}

/// RFC 9110 §5.6.2.
bool isTokenCharacter(char c)
{
    constexpr QByteArrayView others("!#$%&'*+-.^_`|~");
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || others.contains(c);
}

bool isToken(QByteArrayView text)
{
    return !text.isEmpty() && std::all_of(text.begin(), text.end(), isTokenCharacter);
}

bool isVisible(QByteArrayView text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

/// Lines end with CR LF and nothing else is a control character, as far as the bytes go. Qt ends lines at a bare LF.
/// Looks at those from \a begin on, and the one before.
const char *mistakeOfLines(QByteArrayView bytes, qsizetype begin)
{
    for (qsizetype i = begin; i < bytes.size(); ++i) {
        const auto c = uchar(bytes[i]);
        const bool isBehindCr = i > 0 && bytes[i - 1] == '\r';
        if (c == '\n' && !isBehindCr)
            return "a line ends without CR";
        if (c != '\n' && isBehindCr)
            return "a CR stands alone";
        if ((c < 0x20 && c != '\r' && c != '\n' && c != '\t') || c == 0x7f)
            return "the head has a control character";
    }
    return nullptr;
}

/// What may stand once only: two of them are read in two ways.
bool isSingle(const QByteArray &name)
{
    constexpr QByteArrayView singles[] = {
        "host",   "content-length",    "authorization",     "content-type",         "origin",
        "expect", "sec-websocket-key", "transfer-encoding", "sec-websocket-version"};
    return std::any_of(std::begin(singles), std::end(singles), [&name](QByteArrayView each) { return name == each; });
}

/// Reads one complete head.
class Parser
{
public:
    explicit Parser(QByteArrayView bytes) : m_rest(bytes) {}

    std::variant<std::optional<RequestHead>, Refusal> parse()
    {
        readRequestLine(nextLine());
        for (QByteArrayView line = nextLine(); !m_refusal && !line.isEmpty(); line = nextLine())
            readField(line);
        if (!m_refusal)
            readMeaning();
        if (m_refusal)
            return *m_refusal;
        return std::optional(m_head);
    }

private:
    QByteArrayView nextLine()
    {
        const qsizetype end = m_rest.indexOf("\r\n");
        const QByteArrayView line = m_rest.first(end);
        m_rest = m_rest.sliced(end + 2);
        return line;
    }

    void refuse(const Refusal &refusal)
    {
        if (!m_refusal)
            m_refusal = refusal;
    }

    void readRequestLine(QByteArrayView line)
    {
        const qsizetype first = line.indexOf(' ');
        const qsizetype last = line.lastIndexOf(' ');
        if (first <= 0 || last == first)
            return refuse(malformed("the request line is not METHOD TARGET HTTP/1.1"));
        m_head.method = line.first(first).toByteArray();
        m_head.target = line.sliced(first + 1, last - first - 1).toByteArray();
        const QByteArrayView version = line.sliced(last + 1);
        if (!isToken(m_head.method) || m_head.target.isEmpty() || !isVisible(m_head.target))
            return refuse(malformed("the request line is not METHOD TARGET HTTP/1.1"));
        if (version != "HTTP/1.1" && version != "HTTP/1.0")
            return refuse(malformed("HTTP/1.1 and HTTP/1.0 are spoken here"));
        m_head.isVersion10 = version == "HTTP/1.0";
        readTarget();
    }

    /// RFC 9112 §3.2: a server takes the absolute form as well, whose authority stands for Host.
    void readTarget()
    {
        QByteArray &target = m_head.target;
        for (const QByteArrayView scheme : {QByteArrayView("http://"), QByteArrayView("https://")}) {
            if (!target.toLower().startsWith(scheme))
                continue;
            qsizetype end = target.indexOf('/', scheme.size());
            end = end < 0 ? target.size() : end;
            m_head.host = target.mid(scheme.size(), end - scheme.size()).toLower();
            target = end == target.size() ? QByteArray("/") : target.mid(end);
        }
        if (!target.startsWith('/') || target.contains('#'))
            refuse(malformed("the target is no path"));
    }

    void readField(QByteArrayView line)
    {
        const qsizetype colon = line.indexOf(':');
        if (colon <= 0 || !isToken(line.first(colon)))
            return refuse(malformed("a field of the head is not NAME: VALUE"));
        if (m_head.fields.size() >= HeadReader::MostFields)
            return refuse({431, "too-large", "the head has too many fields"});
        RequestHead::Field field = {line.first(colon).toByteArray().toLower(),
                                    line.sliced(colon + 1).trimmed().toByteArray()};
        if (isSingle(field.name) && !m_head.value(field.name).isNull())
            return refuse(malformed("a field stands twice in the head that may stand there once"));
        m_head.fields.append(std::move(field));
    }

    void readMeaning()
    {
        const QByteArray host = m_head.value("host").toLower();
        if (host.isEmpty())
            return refuse(malformed("there is no Host"));
        if (m_head.host.isEmpty())
            m_head.host = host;
        readLength();
        const QByteArray connection = m_head.value("connection").toLower();
        m_head.isKeptAlive = !m_head.isVersion10 && !connection.contains("close");
        // As Qt reads it, so that no upgrade gets past us.
        m_head.isUpgrade = connection.contains("upgrade") && m_head.value("upgrade").toLower().contains("websocket");
        const QByteArray expectation = m_head.value("expect").toLower();
        m_head.expectsContinue = expectation == "100-continue" && !m_head.isVersion10;
        if (!expectation.isEmpty() && expectation != "100-continue")
            refuse({417, "invalid", "100-continue is all that may be expected"});
    }

    void readLength()
    {
        const QByteArray length = m_head.value("content-length");
        const bool isChunked = !m_head.value("transfer-encoding").isNull();
        if (isChunked && !length.isNull())
            return refuse(malformed("a body has a Content-Length or a Transfer-Encoding, not both"));
        if (isChunked)
            return refuse({411, "invalid", "a body needs a Content-Length"});
        if (length.isNull())
            return;
        constexpr qsizetype mostDigits = 15;
        const bool isNumber = std::all_of(length.begin(), length.end(), [](char c) { return c >= '0' && c <= '9'; });
        if (length.isEmpty() || !isNumber)
            return refuse(malformed("Content-Length is no number"));
        if (length.size() > mostDigits)
            return refuse({413, "too-large", "the body is too large"});
        m_head.contentLength = length.toLongLong();
    }

    QByteArrayView m_rest;
    RequestHead m_head;
    std::optional<Refusal> m_refusal;
};

} // namespace

QByteArray RequestHead::value(QByteArrayView name) const
{
    QByteArray joined;
    for (const Field &field : fields) {
        if (field.name != name)
            continue;
        // RFC 9110 §5.3; a value that is there is never null.
        joined = joined.isNull() ? QByteArray("") + field.value : joined + ", " + field.value;
    }
    return joined;
}

qsizetype HeadReader::take(QByteArrayView bytes)
{
    qsizetype before = m_bytes.size();
    m_bytes.append(bytes);
    // RFC 9112 §2.2: empty lines before a request are no part of it.
    while (m_bytes.startsWith("\r\n")) {
        m_bytes.remove(0, 2);
        before = 0;
    }
    const QByteArrayView end("\r\n\r\n");
    const qsizetype found = m_bytes.indexOf(end, qMax<qsizetype>(0, before - end.size()));
    const qsizetype behind = found < 0 ? 0 : m_bytes.size() - found - end.size();
    m_bytes.chop(behind);
    m_isComplete = found >= 0;
    if (!m_mistake)
        m_mistake = mistakeOfLines(m_bytes, before);
    return bytes.size() - behind;
}

std::variant<std::optional<RequestHead>, Refusal> HeadReader::head() const
{
    if (m_mistake)
        return malformed(m_mistake);
    if (m_bytes.size() > LongestHead)
        return Refusal{431, "too-large", "the head is too long"};
    if (!m_isComplete)
        return std::optional<RequestHead>();
    return Parser(m_bytes).parse();
}

} // namespace Quern::admin
