using System.Runtime.InteropServices;

namespace Fota.Interop.Cryptoki;

/// <summary>
/// What one module shares with the whole process, whatever number of libraries was opened on it: whether it is initialised, and who is
/// logged in to its tokens. Cryptoki knows one application per process, so both cannot belong to a single library object.
/// </summary>
internal sealed unsafe class LoadedModule
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<nint, LoadedModule> Modules = [];

    private readonly Dictionary<string, TokenLogin> _logins = new(StringComparer.Ordinal);
    private int _users;
    private bool _isInitializedByUs;

    private LoadedModule()
    {
    }

    /// <summary>Initialises the module when it is the process's first use of it.</summary>
    public static LoadedModule Enter(nint library, CK_FUNCTION_LIST* functions)
    {
        lock (Gate)
        {
            if (!Modules.TryGetValue(library, out LoadedModule? module))
            {
                module = new LoadedModule();
                Modules.Add(library, module);
            }

            if (module._users == 0)
            {
                var arguments = new CK_C_INITIALIZE_ARGS { Flags = Pkcs11.CKF_OS_LOCKING_OK };
                nuint result = functions->C_Initialize(&arguments);

                // Somebody else's C_Initialize is somebody else's to undo.
                module._isInitializedByUs = result != Pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED;
                if (module._isInitializedByUs)
                {
                    CryptokiException.ThrowIfFailed(result, nameof(CK_FUNCTION_LIST.C_Initialize));
                }
            }

            module._users++;
            return module;
        }
    }

    /// <summary>Finalises the module when this was its last user; no session is open then, since each one holds a user.</summary>
    public void Leave(CK_FUNCTION_LIST* functions)
    {
        lock (Gate)
        {
            _users--;
            if (_users == 0 && _isInitializedByUs)
            {
                functions->C_Finalize(null);
            }
        }
    }

    public TokenLogin LoginTo(string label)
    {
        lock (Gate)
        {
            ref TokenLogin? login = ref CollectionsMarshal.GetValueRefOrAddDefault(_logins, label, out _);
            return login ??= new TokenLogin(label);
        }
    }
}
