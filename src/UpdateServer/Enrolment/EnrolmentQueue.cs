using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.Manifest;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Enrolment;

/// <summary>
/// Keeps requests of devices until their authority has answered. This server has no CA key: it carries requests one way and certificates the other.
/// One request of each device, the newest: names are devices' within a product, as the authority of one product may certify what another calls its own. Whoever was overtaken, here or on another server, looks again.
/// </summary>
internal sealed class EnrolmentQueue(IEnrolmentStore store, DeviceCertificates certificates, ServerSettings settings, TimeProvider time, ILogger<EnrolmentQueue> log)
{
    /// <summary>How many requests are shown at a time.</summary>
    public const int MostShown = 200;

    /// <summary>Takes in a request, or finds what became of it. The same request again is no other request.</summary>
    /// <exception cref="TooManyRequestsException">The device asks with one request after the other.</exception>
    public EnrolmentRecord Submit(RenewalRequest request)
    {
        while (true)
        {
            DateTimeOffset now = time.GetUtcNow();
            EnrolmentRecord? before = store.Find(request.Identity.Device, request.Identity.Product);
            if (before is not null && before.RequestDigest == request.Digest && !IsOver(before, request, now))
            {
                return before;
            }

            if (before is { State: EnrolmentState.Waiting } && before.RequestDigest != request.Digest && before.Received + settings.EnrolmentRetry - now is { Ticks: > 0 } wait && wait <= settings.EnrolmentRetry)
            {
                throw new TooManyRequestsException(wait, "wanted one request at a time, got another while the first one waits");
            }

            EnrolmentRecord record = EnrolmentRecord.Of(request, now);
            if (store.Save(record, before, record.Device.ToString()))
            {
                Log.RenewalRequested(log, record.Device, record.RequestDigest);
                return record;
            }
        }
    }

    /// <summary>Those in scope that wait for the authority, the oldest first.</summary>
    public IReadOnlyList<EnrolmentRecord> Waiting(Caller caller) => store.Waiting(caller.Grants, MostShown);

    /// <summary>The request with this digest; null if there is none, or it was replaced by another.</summary>
    public EnrolmentRecord? Find(Sha256Digest request) => store.Find(request);

    /// <summary>Takes in a certificate.</summary>
    /// <returns>False when nothing waits for it.</returns>
    /// <exception cref="RejectedException">It is not the certificate that the request asked for, or not one of a device here.</exception>
    public bool Issue(Sha256Digest request, byte[] encoded, string by)
    {
        using X509Certificate2 certificate = Load(encoded);
        (DeviceCredential? credential, Rejection? refused) = certificates.Identify(certificate, CertificateUse.Updates);
        DeviceIdentity? identity = credential?.Identity;
        return Answer(request, by, record => identity is null ? throw new RejectedException(refused!)
            : identity.Device.Equals(record.Device) && identity.Product.Equals(record.Product) && identity.Key.Id == record.Key
            ? record with { State = EnrolmentState.Issued, Answered = time.GetUtcNow(), Certificate = encoded, Detail = null }
            : throw new RejectedException(RejectionReason.ForeignCertificate, $"certificate: wanted one for {record.Device} ({record.Product}) and its key, got one for {identity.Device} ({identity.Product})"));
    }

    /// <summary>Takes in that the authority will not.</summary>
    /// <returns>False when nothing waits for it.</returns>
    public bool Refuse(Sha256Digest request, string detail, string by) =>
        Answer(request, by, record => record with { State = EnrolmentState.Refused, Answered = time.GetUtcNow(), Certificate = null, Detail = detail });

    private static X509Certificate2 Load(byte[] encoded)
    {
        try
        {
            return X509CertificateLoader.LoadCertificate(encoded);
        }
        catch (CryptographicException)
        {
            throw new RejectedException(RejectionReason.Malformed, "certificate: wanted an X.509 certificate in DER, got something else");
        }
    }

    // A refusal stands for a while, then the authority is asked again. A certificate that ends no later than the one in use was delivered before.
    private bool IsOver(EnrolmentRecord record, RenewalRequest request, DateTimeOffset now)
    {
        switch (record.State)
        {
            case EnrolmentState.Refused:
                return now >= record.Answered + settings.EnrolmentRetry;
            case EnrolmentState.Issued:
                using (X509Certificate2 issued = Load(record.Certificate!.Value.ToArray()))
                {
                    return new DateTimeOffset(issued.NotAfter) <= request.CurrentEnd;
                }

            default:
                return false;
        }
    }

    private bool Answer(Sha256Digest request, string by, Func<EnrolmentRecord, EnrolmentRecord> answer)
    {
        while (true)
        {
            if (store.Find(request) is not { } record)
            {
                return false;
            }

            EnrolmentRecord answered = answer(record);
            if (record.State == EnrolmentState.Issued)
            {
                // An answer that was lost on its way comes again.
                return answered.State == EnrolmentState.Issued && answered.Certificate!.Value.Span.SequenceEqual(record.Certificate!.Value.Span);
            }

            if (store.Save(answered, record, by))
            {
                Log.RenewalAnswered(log, answered.Device, answered.RequestDigest, answered.State);
                return true;
            }
        }
    }
}
