using System.Runtime.InteropServices;

namespace Fota.Interop.OpenSsl;

/// <summary>The part of OpenSSL 3's <c>evp.h</c>, <c>ec.h</c>, <c>ecdsa.h</c>, <c>crypto.h</c> and <c>err.h</c> that is used, under its C names.</summary>
internal static unsafe partial class LibCrypto
{
    public const int EvpPkeyEd25519 = 1087;
    public const int NidX962Prime256v1 = 415;
    public const int ExIndexEcKey = 8;

    private const string Library = "libcrypto.so.3";

    [LibraryImport(Library)]
    public static partial EvpKey EVP_PKEY_new_raw_public_key(int type, nint engine, byte* key, nuint length);

    [LibraryImport(Library)]
    public static partial nint EVP_PKEY_new();

    [LibraryImport(Library)]
    public static partial int EVP_PKEY_set1_EC_KEY(nint key, EcKey ecKey);

    [LibraryImport(Library)]
    public static partial void EVP_PKEY_free(nint key);

    [LibraryImport(Library)]
    public static partial DigestContext EVP_MD_CTX_new();

    [LibraryImport(Library)]
    public static partial void EVP_MD_CTX_free(nint context);

    [LibraryImport(Library)]
    public static partial int EVP_DigestVerifyInit(DigestContext context, nint keyContext, nint digest, nint engine, EvpKey key);

    [LibraryImport(Library)]
    public static partial int EVP_DigestVerify(DigestContext context, byte* signature, nuint signatureLength, byte* message, nuint messageLength);

    [LibraryImport(Library)]
    public static partial nint EC_KEY_OpenSSL();

    [LibraryImport(Library)]
    public static partial nint EC_KEY_METHOD_new(nint template);

    [LibraryImport(Library)]
    public static partial void EC_KEY_METHOD_get_sign(nint method, nint* sign, nint* setup, nint* signSignature);

    [LibraryImport(Library)]
    public static partial void EC_KEY_METHOD_set_sign(nint method, nint sign, nint setup, nint signSignature);

    [LibraryImport(Library)]
    public static partial EcKey EC_KEY_new_by_curve_name(int nid);

    [LibraryImport(Library)]
    public static partial int EC_KEY_oct2key(EcKey key, byte* point, nuint length, nint context);

    [LibraryImport(Library)]
    public static partial int EC_KEY_set_method(EcKey key, nint method);

    [LibraryImport(Library)]
    public static partial int EC_KEY_set_ex_data(EcKey key, int index, nint value);

    [LibraryImport(Library)]
    public static partial nint EC_KEY_get_ex_data(nint key, int index);

    [LibraryImport(Library)]
    public static partial void EC_KEY_free(nint key);

    [LibraryImport(Library)]
    public static partial int ECDSA_size(nint key);

    [LibraryImport(Library)]
    public static partial nint d2i_ECDSA_SIG(nint* reuse, byte** source, CLong length);

    [LibraryImport(Library)]
    public static partial int CRYPTO_get_ex_new_index(int classIndex, CLong argl, nint argp, nint onNew, nint onDuplicate, nint onFree);

    [LibraryImport(Library)]
    public static partial void ERR_clear_error();

    [LibraryImport(Library)]
    private static partial CULong ERR_get_error();

    [LibraryImport(Library)]
    private static partial void ERR_error_string_n(CULong code, byte* buffer, nuint length);

    /// <summary>Takes the oldest queued error of this thread, which is the first cause, and empties the queue.</summary>
    public static OpenSslException Failure(string function)
    {
        CULong code = ERR_get_error();
        ERR_clear_error();
        if (code.Value == 0)
        {
            return new OpenSslException(function, "no reason given");
        }

        byte* text = stackalloc byte[256];
        ERR_error_string_n(code, text, 256);
        return new OpenSslException(function, Marshal.PtrToStringUTF8((nint)text) ?? "no reason given");
    }
}

/// <summary>Owns an <c>EVP_PKEY</c>.</summary>
internal sealed class EvpKey() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        LibCrypto.EVP_PKEY_free(handle);
        return true;
    }
}

/// <summary>Owns an <c>EVP_MD_CTX</c>.</summary>
internal sealed class DigestContext() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        LibCrypto.EVP_MD_CTX_free(handle);
        return true;
    }
}

/// <summary>Owns an <c>EC_KEY</c>.</summary>
internal sealed class EcKey() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        LibCrypto.EC_KEY_free(handle);
        return true;
    }
}
