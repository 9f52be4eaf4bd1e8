using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.DeviceAgent.Keys;
using Fota.Manifest.Keys;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests.Simulation;

internal sealed class DeviceKeyInMemory : IDeviceKey
{
    private readonly SoftwareKey _key = SoftwareKey.EcdsaP256();

    public VerificationKey PublicKey => _key.PublicKey;

    public byte[] Sign(byte[] message) => _key.Sign(message);

    public X509Certificate2 AttachTo(X509Certificate2 certificate) => throw new NotSupportedException();

    public ECDsa AsECDsa() => throw new NotSupportedException();

    public void Dispose()
    {
    }
}
