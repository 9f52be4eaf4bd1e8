using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Identity;

/// <summary>
/// The device's certificate: the file that it was given, or what it was renewed to. Both may be there; of two for the same key the one that ends later counts,
/// and a file for another key counts more than any renewal, as the device was certified anew then.
/// </summary>
internal sealed class DeviceCertificateStore
{
    private const string RenewedName = "identity/certificate.pem";

    private readonly IDurableStore _store;

    /// <summary>Reads the certificate.</summary>
    /// <param name="file">The PEM file that the device was given.</param>
    /// <param name="store">Where renewed certificates are kept.</param>
    /// <exception cref="SettingsException">Neither is there and readable.</exception>
    public DeviceCertificateStore(string file, IDurableStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        _store = store;
        Current = Choose(Parse(ReadFile(file)), Parse(ReadRenewed(store))) ?? throw new SettingsException($"{file}: wanted the device's certificate, got none that can be read");
    }

    /// <summary>The certificate, without its key.</summary>
    public X509Certificate2 Current { get; private set; }

    /// <summary>Replaces the certificate, in one durable write: after a power cut the device has the old one or the new one, and either is good.</summary>
    internal void Replace(RenewedCertificate renewed)
    {
        _store.Replace(RenewedName, Encoding.ASCII.GetBytes(renewed.Certificate.ExportCertificatePem() + "\n"));
        Current = renewed.Certificate;
    }

    private static X509Certificate2? Choose(X509Certificate2? given, X509Certificate2? renewed)
    {
        if (given is null || renewed is null)
        {
            return given ?? renewed;
        }

        bool sameKey = given.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(renewed.PublicKey.ExportSubjectPublicKeyInfo());
        return sameKey && renewed.NotAfter > given.NotAfter ? renewed : given;
    }

    // A certificate is public, and the server judges it: a damaged file is no reason to do without the other one.
    private static X509Certificate2? Parse(byte[]? pem)
    {
        try
        {
            return pem is null ? null : X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(pem));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    // A bad sector under one certificate is no reason to do without the other.
    private static byte[]? ReadRenewed(IDurableStore store)
    {
        try
        {
            return store.Read(RenewedName);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static byte[]? ReadFile(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
