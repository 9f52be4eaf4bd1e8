namespace Fota.Signer.Tests;

/// <summary>Finds private keys by how each of their encodings must look.</summary>
internal static class PrivateKeyScan
{
    private static readonly byte[][] s_traces =
    [
        "PRIVATE KEY"u8.ToArray(),

        // PKCS#8 (RFC 5958): version 0 or 1, then the algorithm: id-ecPublicKey, rsaEncryption, Ed25519.
        [0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01],
        [0x02, 0x01, 0x00, 0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01],
        [0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70],
        [0x02, 0x01, 0x01, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70],

        // SEC 1 (RFC 5915): version 1, then 32 bytes of secret.
        [0x02, 0x01, 0x01, 0x04, 0x20],
    ];

    public static bool Finds(byte[] content) => s_traces.Any(trace => content.AsSpan().IndexOf(trace) >= 0);
}

[TestFixture]
internal sealed class PrivateKeyScanTests
{
    [Test]
    public void Scan_finds_a_key_in_each_encoding()
    {
        using System.Security.Cryptography.ECDsa key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        Assert.That(PrivateKeyScan.Finds(key.ExportPkcs8PrivateKey()), Is.True);
        Assert.That(PrivateKeyScan.Finds(key.ExportECPrivateKey()), Is.True);
        Assert.That(PrivateKeyScan.Finds(System.Text.Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem())), Is.True);
        Assert.That(PrivateKeyScan.Finds(key.ExportSubjectPublicKeyInfo()), Is.False);
    }
}
