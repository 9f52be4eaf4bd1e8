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
    private readonly TimeSpan _grace;

    private volatile ImmutableDictionary<string, RevocationList> _lists = ImmutableDictionary<string, RevocationList>.Empty;

    /// <param name="files">Each one list in DER, or some in PEM.</param>
    /// <param name="authorities">Whose lists they may be.</param>
    /// <param name="grace">How long after its time a list still counts.</param>
    /// <exception cref="ConfigurationException">A file is none, or no list of these authorities.</exception>
    public RevocationLists(IReadOnlyList<string> files, X509Certificate2Collection authorities, TimeSpan grace)
    {
        (_files, _authorities, _grace) = (files, authorities, grace);
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
            return lists.Length > 0 ? lists.Select(Take).FirstOrDefault(static wrong => wrong is not null) is { } wrong ? $"{file}: {wrong}" : null : $"{file}: wanted a revocation list, got none";
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

    /// <summary>Puts a list in force for every authority that it is of; gives what is wrong with it.</summary>
    private string? Take(byte[] encoded)
    {
        bool any = false;
        string? signedByOther = null;
        foreach (X509Certificate2 authority in _authorities)
        {
            try
            {
                if (RevocationList.Read(encoded, authority) is not { } list)
                {
                    continue;
                }

                any = true;
                if (_lists.TryGetValue(KeyOf(authority), out RevocationList? before) && list.Number < before.Number)
                {
                    return $"wanted a list of {authority.Subject} that is not older than number {before.Number}, got {list.Number}";
                }

                _lists = _lists.SetItem(KeyOf(authority), list);
            }
            catch (RejectedException e) when (e.Rejection.Reason == RejectionReason.SignatureInvalid)
            {
                signedByOther = e.Message; // of another authority with the same name, perhaps
            }
        }

        return any ? null : signedByOther ?? "wanted a list of one of the authorities, got one of another";
    }
}
