using Fota.Interop.Posix;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.Manifest.Keys;

namespace Fota.DeviceAgent.Keys;

/// <summary>A device key in a PEM file: whoever reads the file is the device. For development; a production layout refuses it (promise P7).</summary>
internal sealed class UnsafeFileDeviceKey : IDeviceKey
{
    private readonly ECDsa _key;

    private UnsafeFileDeviceKey(ECDsa key)
    {
        _key = key;
        PublicKey = VerificationKey.FromSubjectPublicKeyInfo(key.ExportSubjectPublicKeyInfo());
    }

    /// <inheritdoc/>
    public VerificationKey PublicKey { get; }

    /// <summary>Reads the key.</summary>
    public static UnsafeFileDeviceKey Open(string path)
    {
        ECDsa key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(path));
        return new UnsafeFileDeviceKey(key);
    }

    /// <summary>Reads the key, or makes one where there is none.</summary>
    public static UnsafeFileDeviceKey Enrol(string path)
    {
        if (!File.Exists(path))
        {
            using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            DurableFile.ReplacePrivate(path, System.Text.Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"));
        }

        return Open(path);
    }

    /// <inheritdoc/>
    public byte[] Sign(byte[] message) => _key.SignData(message, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    /// <inheritdoc/>
    public X509Certificate2 AttachTo(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return certificate.CopyWithPrivateKey(_key);
    }

    /// <inheritdoc/>
    public ECDsa AsECDsa() => _key;

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();
}
