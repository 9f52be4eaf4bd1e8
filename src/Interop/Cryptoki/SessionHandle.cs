using System.Runtime.InteropServices;

namespace Fota.Interop.Cryptoki;

/// <summary>An open read-write session. One thread uses it at a time.</summary>
internal sealed unsafe partial class SessionHandle : SafeHandle
{
    private readonly ModuleHandle _module;

    private SessionHandle(ModuleHandle module, nuint session)
        : base(0, ownsHandle: true)
    {
        bool isHeld = false;
        module.DangerousAddRef(ref isHeld);
        _module = module;
        SetHandle((nint)session);
    }

    // CK_INVALID_HANDLE
    public override bool IsInvalid => handle == 0;

    private nuint Session => (nuint)handle;

    private CK_FUNCTION_LIST* Functions => _module.Functions;

    public static SessionHandle Open(ModuleHandle module, ulong slotId)
    {
        using var lease = new HandleLease(module);
        nuint session;
        nuint result = module.Functions->C_OpenSession((nuint)slotId, Pkcs11.CKF_SERIAL_SESSION | Pkcs11.CKF_RW_SESSION, null, null, &session);
        CryptokiException.ThrowIfFailed(result, nameof(CK_FUNCTION_LIST.C_OpenSession));
        return new SessionHandle(module, session);
    }

    protected override bool ReleaseHandle()
    {
        // A session that the token has dropped already is as closed as it can be.
        Functions->C_CloseSession(Session);
        _module.DangerousRelease();
        return true;
    }
}
