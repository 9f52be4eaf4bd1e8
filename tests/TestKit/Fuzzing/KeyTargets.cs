using System.Security.Cryptography;
using System.Text;
using Fota.Manifest;
using Fota.Manifest.Keys;

namespace Fota.TestKit.Fuzzing;

/// <summary>Public keys.</summary>
internal static class KeyTargets
{
    // The generators of the curves as public keys: valid, and the same everywhere.
    private static readonly byte[] s_p256 = Convert.FromHexString(
        "3059301306072A8648CE3D020106082A8648CE3D030107034200046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C2964FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5");

    private static readonly byte[] s_p384 = Convert.FromHexString(
        "3076301006072A8648CE3D020106052B8104002203620004AA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7"
        + "3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F");

    private static readonly byte[] s_rsa = Rsa();

    private static readonly HashBasedKey s_hss = HashBasedKey.Fixed(40);

    private static readonly byte[] s_message = "message"u8.ToArray(), s_hssSignature = s_hss.Sign(s_message), s_hssKey = s_hss.PublicKey.SubjectPublicKeyInfo.ToArray();

    private static readonly byte[] s_ed25519 = new FixedKey(7).PublicKey.SubjectPublicKeyInfo.ToArray();

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("key-spki", [s_p256, s_p384, s_rsa, s_ed25519, s_hssKey], [], static input => IsKey(() => VerificationKey.FromSubjectPublicKeyInfo(input)), 256 * 1024),
        new(
            "key-pem",
            [.. ((byte[][])[s_p256, s_p384, s_rsa, s_ed25519, s_hssKey]).Select(static der => Encoding.ASCII.GetBytes(PemEncoding.WriteString("PUBLIC KEY", der)))],
            FuzzTargets.Words("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----", "PUBLIC", "PRIVATE", "\n", "="),
            static input => IsKey(() => VerificationKey.FromPem(Encoding.UTF8.GetString(input))),
            256 * 1024),
        new("hss-signature", [s_hssSignature], [], IsSignature, 256 * 1024),
    ];

    private static bool IsSignature(byte[] input) => s_hss.PublicKey.IsSignatureOver(s_message, input)
        && (input.AsSpan().SequenceEqual(s_hssSignature) ? true : throw new ForgeryException("verified a hash-based signature that was altered"));

    private static byte[] Rsa()
    {
        byte[] modulus = new byte[256];
        modulus.AsSpan().Fill(0xa5);
        using RSA key = RSA.Create(new RSAParameters { Modulus = modulus, Exponent = [1, 0, 1] });
        return key.ExportSubjectPublicKeyInfo();
    }

    // The typed refusal of this door is an exception.
    private static bool IsKey(Func<VerificationKey> read)
    {
        try
        {
            return read() is not null;
        }
        catch (RejectedException)
        {
            return false;
        }
    }
}
