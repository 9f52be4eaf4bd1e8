using System.Runtime.InteropServices;

namespace Fota.Interop.Cryptoki;

/// <summary>
/// What one module shares with the whole process, whatever number of libraries was opened on it: whether it is initialised, who is inside
/// it, and who is logged in to its tokens. Cryptoki knows one application per process, so none of it can belong to a single library object.
/// </summary>
#pragma warning disable CA1001 // It stays for as long as the process: a module that was loaded is not unloaded either.
internal sealed unsafe class LoadedModule
#pragma warning restore CA1001
{
    // A module that does not let go of a call for so long will not answer the next one either.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly Lock Gate = new();
    private static readonly Dictionary<nint, LoadedModule> Modules = [];

    // Calls read, C_Finalize and C_Initialize write: the specification leaves undefined what C_Finalize does while another thread is inside.
    private readonly ReaderWriterLockSlim _calls = new(LockRecursionPolicy.NoRecursion);
    private readonly Dictionary<string, TokenLogin> _logins = new(StringComparer.Ordinal);
    private int _users;
    private bool _isInitializedByUs;
    private long _initialization;

    private LoadedModule()
    {
    }

    /// <summary>What its tokens refused.</summary>
    public RefusedPins Refused { get; } = new();

    /// <summary>Counts the times that the module was initialised. It changes only while no call is inside.</summary>
    public long Initialization => Volatile.Read(ref _initialization);

    /// <summary>Whether a thread waits for the calls inside to end.</summary>
    public bool IsAwaited => _calls.WaitingWriteCount > 0;

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
                _ = module.TryInitialize(functions);
            }

            module._users++;
            return module;
        }
    }

    public void EnterCall() => _calls.EnterReadLock();

    public void LeaveCall() => _calls.ExitReadLock();

    /// <summary>Finalises the module when this was its last user; no session is open then, since each one holds a user.</summary>
    public void Leave(CK_FUNCTION_LIST* functions)
    {
        lock (Gate)
        {
            _users--;
            if (_users == 0 && _isInitializedByUs)
            {
                functions->C_Finalize(null);
                _isInitializedByUs = false;
            }
        }
    }

    /// <summary>Finalises and initialises the module, once the last call inside has ended. Every session and handle is void afterwards.</summary>
    /// <param name="functions">The module's functions.</param>
    /// <param name="initialization">The one that was found useless: if another thread has been here since, nothing is done.</param>
    /// <exception cref="CryptokiException">The module refuses. It is tried again by the next who asks.</exception>
    /// <exception cref="CryptokiRefusalException">A call did not end.</exception>
    public void Reinitialize(CK_FUNCTION_LIST* functions, long initialization)
    {
        lock (Gate)
        {
            if (_initialization != initialization)
            {
                return;
            }

            if (!_calls.TryEnterWriteLock(Patience))
            {
                throw new CryptokiRefusalException(
                    CryptokiRefusal.ModuleBusy, $"a call to the PKCS#11 module has not ended for {Patience.TotalSeconds} s, so it cannot be initialised anew");
            }

            try
            {
                bool wasOurs = _isInitializedByUs;
                nuint finalized = wasOurs ? functions->C_Finalize(null) : Pkcs11.CKR_OK;
                _isInitializedByUs = false;
                if (!TryInitialize(functions))
                {
                    // As it was before, sessions and all, so the generation stays too: nothing of it may leak.
                    _isInitializedByUs = wasOurs;
                    CryptokiException.ThrowIfFailed(finalized, nameof(CK_FUNCTION_LIST.C_Finalize));
                    throw new CryptokiException(nameof(CK_FUNCTION_LIST.C_Initialize), new ReturnValue(Pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED));
                }
            }
            finally
            {
                _calls.ExitWriteLock();
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

    /// <summary>False when it is initialised already: somebody else's C_Initialize is somebody else's to undo.</summary>
    private bool TryInitialize(CK_FUNCTION_LIST* functions)
    {
        var arguments = new CK_C_INITIALIZE_ARGS { Flags = Pkcs11.CKF_OS_LOCKING_OK };
        nuint result = functions->C_Initialize(&arguments);
        if (result == Pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED)
        {
            return false;
        }

        CryptokiException.ThrowIfFailed(result, nameof(CK_FUNCTION_LIST.C_Initialize));
        _isInitializedByUs = true;
        Volatile.Write(ref _initialization, _initialization + 1);
        return true;
    }
}
