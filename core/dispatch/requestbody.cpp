#include "dispatch/requestbody.h"

#include "dispatch/log.h"

namespace Quern::dispatch {

namespace http = protocol::http;

using Refused = std::optional<http::Refusal>;

namespace {

constexpr http::Refusal storageFailed = {500, "the body could not be stored"};

} // namespace

RequestBody::RequestBody(QByteArrayView contentType, const BodySettings &settings) : m_settings(settings)
{
    if (!isForm(contentType))
        return;
    m_layout.isForm = true;
    if (const auto boundary = http::MultipartDecoder::boundaryOf(contentType))
        m_form = std::make_unique<http::MultipartDecoder>(*boundary);
    else
        m_failure = http::Refusal{400, "multipart/form-data without a boundary"};
}

Refused RequestBody::append(const QByteArray &bytes)
{
    if (m_failure)
        return m_failure;
    if (m_isSpooled)
        return feedForm(bytes);
    // The first piece of a body is most often all of it: shared, not copied.
    if (m_bytes.isEmpty())
        m_bytes = bytes;
    else
        m_bytes.append(bytes);
    return quint64(m_bytes.size()) > m_settings.bufferBytes ? leaveMemory() : std::nullopt;
}

Refused RequestBody::leaveMemory()
{
    m_isSpooled = true;
    return feedForm(std::exchange(m_bytes, {}));
}

/// Takes bytes of a body that is not kept in memory, form or not.
Refused RequestBody::feedForm(QByteArrayView bytes)
{
    if (m_failure)
        return m_failure;
    if (!m_form)
        writeBody(bytes);
    else if (m_form->feed(bytes, *this) == http::MultipartDecoder::Progress::Refused)
        m_failure = m_form->refusal();
    return m_failure;
}

Refused RequestBody::finish(const QByteArray &trailers)
{
    if (m_failure)
        return m_failure;
    m_layout.trailers = trailers;
    if (m_form && !m_isSpooled) {
        // In one go, so that each part lies in one piece of the body.
        m_whole = m_bytes.constData();
        if (feedForm(m_bytes))
            return m_failure;
    }
    if (m_form && m_form->finish() == http::MultipartDecoder::Progress::Refused)
        return m_failure = m_form->refusal();
    if (m_bodyFile) {
        writeBody(std::exchange(m_bytes, {}));
        SpoolFile &file = m_files[*m_bodyFile];
        m_layout.path = seen(file);
        m_layout.size = file.size();
        file.close();
    }
    return m_failure;
}

void RequestBody::partBegun(const http::PartHead &head)
{
    if (m_failure)
        return;
    ipc::BodyLayout::Part part;
    part.name = head.name;
    part.isFile = head.fileName.has_value();
    part.fileName = head.fileName.value_or(QByteArray());
    part.contentType = head.contentType;
    m_layout.parts.append(part);
    countNames(part.name.size() + part.fileName.size() + part.contentType.size());
    m_isPartSpooled = false;
}

void RequestBody::partData(QByteArrayView bytes)
{
    if (m_failure)
        return;
    ipc::BodyLayout::Part &part = m_layout.parts.last();
    if (m_whole) {
        if (part.size == 0)
            part.offset = quint64(bytes.data() - m_whole);
    } else if (m_isPartSpooled) {
        writeTo(m_files.back(), bytes);
    } else if (m_part.size() + bytes.size() > MaxShortPart) {
        spoolPart(bytes);
    } else {
        m_part.append(bytes);
    }
    part.size += quint64(bytes.size());
}

void RequestBody::spoolPart(QByteArrayView rest)
{
    SpoolFile *file = newFile();
    if (!file)
        return;
    m_isPartSpooled = true;
    writeTo(*file, std::exchange(m_part, {}));
    writeTo(*file, rest);
    m_layout.parts.last().path = seen(*file);
    countNames(file->path().size());
}

void RequestBody::partEnded()
{
    if (m_isPartSpooled)
        m_files.back().close();
    else if (!m_whole && !m_failure)
        keepShortPart();
}

void RequestBody::keepShortPart()
{
    m_layout.parts.last().offset = m_shortBytes;
    m_shortBytes += quint64(m_part.size());
    if (quint64(m_bytes.size() + m_part.size()) > m_settings.bufferBytes)
        writeBody(std::exchange(m_bytes, {}));
    m_bytes.append(m_part);
    m_part.resize(0);
}

/// Appends to the file that takes what does not stay in memory; the first call makes it.
void RequestBody::writeBody(QByteArrayView bytes)
{
    if (!m_bodyFile && newFile())
        m_bodyFile = m_files.size() - 1;
    if (m_bodyFile)
        writeTo(m_files[*m_bodyFile], bytes);
}

void RequestBody::countNames(qsizetype bytes)
{
    m_nameBytes += bytes;
    if (m_nameBytes > MaxNames)
        m_failure = http::Refusal{413, "the names of the form's parts are too long"};
}

SpoolFile *RequestBody::newFile()
{
    Result<SpoolFile> file = SpoolFile::create(m_settings.spoolDirectory, m_settings.spoolOwner, m_settings.spoolUser);
    if (file)
        return &m_files.emplace_back(std::move(*file));
    qCCritical(logDispatch).noquote() << "a request was answered 500:" << file.error().message();
    m_failure = storageFailed;
    return nullptr;
}

void RequestBody::writeTo(SpoolFile &file, QByteArrayView bytes)
{
    if (m_failure)
        return;
    if (const Result<void> written = file.write(bytes); !written) {
        qCCritical(logDispatch).noquote() << "a request was answered 500:" << written.error().message();
        m_failure = storageFailed;
    }
}

} // namespace Quern::dispatch
