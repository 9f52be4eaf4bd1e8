using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Fetching;
using Fota.Manifest;

namespace Fota.DeviceAgent.Identity;

/// <summary>
/// Renews the device's certificate from two thirds of its life on, also when it has expired (docs/spec/device-identity.md). Call <see cref="RunAsync"/> after
/// check-ins, never in the middle of an update: it does what is due, one request at most, and its failure is never one of an update.
/// </summary>
internal sealed class CertificateRenewal
{
    /// <summary>How long to wait when nobody says how long, and after a refusal at least.</summary>
    private static readonly TimeSpan s_usualWait = TimeSpan.FromHours(1);

    /// <summary>Nobody is waited for longer, whatever a server says.</summary>
    private static readonly TimeSpan s_longestWait = TimeSpan.FromDays(7);

    private readonly RenewalParts _parts;
    private readonly EstClient _est;

    /// <summary>Makes it of its parts.</summary>
    public CertificateRenewal(RenewalParts parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        _parts = parts;
        _est = new EstClient(parts.Http, parts.Server, parts.Time);
    }

    /// <summary>From when on a certificate is to be renewed: two thirds of its life.</summary>
    public static DateTimeOffset RenewFrom(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        DateTimeOffset begin = new(certificate.NotBefore), end = new(certificate.NotAfter);
        return begin + ((end - begin) / 3 * 2);
    }

    /// <summary>Asks for a new certificate if that is due, and takes it over if it is there. What goes wrong is said in the log, and tried again later.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            DateTimeOffset now = _parts.Time.GetUtcNow();
            PendingRenewal? pending = PendingRenewal.Read(_parts.Store);
            if (now < RenewFrom(_parts.Certificates.Current))
            {
                if (pending is not null)
                {
                    PendingRenewal.Forget(_parts.Store);
                }

                return;
            }

            // A wait that is longer than any was written by another clock.
            if (pending is not null && now < pending.AskFrom && pending.AskFrom - now <= s_longestWait)
            {
                return;
            }

            await AskAsync(pending, now, cancellation);
        }
        catch (RepositoryUnavailableException e)
        {
            _parts.Log.Waiting($"certificate: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or SettingsException)
        {
            // A full disk, a token that is away, a file that is missing: the device has a certificate, and goes on with it.
            _parts.Log.Waiting($"certificate: not renewed: {e.Message}");
        }
    }

    private async Task AskAsync(PendingRenewal? pending, DateTimeOffset now, CancellationToken cancellation)
    {
        X509Certificate2 current = _parts.Certificates.Current;
        byte[] request;
        if (pending is { Request: { } kept } && pending.IsFor(current))
        {
            request = kept;
        }
        else
        {
            // Kept before it is sent: a request is repeated as it is (RFC 7030 section 4.2.3), also by a device that lost power over it.
            request = new CertificateRequest(current.SubjectName, _parts.Key.AsECDsa(), HashAlgorithmName.SHA256).CreateSigningRequest();
            new PendingRenewal(request, now).Keep(_parts.Store);
            _parts.Log.Progress($"certificate: ends on {current.NotAfter.ToUniversalTime():u}, a new one is asked for");
        }

        try
        {
            (byte[]? certificate, TimeSpan? wait) = await _est.ReenrolAsync(request, cancellation);
            if (certificate is null)
            {
                new PendingRenewal(request, now + Wait(wait ?? s_usualWait)).Keep(_parts.Store);
                return;
            }

            RenewedCertificate renewed = RenewedCertificate.Verify(certificate, current, _parts.Key.PublicKey, await AuthoritiesAsync(current, cancellation), now).OrThrow();
            _parts.Certificates.Replace(renewed);
            PendingRenewal.Forget(_parts.Store);
            _parts.Log.Progress($"certificate: renewed, ends on {renewed.Certificate.NotAfter.ToUniversalTime():u}");
        }
        catch (RenewalRefusedException e)
        {
            // The same request again: whoever refused may be asked by then with another answer.
            _parts.Log.Refused(new Rejection(RejectionReason.RenewalRefused, e.Message));
            new PendingRenewal(request, now + AtLeastUsual(e.Wait)).Keep(_parts.Store);
        }
        catch (RejectedException e)
        {
            // What this request was answered with is no use; another may be answered better.
            _parts.Log.Refused(e.Rejection);
            new PendingRenewal(null, now + s_usualWait).Keep(_parts.Store);
        }
    }

    private async Task<X509Certificate2Collection> AuthoritiesAsync(X509Certificate2 current, CancellationToken cancellation)
    {
        if (_parts.AuthoritiesFile is null)
        {
            X509Certificate2Collection issuers = KnownAuthorities.IssuersOf(current, await _est.AuthoritiesAsync(cancellation));
            return issuers.Count > 0
                ? issuers
                : throw new RejectedException(RejectionReason.ForeignCertificate, "cacerts: wanted the authority that issued this device's certificate, got others; if it names its key by another hash than ours, set deviceCa");
        }

        X509Certificate2Collection configured = [];
        configured.ImportFromPemFile(_parts.AuthoritiesFile);
        return configured;
    }

    private static TimeSpan AtLeastUsual(TimeSpan? wait) => wait > s_usualWait ? Wait(wait.Value) : s_usualWait;

    private static TimeSpan Wait(TimeSpan wait) => wait < TimeSpan.Zero ? TimeSpan.Zero : wait < s_longestWait ? wait : s_longestWait;
}
