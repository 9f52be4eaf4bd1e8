using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Fota.Interop.OpenSsl;

/// <summary>
/// An <c>EC_KEY_METHOD</c> whose signing functions are managed. The managed key hangs on the <c>EC_KEY</c> by a GC handle in its extra
/// data, which OpenSSL frees with the key, and duplicates with a duplicate.
/// </summary>
internal static unsafe class CallbackMethod
{
    // Both live as long as the process: keys made with them may.
    private static readonly Lazy<nint> Method = new(CreateMethod);
    private static readonly Lazy<int> Index = new(CreateIndex);

    public static void Attach(EcKey ecKey, ECDsa key)
    {
        TlsKeyBridge.Check(LibCrypto.EC_KEY_set_method(ecKey, Method.Value), nameof(LibCrypto.EC_KEY_set_method));
        var handle = GCHandle.Alloc(key);
        if (LibCrypto.EC_KEY_set_ex_data(ecKey, Index.Value, GCHandle.ToIntPtr(handle)) != 1)
        {
            handle.Free();
            throw LibCrypto.Failure(nameof(LibCrypto.EC_KEY_set_ex_data));
        }
    }

    private static nint CreateMethod()
    {
        nint method = LibCrypto.EC_KEY_METHOD_new(LibCrypto.EC_KEY_OpenSSL());
        if (method == 0)
        {
            throw LibCrypto.Failure(nameof(LibCrypto.EC_KEY_METHOD_new));
        }

        nint sign;
        nint setup;
        nint signSignature;
        LibCrypto.EC_KEY_METHOD_get_sign(method, &sign, &setup, &signSignature);
        LibCrypto.EC_KEY_METHOD_set_sign(
            method,
            (nint)(delegate* unmanaged[Cdecl]<int, byte*, int, byte*, uint*, nint, nint, nint, int>)&Sign,
            setup,
            (nint)(delegate* unmanaged[Cdecl]<byte*, int, nint, nint, nint, nint>)&SignSignature);
        return method;
    }

    private static int CreateIndex()
    {
        int index = LibCrypto.CRYPTO_get_ex_new_index(
            LibCrypto.ExIndexEcKey,
            new CLong(0),
            0,
            0,
            (nint)(delegate* unmanaged[Cdecl]<nint, nint, nint*, int, CLong, nint, int>)&Duplicate,
            (nint)(delegate* unmanaged[Cdecl]<nint, nint, nint, int, CLong, nint, void>)&Free);
        return index >= 0 ? index : throw LibCrypto.Failure(nameof(LibCrypto.CRYPTO_get_ex_new_index));
    }

    private static byte[]? TrySign(nint ecKey, byte* digest, int digestLength)
    {
        nint value = LibCrypto.EC_KEY_get_ex_data(ecKey, Index.Value);
        return value == 0 ? null : TlsKeyBridge.TrySign(GCHandle.FromIntPtr(value), new ReadOnlySpan<byte>(digest, digestLength));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Sign(
        int type, byte* digest, int digestLength, byte* signature, uint* signatureLength, nint inverse, nint r, nint ecKey)
    {
        *signatureLength = 0;
        byte[]? der = TrySign(ecKey, digest, digestLength);

        // OpenSSL sizes the buffer by ECDSA_size, which a sound signature never exceeds.
        if (der is null || der.Length > LibCrypto.ECDSA_size(ecKey))
        {
            return 0;
        }

        der.CopyTo(new Span<byte>(signature, der.Length));
        *signatureLength = (uint)der.Length;
        return 1;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint SignSignature(byte* digest, int digestLength, nint inverse, nint r, nint ecKey)
    {
        byte[]? der = TrySign(ecKey, digest, digestLength);
        if (der is null)
        {
            return 0;
        }

        fixed (byte* start = der)
        {
            byte* next = start;
            return LibCrypto.d2i_ECDSA_SIG(null, &next, new CLong(der.Length));
        }
    }

    /// <summary>A duplicate that shared the original's handle would free it a second time.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Duplicate(nint to, nint from, nint* value, int index, CLong argl, nint argp)
    {
        if (*value != 0)
        {
            *value = GCHandle.ToIntPtr(GCHandle.Alloc(GCHandle.FromIntPtr(*value).Target));
        }

        return 1;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Free(nint parent, nint value, nint extra, int index, CLong argl, nint argp)
    {
        // Called for every EC_KEY of the process, nearly all of which carry nothing of ours.
        if (value != 0)
        {
            GCHandle.FromIntPtr(value).Free();
        }
    }
}
