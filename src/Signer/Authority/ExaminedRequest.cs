using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.Manifest;
using Fota.Manifest.Keys;

namespace Fota.Signer.Authority;

/// <summary>
/// What will stand in a certificate, taken from a request whose proof of possession was checked. Only what the profile names is taken over; the
/// rest of a request is a wish.
/// </summary>
internal sealed class ExaminedRequest
{
    /// <summary>The longest life of a device's certificate, in days: ten years.</summary>
    public const int DeviceDays = 3650;

    /// <summary>The life of a service's certificate, and of a person's, in days.</summary>
    public const int ServiceDays = 397;

    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string CommonName = "2.5.4.3";
    private const string OrganizationalUnit = "2.5.4.11";
    private const string SubjectAlternativeName = "2.5.29.17";

    private ExaminedRequest(X500DistinguishedName subject, VerificationKey key)
    {
        Subject = subject;
        Key = key;
    }

    public X500DistinguishedName Subject { get; }

    public VerificationKey Key { get; }

    /// <summary>The device that it is for; null when it is for a service or a person.</summary>
    public string? Device { get; init; }

    /// <summary>The device's product; null when it is for no device.</summary>
    public ProductName? Product { get; init; }

    public required string ExtendedKeyUsage { get; init; }

    public required int ValidDays { get; init; }

    /// <summary>For the journal.</summary>
    public required string Description { get; init; }

    public X509Extension? AlternativeNames { get; init; }

    /// <summary>The same with another life, no longer than its kind may have.</summary>
    public ExaminedRequest ValidFor(int days) => days >= 1 && days <= ValidDays
        ? new ExaminedRequest(Subject, Key) { Device = Device, Product = Product, ExtendedKeyUsage = ExtendedKeyUsage, ValidDays = days, Description = Description, AlternativeNames = AlternativeNames }
        : throw new SignerRefusalException($"certificate for {Description}: wanted 1 to {ValidDays} days, got {days}");

    /// <summary>A device's: CN is the device, OU its product.</summary>
    public static ExaminedRequest ForDevice(string pem, IEnumerable<string> products)
    {
        CertificateRequest request = Load(pem);
        Dictionary<string, string> names = Names(request);
        string device = names.GetValueOrDefault(CommonName, ""), product = names.GetValueOrDefault(OrganizationalUnit, "");
        if (names.Count != 2 || !IsDeviceName(device))
        {
            throw new SignerRefusalException($"certificate request: wanted a subject of CN=DEVICE (1 to 64 of a-z, 0-9 and '-') and OU=PRODUCT, got \"{request.SubjectName.Name}\"");
        }

        if (!products.Contains(product, StringComparer.Ordinal))
        {
            throw new SignerRefusalException($"certificate request: wanted a product of this home in OU ({string.Join(", ", products)}), got \"{product}\"");
        }

        X500DistinguishedNameBuilder subject = new();
        subject.AddOrganizationalUnitName(product);
        subject.AddCommonName(device);
        return new ExaminedRequest(subject.Build(), KeyOf(request)) { Device = device, Product = ProductName.Parse(product), ExtendedKeyUsage = ClientAuthentication, ValidDays = DeviceDays, Description = $"device {device}, {product}" };
    }

    /// <summary>A service's: the names by which it is reached are its alternative names; IP addresses and DNS names, nothing else.</summary>
    public static ExaminedRequest ForService(string pem)
    {
        CertificateRequest request = Load(pem);
        (X509Extension names, string first) = ReadAlternativeNames(request);
        X500DistinguishedNameBuilder subject = new();
        subject.AddCommonName(first);
        return new ExaminedRequest(subject.Build(), KeyOf(request)) { ExtendedKeyUsage = ServerAuthentication, ValidDays = ServiceDays, AlternativeNames = names, Description = $"service {first}" };
    }

