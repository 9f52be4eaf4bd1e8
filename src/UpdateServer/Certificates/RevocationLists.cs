using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Fota.Manifest;
using Fota.UpdateServer.Configuration;

namespace Fota.UpdateServer.Certificates;

/// <summary>
/// The revocation lists of some authorities, as files have them. Read at the start, and again and again: what is then wrong with a file leaves the list of before in
/// force, until that is stale; and a stale or missing list vouches for nobody.
/// </summary>
internal sealed class RevocationLists
{
    private const string Label = "X509 CRL";

    private readonly IReadOnlyList<string> _files;
    private readonly X509Certificate2Collection _authorities;
    private readonly X509Certificate2Collection _registered;
    private readonly TimeSpan _grace;

    private volatile ImmutableDictionary<string, RevocationList> _lists = ImmutableDictionary<string, RevocationList>.Empty;

    /// <param name="files">Each one list in DER, or some in PEM.</param>
    /// <param name="authorities">Whose lists they may be.</param>
    /// <param name="registered">Whose lists may lie beside them in a file: they count for others.</param>
    /// <param name="grace">How long after its time a list still counts.</param>
    /// <exception cref="ConfigurationException">A file is none, or has no list of these authorities.</exception>
    public RevocationLists(IReadOnlyList<string> files, X509Certificate2Collection authorities, X509Certificate2Collection registered, TimeSpan grace)
    {
        (_files, _authorities, _registered, _grace) = (files, authorities, registered, grace);
        foreach (string file in files)
        {
            if (ReadFile(file) is { } wrong)
            {
                throw new ConfigurationException($"crl: {wrong}");
            }
        }
    }

    /// <summary>Reads the files again.</summary>
    /// <returns>What is wrong with them, one line each.</returns>
    public IReadOnlyList<string> ReadAgain() => [.. _files.Select(ReadFile).OfType<string>()];

    /// <summary>Why a certificate of <paramref name="issuer"/> does not count; null if nothing is known against it.</summary>
    public Rejection? WhyNot(X509Certificate2 certificate, X509Certificate2 issuer, DateTimeOffset now)
    {
        if (!_lists.TryGetValue(KeyOf(issuer), out RevocationList? list))
        {
            return new Rejection(RejectionReason.ForeignCertificate, $"wanted a revocation list of {issuer.Subject}, got none");
        }

        return list.Contains(certificate) ? new Rejection(RejectionReason.ForeignCertificate, $"wanted a certificate that is not taken back, got {certificate.SerialNumber}, which list {list.Number} takes back")
            : list.NextUpdate + _grace < now ? new Rejection(RejectionReason.ForeignCertificate, $"wanted a fresh revocation list of {issuer.Subject}, got one that ended at {list.NextUpdate:u}")
            : null;
    }

    /// <summary>The authorities of which there is no list that counts now, one line each.</summary>
    public IEnumerable<string> StaleAt(DateTimeOffset now) => _authorities
        .Where(a => !_lists.TryGetValue(KeyOf(a), out RevocationList? list) || list.NextUpdate + _grace < now)
        .Select(static a => $"wanted a fresh revocation list of {a.Subject}, got none: nobody whom it vouches for is let in");

    private static string KeyOf(X509Certificate2 authority) => authority.GetCertHashString(HashAlgorithmName.SHA256);

    private string? ReadFile(string file)
    {
        try
        {
            byte[] content = new FileInfo(file).Length <= RevocationList.MaxBytes ? File.ReadAllBytes(file) : throw new IOException($"wanted at most {RevocationList.MaxBytes} bytes, got more");
            byte[][] lists = [.. ListsIn(content)];
            return lists.Length == 0 ? $"{file}: wanted a revocation list, got none" : TakeAll(lists) is { } wrong ? $"{file}: {wrong}" : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or RejectedException or FormatException)
        {
            return $"{file}: {e.Message}";
        }
    }

    private static IEnumerable<byte[]> ListsIn(byte[] content)
    {
        if (content is [0x30, ..])
        {
            yield return content;
            yield break;
        }

        string text = Encoding.ASCII.GetString(content);
        for (int at = 0; PemEncoding.TryFind(text.AsSpan(at), out PemFields fields);)
        {
            if (text.AsSpan(at)[fields.Label].SequenceEqual(Label))
            {
                yield return Convert.FromBase64String(text[at..][fields.Base64Data]);
            }

            at += fields.Location.End.Value;
        }
    }

    /// <summary>Puts in force what counts, whatever lies beside it; gives what is wrong.</summary>
    private string? TakeAll(byte[][] lists)
    {
        bool any = false;
        string? wrong = null;
        foreach (byte[] list in lists)
        {
            try
            {
                any |= Take(list);
            }
            catch (RejectedException e)
            {
                wrong ??= e.Message;
            }
        }

        return wrong ?? (any ? null : "wanted a list of one of the authorities, got one of another");
    }

    /// <summary>Puts a list in force for every certificate of the authority whose key signed it.</summary>
    /// <returns>False for a list that is well, and another registered authority's.</returns>
    /// <exception cref="RejectedException">It is nobody's, damaged, or older than the one that is there.</exception>
    private bool Take(byte[] encoded)
    {
        List<(X509Certificate2 Authority, RevocationList List)> signed = SignedBy(_authorities, encoded, out Rejection? damaged);
        foreach ((X509Certificate2 authority, RevocationList list) in signed)
        {
            if (_lists.TryGetValue(KeyOf(authority), out RevocationList? before) && list.Number < before.Number)
            {
                throw new RejectedException(RejectionReason.ValueOutOfRange, $"wanted a list of {authority.Subject} that is not older than number {before.Number}, got {list.Number}");
            }

            _lists = _lists.SetItem(KeyOf(authority), list);
        }

        return signed.Count > 0 || (SignedBy(_registered, encoded, out _).Count > 0
            ? false
            : throw new RejectedException(damaged ?? ClientCertificateJudge.Foreign("wanted a list of one of the authorities, got one of another")));
    }

    /// <summary>The certificates whose key signed a list, and what it says. The name alone is nobody's: several may have it.</summary>
    private static List<(X509Certificate2 Authority, RevocationList List)> SignedBy(X509Certificate2Collection authorities, byte[] encoded, out Rejection? damaged)
    {
        List<(X509Certificate2, RevocationList)> signed = [];
        damaged = null;
        foreach (X509Certificate2 authority in authorities)
        {
            try
            {
                if (RevocationList.Read(encoded, authority) is { } list)
                {
                    signed.Add((authority, list));
                }
            }
            catch (RejectedException e) when (e.Rejection.Reason == RejectionReason.SignatureInvalid)
            {
                damaged = e.Rejection; // or of another authority with the same name
            }
        }

        return signed;
    }
}
