using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Fota.Manifest;

namespace Fota.Signer.Authority;

/// <summary>
/// A list of devices that may have a first certificate, signed by an operator: JSON, and beside it a detached CMS signature (RFC 5652) by a certificate of the people's
/// CA that this home names. Only <see cref="Verify"/> makes one.
/// </summary>
internal sealed class EnrolmentList
{
    private const int MaxBytes = 16 * 1024 * 1024;
    private const int MaxDevices = 100_000;
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    // SHA-256, SHA-384 and SHA-512: who finds two lists with one digest has one of them signed, and brings the other.
    private static readonly string[] s_digests = ["2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.2", "2.16.840.1.101.3.4.2.3"];

    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Strict) { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private EnrolmentList(Sha256Digest digest, X509Certificate2 signer, IReadOnlyList<ListedDevice> devices)
    {
        Digest = digest;
        Operator = signer.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
        OperatorSerial = signer.SerialNumber.ToLowerInvariant();
        Devices = devices;
    }

    /// <summary>SHA-256 of the list.</summary>
    public Sha256Digest Digest { get; }

    /// <summary>Who signed it.</summary>
    public string Operator { get; }

    /// <summary>Serial number of the certificate that it was signed with, lower-case hexadecimal.</summary>
    public string OperatorSerial { get; }

    /// <summary>The devices, each once.</summary>
    public IReadOnlyList<ListedDevice> Devices { get; }

    /// <summary>Checks the signature, then reads the very bytes that were signed.</summary>
    /// <param name="list">The list.</param>
    /// <param name="signature">The CMS signature, DER.</param>
    /// <param name="operators">The certificates that may sign one.</param>
    /// <param name="authority">The people's CA.</param>
    /// <param name="now">The moment.</param>
    /// <exception cref="SignerRefusalException">It is not signed by one of them, or is no list.</exception>
    public static EnrolmentList Verify(byte[] list, byte[] signature, X509Certificate2Collection operators, X509Certificate2 authority, DateTimeOffset now)
    {
        if (list.Length > MaxBytes)
        {
            throw new SignerRefusalException($"enrolment list: wanted at most {MaxBytes} bytes, got {list.Length}");
        }

        X509Certificate2 signer = SignerOf(list, signature, operators);
        DemandOfPeople(signer, authority, now);
        try
        {
            ListDocument document = JsonSerializer.Deserialize<ListDocument>(list, s_options) ?? throw new JsonException("wanted an object, got null");
            return new EnrolmentList(Sha256Digest.Of(list), signer, Checked(document.Devices));
        }
        catch (JsonException e)
        {
            throw new SignerRefusalException($"enrolment list: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    private static X509Certificate2 SignerOf(byte[] list, byte[] signature, X509Certificate2Collection operators)
    {
        SignedCms cms = new(new ContentInfo(list), detached: true), whole = new();
        try
        {
            cms.Decode(signature);
            whole.Decode(signature);
        }
        catch (CryptographicException e)
        {
            throw new SignerRefusalException($"enrolment list: wanted a CMS signature (DER), got something else ({e.Message})", e);
        }

        // A SignedCms that was made for a detached signature does not say whether it was given one.
        if (cms.SignerInfos.Count != 1 || whole.ContentInfo.Content.Length > 0)
        {
            throw new SignerRefusalException($"enrolment list: wanted a detached signature by one operator, got {cms.SignerInfos.Count}, with {whole.ContentInfo.Content.Length} bytes inside");
        }

        // The key that is trusted is one of ours; a certificate inside the signature is a hint.
        SignerInfo info = cms.SignerInfos[0];
        if (!s_digests.Contains(info.DigestAlgorithm.Value, StringComparer.Ordinal))
        {
            throw new SignerRefusalException($"enrolment list: wanted a signature over SHA-256, SHA-384 or SHA-512, got one over {info.DigestAlgorithm.FriendlyName ?? info.DigestAlgorithm.Value}");
        }

        foreach (X509Certificate2 candidate in operators)
        {
            if (info.Certificate is null || info.Certificate.RawDataMemory.Span.SequenceEqual(candidate.RawDataMemory.Span))
            {
                try
                {
                    info.CheckSignature([candidate], verifySignatureOnly: true);
                    return candidate;
                }
                catch (CryptographicException)
                {
                    continue;
                }
            }
        }

        throw new SignerRefusalException("enrolment list: wanted a signature by an operator of this home (ca/operators.pem) over these bytes, got none");
    }

    private static void DemandOfPeople(X509Certificate2 signer, X509Certificate2 authority, DateTimeOffset now)
    {
        // Chain building takes a missing extended key usage for "any"; here missing never means "not required" (P10).
        if (!signer.Extensions.OfType<X509EnhancedKeyUsageExtension>().Any(static usage => usage.EnhancedKeyUsages.Cast<Oid>().Any(static oid => oid.Value == ClientAuthentication)))
        {
            throw new SignerRefusalException("enrolment list: wanted an operator's certificate for client authentication, got one without");
        }

        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck; // who may sign none any more is taken out of operators.pem
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        chain.ChainPolicy.VerificationTime = now.LocalDateTime;
        if (!chain.Build(signer))
        {
            throw new SignerRefusalException($"enrolment list: wanted an operator with a certificate of the people's CA, valid now, got {string.Join(", ", chain.ChainStatus.Select(static status => status.Status).Distinct())}");
        }
    }

    private static IReadOnlyList<ListedDevice> Checked(IReadOnlyList<ListedDevice> devices)
    {
        if (devices.Count is 0 or > MaxDevices)
        {
            throw new SignerRefusalException($"enrolment list: wanted 1 to {MaxDevices} devices, got {devices.Count}");
        }

        foreach (ListedDevice? device in devices)
        {
            if (device is null)
            {
                throw new SignerRefusalException("enrolment list: wanted devices, got null");
            }

            if (!ExaminedRequest.IsDeviceName(device.Device) || !ProductName.TryParse(device.Product, out _) || !Sha256Digest.TryParse(device.KeyId, out _))
            {
                throw new SignerRefusalException($"enrolment list: wanted a device name, a product and a key id (64 hexadecimal digits), got \"{device.Device}\", \"{device.Product}\", \"{device.KeyId}\"");
            }
        }

        return devices.GroupBy(static device => device.Device, StringComparer.Ordinal).FirstOrDefault(static group => group.Count() > 1) is { } twice
            ? throw new SignerRefusalException($"enrolment list: wanted each device once, got {twice.Key} twice")
            : devices;
    }

    private sealed record ListDocument(IReadOnlyList<ListedDevice> Devices);
}

/// <summary>A device that may have a first certificate.</summary>
/// <param name="Device">Its name.</param>
/// <param name="Product">Its product.</param>
/// <param name="KeyId">SHA-256 of its key's SubjectPublicKeyInfo, as its maker read it.</param>
internal sealed record ListedDevice(string Device, string Product, string KeyId);
