using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.Manifest.Keys;

namespace Fota.DeviceAgent.Keys;

/// <summary>The device's own key, on P-256: it signs reports and opens TLS connections.</summary>
internal interface IDeviceKey : IDisposable
{
    /// <summary>The public half.</summary>
    VerificationKey PublicKey { get; }

    /// <summary>Signs a message, hashed with SHA-256; r and s, 32 bytes each.</summary>
    byte[] Sign(byte[] message);

    /// <summary>The device's certificate with this key, for TLS.</summary>
    /// <exception cref="ArgumentException">The certificate is for another key.</exception>
    X509Certificate2 AttachTo(X509Certificate2 certificate);

    /// <summary>The key as the runtime's type, for signing the certificate request; this object still owns it.</summary>
    ECDsa AsECDsa();
}
