using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fota.Interop.OpenSsl;

/// <summary>
/// Makes a P-256 key that can only sign, such as a token's, usable where the runtime insists on a key of OpenSSL: SslStream, HttpClient and
/// Kestrel. The OpenSSL key holds the public half and calls back into managed code for each signature; the private key stays where it is.
/// </summary>
public static unsafe class TlsKeyBridge
{
    /// <summary>
    /// Raised when a bridged key could not sign. The handshake then fails with an error that cannot tell why, since no exception may cross
    /// OpenSSL's frames; this is where the reason can be logged.
    /// </summary>
    public static event EventHandler<ErrorEventArgs>? SignatureFailed;

    /// <summary>A key of OpenSSL that signs by <paramref name="key"/>, which is not disposed of and must stay usable meanwhile.</summary>
    /// <exception cref="NotSupportedException">The key is not on P-256.</exception>
    /// <exception cref="OpenSslException">libcrypto failed.</exception>
    public static ECDsaOpenSsl Wrap(ECDsa key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("the runtime's TLS is OpenSSL on Unix only");
        }

        if (key.KeySize != 256)
        {
            throw new NotSupportedException($"wanted a P-256 key, got one of {key.KeySize} bits");
        }

        ECPoint point = key.ExportParameters(includePrivateParameters: false).Q;
        byte[] encoded = [0x04, .. point.X!, .. point.Y!];
        using EcKey ecKey = LibCrypto.EC_KEY_new_by_curve_name(LibCrypto.NidX962Prime256v1);
        if (ecKey.IsInvalid)
        {
            throw LibCrypto.Failure(nameof(LibCrypto.EC_KEY_new_by_curve_name));
        }

        fixed (byte* start = encoded)
        {
            Check(LibCrypto.EC_KEY_oct2key(ecKey, start, (nuint)encoded.Length, 0), nameof(LibCrypto.EC_KEY_oct2key));
        }

        // OpenSSL 3 treats a key whose method is not its own as foreign and leaves it alone: it is not copied into a provider.
        CallbackMethod.Attach(ecKey, key);
        nint evpKey = LibCrypto.EVP_PKEY_new();
        using var owner = new SafeEvpPKeyHandle(evpKey, ownsHandle: true);
        if (owner.IsInvalid)
        {
            throw LibCrypto.Failure(nameof(LibCrypto.EVP_PKEY_new));
        }

        Check(LibCrypto.EVP_PKEY_set1_EC_KEY(evpKey, ecKey), nameof(LibCrypto.EVP_PKEY_set1_EC_KEY));
        return new ECDsaOpenSsl(owner);
    }

    /// <summary>The certificate with a private key that signs by <paramref name="key"/>, for either side of TLS.</summary>
    /// <exception cref="ArgumentException">The key is not the certificate's.</exception>
    /// <exception cref="OpenSslException">libcrypto failed.</exception>
    public static X509Certificate2 Attach(X509Certificate2 certificate, ECDsa key)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        using ECDsaOpenSsl wrapped = Wrap(key);
        return certificate.CopyWithPrivateKey(wrapped);
    }

    /// <summary>The DER signature of a digest, or null, never an exception: the caller is OpenSSL.</summary>
    internal static byte[]? TrySign(GCHandle handle, ReadOnlySpan<byte> digest)
    {
        try
        {
            var key = (ECDsa)handle.Target!;
            return key.SignHash(digest.ToArray(), DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (Exception failure)
        {
            Report(failure);
            return null;
        }
    }

    internal static void Check(int result, string function)
    {
        if (result != 1)
        {
            throw LibCrypto.Failure(function);
        }
    }

    private static void Report(Exception failure)
    {
        try
        {
            SignatureFailed?.Invoke(null, new ErrorEventArgs(failure));
        }
        catch (Exception)
        {
            // A handler that throws must not end the process; the handshake fails whether or not it was told.
        }
    }
}
