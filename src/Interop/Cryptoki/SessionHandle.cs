using System.Runtime.InteropServices;

namespace Fota.Interop.Cryptoki;

/// <summary>An open read-write session. One thread uses it at a time.</summary>
internal sealed unsafe partial class SessionHandle : SafeHandle
{
    private SessionHandle(ModuleHandle module, TokenGeneration generation, nuint session)
        : base(0, ownsHandle: true)
    {
        bool isHeld = false;
        module.DangerousAddRef(ref isHeld);
        Module = module;
        Generation = generation;
        SetHandle((nint)session);
    }

    // CK_INVALID_HANDLE
    public override bool IsInvalid => handle == 0;

    public ModuleHandle Module { get; }

    /// <summary>What it belongs to, and the object handles that it finds with it.</summary>
    public TokenGeneration Generation { get; }

    private nuint Session => (nuint)handle;

    private CK_FUNCTION_LIST* Functions => Module.Functions;

    public static SessionHandle Open(ModuleHandle module, TokenGeneration generation)
    {
        using var call = new ModuleCall(module);
        if (module.Module.Initialization != generation.Initialization)
        {
            // The slot may hold another token by now.
            throw CryptokiException.EarlierGeneration(nameof(CK_FUNCTION_LIST.C_OpenSession));
        }

        nuint session;
        nuint result = module.Functions->C_OpenSession(
            (nuint)generation.SlotId, Pkcs11.CKF_SERIAL_SESSION | Pkcs11.CKF_RW_SESSION, null, null, &session);
        CryptokiException.ThrowIfFailed(result, nameof(CK_FUNCTION_LIST.C_OpenSession));
        return new SessionHandle(module, generation, session);
    }

    protected override bool ReleaseHandle()
    {
        LoadedModule module = Module.Module;
        module.EnterCall();
        try
        {
            // The number of a session of before may be another's now. And one that the token has dropped is as closed as it can be.
            if (module.Initialization == Generation.Initialization)
            {
                Functions->C_CloseSession(Session);
            }
        }
        finally
        {
            module.LeaveCall();
        }

        Module.DangerousRelease();
        return true;
    }
}
