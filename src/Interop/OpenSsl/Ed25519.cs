namespace Fota.Interop.OpenSsl;

/// <summary>Ed25519 verification (RFC 8032) by the libcrypto that the runtime uses for everything else.</summary>
public static unsafe class Ed25519
{
    /// <summary>Length of a public key in bytes.</summary>
    public const int PublicKeyLength = 32;

    /// <summary>Length of a signature in bytes.</summary>
    public const int SignatureLength = 64;

    /// <summary>Whether <paramref name="signature"/> is a signature of <paramref name="message"/> by <paramref name="publicKey"/>.</summary>
    /// <remarks>A key or signature of the wrong length, a point that is not on the curve and a scalar that is not reduced give false (A18).</remarks>
    /// <exception cref="OpenSslException">libcrypto could not check the signature at all.</exception>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (publicKey.Length != PublicKeyLength || signature.Length != SignatureLength)
        {
            return false;
        }

        fixed (byte* keyStart = publicKey, messageStart = message, signatureStart = signature)
        {
            using EvpKey key = LibCrypto.EVP_PKEY_new_raw_public_key(LibCrypto.EvpPkeyEd25519, 0, keyStart, PublicKeyLength);
            if (key.IsInvalid)
            {
                throw LibCrypto.Failure(nameof(LibCrypto.EVP_PKEY_new_raw_public_key));
            }

            using DigestContext context = LibCrypto.EVP_MD_CTX_new();
            if (context.IsInvalid)
            {
                throw LibCrypto.Failure(nameof(LibCrypto.EVP_MD_CTX_new));
            }

            if (LibCrypto.EVP_DigestVerifyInit(context, 0, 0, 0, key) != 1)
            {
                throw LibCrypto.Failure(nameof(LibCrypto.EVP_DigestVerifyInit));
            }

            switch (LibCrypto.EVP_DigestVerify(context, signatureStart, SignatureLength, messageStart, (nuint)message.Length))
            {
                case 1:
                    return true;
                case 0:
                    // What a refused signature leaves in the queue must not be taken for the cause of a later failure on this thread.
                    LibCrypto.ERR_clear_error();
                    return false;
                default:
                    throw LibCrypto.Failure(nameof(LibCrypto.EVP_DigestVerify));
            }
        }
    }
}
