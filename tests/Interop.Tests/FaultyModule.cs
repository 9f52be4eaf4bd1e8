using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fota.Interop.Cryptoki;
using Fota.TestKit;

namespace Fota.Interop.Tests;

/// <summary>
/// SoftHSM behind a function list whose entries a test replaces, since SoftHSM itself never locks a PIN nor loses a session. One at a
/// time: the replacements are static, as C functions are.
/// </summary>
internal sealed unsafe class FaultyModule : IDisposable
{
    private static CK_FUNCTION_LIST _real;
    private static nuint _addedTokenFlags;
    private static nuint _signResult;
    private static int _signFailures;
    private static bool _hidesObjects;
    private static nuint? _resetInSearch;
    private static nuint _loginResult;

    private FaultyModule(CryptokiLibrary library)
    {
        Library = library;
        CK_FUNCTION_LIST* functions = library.Module.Functions;
        _real = *functions;
        _addedTokenFlags = 0;
        _signFailures = 0;
        _hidesObjects = false;
        _resetInSearch = null;
        _loginResult = Pkcs11.CKR_OK;
        (Logins, Signatures, SessionsOpened, Finalizations) = (0, 0, 0, 0);
        functions->C_Finalize = &Finalize;
        functions->C_GetTokenInfo = &GetTokenInfo;
        functions->C_OpenSession = &OpenSession;
        functions->C_Login = &Login;
        functions->C_Sign = &Sign;
        functions->C_FindObjects = &FindObjects;
    }

    public static int Logins { get; private set; }

    public static int Signatures { get; private set; }

    public static int SessionsOpened { get; private set; }

    public static int Finalizations { get; private set; }

    public CryptokiLibrary Library { get; }

    public static FaultyModule Load()
    {
        _ = SoftHsm.Shared.Library;
        return new FaultyModule(CryptokiLibrary.Load(SoftHsm.ModulePath));
    }

    /// <summary>A session of nobody's login.</summary>
    public static SessionHandle OpenSession(CryptokiLibrary library, TokenDescription token) =>
        SessionHandle.Open(library.Module, new TokenGeneration(library.Module.Module.Initialization, SlotOf(library, token)));

    public static void AddTokenFlags(nuint flags) => _addedTokenFlags = flags;

    public static void FailSignatures(int count, nuint result) => (_signFailures, _signResult) = (count, result);

    public static void HideObjectsFromNextSearch() => _hidesObjects = true;

    public static void CloseAllSessionsInNextSearch(TokenDescription token) => _resetInSearch = (nuint)SlotOf(SoftHsm.Shared.Library, token);

    public static void FailLogins(nuint result) => _loginResult = result;

    /// <summary>What a token does when it is reset: every session is gone, and the login with them.</summary>
    public static void CloseAllSessions(TokenDescription token) =>
        CryptokiException.ThrowIfFailed(_real.C_CloseAllSessions((nuint)SlotOf(SoftHsm.Shared.Library, token)), "C_CloseAllSessions");

    /// <summary>Where the token is now: another slot than before, if another test has initialised the module anew.</summary>
    private static ulong SlotOf(CryptokiLibrary library, TokenDescription token) => library.FindToken(token.Label).SlotId;

    public void Dispose() => Library.Dispose();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint Finalize(void* reserved)
    {
        Finalizations++;
        return _real.C_Finalize(reserved);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint GetTokenInfo(nuint slotId, CK_TOKEN_INFO* info)
    {
        nuint result = _real.C_GetTokenInfo(slotId, info);
        info->Flags |= _addedTokenFlags;
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint OpenSession(nuint slotId, nuint flags, void* application, void* notify, nuint* session)
    {
        SessionsOpened++;
        return _real.C_OpenSession(slotId, flags, application, notify, session);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint Login(nuint session, nuint user, byte* pin, nuint length)
    {
        Logins++;
        return _loginResult != Pkcs11.CKR_OK ? _loginResult : _real.C_Login(session, user, pin, length);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint Sign(nuint session, byte* content, nuint contentLength, byte* signature, nuint* length)
    {
        Signatures++;
        if (_signFailures > 0)
        {
            _signFailures--;
            return _signResult;
        }

        return _real.C_Sign(session, content, contentLength, signature, length);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint FindObjects(nuint session, nuint* found, nuint limit, nuint* count)
    {
        if (_resetInSearch is { } slotId)
        {
            _resetInSearch = null;
            *count = 0;
            return _real.C_CloseAllSessions(slotId);
        }

        if (_hidesObjects)
        {
            _hidesObjects = false;
            *count = 0;
            return Pkcs11.CKR_OK;
        }

        return _real.C_FindObjects(session, found, limit, count);
    }
}
