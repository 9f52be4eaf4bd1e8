using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Fota.Interop.Posix;
using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Signer.Home;
using Fota.Signer.Journal;

namespace Fota.Signer.Authority;

/// <summary>The certificates that the authorities of this home issued: files in ca/issued, found by device and key through an index in the journal's database.</summary>
internal sealed class IssuedCertificates(HomeFolder folder, SignerDatabase database)
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const string OrganizationalUnit = "2.5.4.11";
    private const string Extension = ".pem";

    private string Kept => Path.Combine(folder.Authorities, "issued");

    /// <summary>Keeps a certificate: lists of revoked ones are made from serial numbers, and a renewal begins with the certificate before.</summary>
    public void Keep(X509Certificate2 certificate) => DurableFile.Replace(PathOf(certificate.SerialNumber.ToLowerInvariant()), Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n"));

    /// <summary>Brings the index up to date with the folder: a file is there first, also one from before there was an index.</summary>
    public void Index()
    {
        HashSet<string> known = database.Query("SELECT serial FROM issued", static row => row.GetString(0)).ToHashSet(StringComparer.Ordinal);
        string[] files = Directory.Exists(Kept) ? Directory.GetFiles(Kept, "*" + Extension) : [];
        database.InTransaction(() =>
        {
            foreach (string file in files.Where(file => !known.Contains(Path.GetFileNameWithoutExtension(file))))
            {
                using X509Certificate2 certificate = Load(file);
                bool isDevice = certificate.SubjectName.EnumerateRelativeDistinguishedNames().Any(static part => !part.HasMultipleElements && part.GetSingleElementType().Value == OrganizationalUnit) && certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Any(static e => e.EnhancedKeyUsages.Cast<Oid>().Any(static o => o.Value == ClientAuthentication));
                _ = database.Execute(
                    "INSERT INTO issued (serial, issuer, device, key_id, not_after) VALUES ($0, $1, $2, $3, $4)",
                    Path.GetFileNameWithoutExtension(file),
                    AuthorityKey.OfIssuer(certificate),
                    isDevice ? certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false) : null,
                    Sha256Digest.Of(certificate.PublicKey.ExportSubjectPublicKeyInfo()).ToString(),
                    new DateTimeOffset(certificate.NotAfter).ToUnixTimeSeconds());
            }
        });
    }

    /// <summary>The certificate of this device and key that ends last; null if none was ever issued.</summary>
    public X509Certificate2? Newest(string device, KeyId key)
    {
        string? serial = (string?)database.Scalar("SELECT serial FROM issued WHERE device = $0 AND key_id = $1 ORDER BY not_after DESC, serial LIMIT 1", device, key.ToString());
        return serial is null ? null : Load(PathOf(serial));
    }

    private string PathOf(string serial) => Path.Combine(Kept, serial + Extension);

    private static X509Certificate2 Load(string file)
    {
        try
        {
            return X509Certificate2.CreateFromPem(File.ReadAllText(file));
        }
        catch (Exception e) when (e is CryptographicException or FileNotFoundException)
        {
            throw new SignerRefusalException($"{file}: wanted a certificate that this authority issued, got something else ({e.Message})", e);
        }
    }
}
