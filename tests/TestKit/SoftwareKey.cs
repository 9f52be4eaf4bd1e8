using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Fota.Manifest.Keys;

namespace Fota.TestKit;

/// <summary>A key in memory, for tests only. Ed25519 comes from libsodium, so that our OpenSSL binding is checked by another implementation.</summary>
public abstract class SoftwareKey
{
    public abstract VerificationKey PublicKey { get; }

    public static SoftwareKey EcdsaP256() => new Ecdsa(ECCurve.NamedCurves.nistP256, HashAlgorithmName.SHA256);

    public static SoftwareKey EcdsaP384() => new Ecdsa(ECCurve.NamedCurves.nistP384, HashAlgorithmName.SHA384);

    public static SoftwareKey RsaPss(int bits = 2048) => new Rsa(bits);

    /// <summary>HSS/LMS with one small tree; it signs 32 times.</summary>
    public static SoftwareKey HashBased() => new HashBasedKey(lower: null);

    /// <summary>HSS/LMS with two levels, of which the lower one has a hash of <paramref name="lower"/> bytes: 32 as the upper one, or 24.</summary>
    public static SoftwareKey HashBasedOfTwoLevels(int lower) => new HashBasedKey(lower);

    public static SoftwareKey Ed25519() => new Sodium();

    /// <summary>Signs in the form of COSE: ECDSA as r and s, not as DER.</summary>
    public abstract byte[] Sign(ReadOnlySpan<byte> message);

    private sealed class Ecdsa : SoftwareKey
    {
        private readonly ECDsa _key;
        private readonly HashAlgorithmName _hash;

        public Ecdsa(ECCurve curve, HashAlgorithmName hash)
        {
            _key = ECDsa.Create(curve);
            _hash = hash;
            PublicKey = VerificationKey.FromSubjectPublicKeyInfo(_key.ExportSubjectPublicKeyInfo());
        }

        public override VerificationKey PublicKey { get; }

        public override byte[] Sign(ReadOnlySpan<byte> message) => _key.SignData(message, _hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    private sealed class Rsa : SoftwareKey
    {
        private readonly RSA _key;

        public Rsa(int bits)
        {
            _key = RSA.Create(bits);
            PublicKey = VerificationKey.FromSubjectPublicKeyInfo(_key.ExportSubjectPublicKeyInfo());
        }

        public override VerificationKey PublicKey { get; }

        public override byte[] Sign(ReadOnlySpan<byte> message) => _key.SignData(message.ToArray(), HashAlgorithmName.SHA256, RSASignaturePadding.Pss);
    }

    private sealed class Sodium : SoftwareKey
    {
        private static ReadOnlySpan<byte> Prefix => [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

        private readonly byte[] _secret = new byte[64];

        public Sodium()
        {
            byte[] key = new byte[32];
            _ = LibSodium.crypto_sign_keypair(key, _secret);
            PublicKey = VerificationKey.FromSubjectPublicKeyInfo((byte[])[.. Prefix, .. key]);
        }

        public override VerificationKey PublicKey { get; }

        public override byte[] Sign(ReadOnlySpan<byte> message)
        {
            byte[] signature = new byte[64];
            _ = LibSodium.crypto_sign_detached(signature, 0, message.ToArray(), (ulong)message.Length, _secret);
            return signature;
        }
    }
}

/// <summary>The few functions of libsodium that tests use as an oracle.</summary>
internal static partial class LibSodium
{
    private const string Library = "libsodium.so.23";

    static LibSodium()
    {
        if (sodium_init() < 0)
        {
            throw new InvalidOperationException("sodium_init failed");
        }
    }

    [LibraryImport(Library)]
    internal static partial int crypto_sign_keypair(byte[] publicKey, byte[] secretKey);

    [LibraryImport(Library)]
    internal static partial int crypto_sign_detached(byte[] signature, nint signatureLength, byte[] message, ulong length, byte[] secretKey);

    [LibraryImport(Library)]
    private static partial int sodium_init();
}
