namespace Fota.Interop.Cryptoki;

/// <summary>A native call, or several that belong together: as long as it lasts the module is neither finalised nor unloaded.</summary>
internal readonly ref struct ModuleCall : IDisposable
{
    private readonly ModuleHandle _module;
    private readonly HandleLease _lease;

    public ModuleCall(ModuleHandle module)
    {
        _lease = new HandleLease(module);
        _module = module;
        module.Module.EnterCall();
    }

    public void Dispose()
    {
        // In this order: the release may be the last one, which finalises the module.
        _module.Module.LeaveCall();
        _lease.Dispose();
    }
}

/// <summary>A native call on a session, refused when the session is of an earlier initialisation of the module.</summary>
internal readonly ref struct SessionCall : IDisposable
{
    private readonly LoadedModule _module;
    private readonly HandleLease _lease;

    public SessionCall(SessionHandle session, string function)
    {
        _lease = new HandleLease(session);
        _module = session.Module.Module;
        _module.EnterCall();
        if (session.Generation.Initialization != _module.Initialization)
        {
            Dispose();
            throw CryptokiException.EarlierGeneration(function);
        }
    }

    public void Dispose()
    {
        _module.LeaveCall();
        _lease.Dispose();
    }
}
