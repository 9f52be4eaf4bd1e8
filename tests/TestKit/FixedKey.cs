using System.Runtime.InteropServices;
using Fota.Manifest.Keys;

namespace Fota.TestKit;

/// <summary>Ed25519 keys made of a number, for documents that have to come out the same on every machine: vectors, and a fuzzer's seeds.</summary>
public sealed class FixedKey : SoftwareKey
{
    private static ReadOnlySpan<byte> Prefix => [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

    private readonly byte[] _secret = new byte[64];

    /// <summary>The key whose 32 bytes of seed are all <paramref name="number"/>.</summary>
    public FixedKey(byte number)
    {
        byte[] key = new byte[32], seed = new byte[32];
        seed.AsSpan().Fill(number);
        _ = LibSodium.crypto_sign_seed_keypair(key, _secret, seed);
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

internal static partial class LibSodium
{
    [LibraryImport(Library)]
    internal static partial int crypto_sign_seed_keypair(byte[] publicKey, byte[] secretKey, byte[] seed);
}