    /// <summary>A person's, or a build machine's, for the signing service: CN is the name, and nothing else is in the subject.</summary>
    public static ExaminedRequest ForPerson(string pem)
    {
        CertificateRequest request = Load(pem);
        Dictionary<string, string> names = Names(request);
        string name = names.GetValueOrDefault(CommonName, "");
        if (names.Count != 1 || name.Length is < 1 or > 64 || !name.All(static c => IsNameCharacter(c) || c == '.'))
        {
            throw new SignerRefusalException($"certificate request: wanted a subject of CN=NAME (1 to 64 of a-z, 0-9, '.' and '-'), got \"{request.SubjectName.Name}\"");
        }

        X500DistinguishedNameBuilder subject = new();
        subject.AddCommonName(name);
        return new ExaminedRequest(subject.Build(), KeyOf(request)) { ExtendedKeyUsage = ClientAuthentication, ValidDays = ServiceDays, Description = $"person {name}" };
    }

    /// <summary>1 to 64 of a-z, 0-9 and '-'.</summary>
    public static bool IsDeviceName(string name) => name.Length is >= 1 and <= 64 && name.All(IsNameCharacter);

    private static bool IsNameCharacter(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-';

    private static CertificateRequest Load(string pem)
    {
        try
        {
            // Checks the request's signature by its own key: the proof of possession. The extensions are read, not copied.
            return CertificateRequest.LoadSigningRequestPem(pem, HashAlgorithmName.SHA256, CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions, RSASignaturePadding.Pkcs1);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or NotSupportedException)
        {
            throw new SignerRefusalException($"certificate request: wanted a PEM PKCS#10 request that is signed by its own key ({e.Message})", e);
        }
    }

    private static VerificationKey KeyOf(CertificateRequest request)
    {
        VerificationKey key = VerificationKey.FromSubjectPublicKeyInfo(request.PublicKey.ExportSubjectPublicKeyInfo());
        return key.Algorithm == SignatureAlgorithm.Esp256 ? key : throw new SignerRefusalException($"certificate request: wanted a P-256 key, got {key.Algorithm}");
    }

    private static Dictionary<string, string> Names(CertificateRequest request)
    {
        Dictionary<string, string> names = new(StringComparer.Ordinal);
        foreach (X500RelativeDistinguishedName part in request.SubjectName.EnumerateRelativeDistinguishedNames())
        {
            if (part.HasMultipleElements || !names.TryAdd(part.GetSingleElementType().Value ?? "", part.GetSingleElementValue() ?? ""))
            {
                throw new SignerRefusalException($"certificate request: wanted each part of the subject once, got \"{request.SubjectName.Name}\"");
            }
        }

        return names;
    }

    private static (X509Extension Names, string First) ReadAlternativeNames(CertificateRequest request)
    {
        X509Extension[] found = [.. request.CertificateExtensions.Where(static extension => extension.Oid?.Value is SubjectAlternativeName)];
        if (found.Length != 1)
        {
            throw new SignerRefusalException($"certificate request: wanted one list of alternative names, got {found.Length}");
        }

        SubjectAlternativeNameBuilder builder = new();
        string? first = null;
        int all = 0;
        try
        {
            X509SubjectAlternativeNameExtension names = new(found[0].RawData);
            foreach (System.Net.IPAddress address in names.EnumerateIPAddresses())
            {
                builder.AddIpAddress(address);
                first ??= address.ToString();
                all++;
            }

            foreach (string dns in names.EnumerateDnsNames())
            {
                builder.AddDnsName(DemandHostName(dns));
                first ??= dns;
                all++;
            }

            DemandCount(found[0].RawData, all);
        }
        catch (Exception e) when (e is CryptographicException or AsnContentException)
        {
            throw new SignerRefusalException("certificate request: its alternative names are malformed", e);
        }

        return (builder.Build(), first!);
    }

    /// <summary>Names of other kinds are refused, not dropped: who asks for them expects them.</summary>
    private static void DemandCount(byte[] extension, int understood)
    {
        AsnReader names = new AsnReader(extension, AsnEncodingRules.DER).ReadSequence();
        int all = 0;
        for (; names.HasData; all++)
        {
            _ = names.ReadEncodedValue();
        }

        if (all == 0 || all != understood)
        {
            throw new SignerRefusalException($"certificate request: wanted IP addresses and DNS names only, and at least one, got {all} names of which {understood} are such");
        }
    }

    private static string DemandHostName(string name) => name.Length is >= 1 and <= 64 && char.IsAsciiLetterOrDigit(name[0]) && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.')
        ? name
        : throw new SignerRefusalException("certificate request: wanted a plain DNS name of at most 64 characters, got another");
}
